// SPDX-License-Identifier: Apache-2.0
#pragma once

// What each subcommand does, apart from how its words were read. Part of the composition root.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.h"

namespace lockkeeper::cli {

inline constexpr int kFine = 0;
inline constexpr int kRefused = 1;
inline constexpr int kMisused = 2;

/// Loads the configuration, or prints every finding on stderr.
std::optional<Settings> load_or_complain(const std::filesystem::path& file);

/// `lockkeeper check`: validates without touching the world, prints what was understood.
int check(const std::filesystem::path& file);

struct DoctorWords {
  std::filesystem::path file;
  std::vector<std::string> only;  // areas; none: all
  bool json = false;
  bool send_test_alert = false;
};

/// `lockkeeper doctor`: looks at the whole installation and names what is broken, each with what
/// mends it. 0: nothing is; 1: something is.
int doctor(const DoctorWords& words);

/// `lockkeeper plan VERSION`: the numbered plan from the living cluster; changes nothing.
int plan(const std::filesystem::path& file, const std::vector<std::string>& words);

/// `lockkeeper rules match MATCHERS LABELS_JSON`: 0 match, 1 no match, 2 a text that cannot be
/// read.
int rules_match(const std::string& matchers, const std::string& labels_json);

struct ExplainOptions {
  std::filesystem::path file;
  std::string labels_json;
  std::string phase = "between";
  std::string node_standing = "outside";  // of the node that the alert names
  std::string state = "firing";           // or pending
  std::string source = "prometheus";      // who vouches for it
  std::string seen;                       // for how long; empty: long enough
  std::string at;                         // wall time; empty: now
};

/// `lockkeeper rules explain LABELS_JSON`: the deciding rule, and why each earlier one did not.
int rules_explain(const ExplainOptions& options);

/// `lockkeeper rules check`: errors and warnings about [gate] and the rules; 1 for errors, and with
/// `strict` for warnings, too.
int rules_check(const std::filesystem::path& file, bool strict);

/// `lockkeeper rules test FILE...`: unit tests of rules. 1: an expectation failed; 2: a file cannot
/// be read. `config` is for test files that name no rules of their own.
int rules_test(const std::vector<std::filesystem::path>& files,
               const std::filesystem::path& config);

/// What `rules backtest` was told; times and durations are still text.
struct BacktestWords {
  std::filesystem::path file;  // the configuration, or a file with rules only
  std::string from;
  std::string to;
  std::string step;
  std::string url;                  // instead of [prometheus] url
  std::filesystem::path history;    // instead of a Prometheus
  std::vector<std::string> starts;  // times, or "HH:MM" for each day
  int nodes = 5;
  std::vector<std::string> node_names;  // instead of the names that the history suggests
  std::string node_time;
  std::string soak;
  bool assume_sight = false;
  bool json = false;
  std::filesystem::path svg;
};

/// `lockkeeper rules backtest`: replays alert history. 2: bad words, or no history to be had.
int rules_backtest(const BacktestWords& words);

/// `lockkeeper compat [VERSION]`: what stands in the way of a minor version (default: the next);
/// 1 when something does.
int compat(const std::filesystem::path& file, const std::string& version, bool json);

/// `lockkeeper detection --dry-run`: one look for new versions, said here and kept nowhere; 1 when
/// a feed was not believed.
int detection(const std::filesystem::path& file);

struct ReportWords {
  std::filesystem::path file;
  std::string run;  // only this one
  int runs = 10;
  bool json = false;
  std::filesystem::path svg;  // the picture goes here, too
};

/// `lockkeeper report [RUN]`: by the running bot where it can be reached, else from the journal's
/// file alone, and then it says what was not seen. 1: neither is to be had.
int report(const ReportWords& words);

/// `lockkeeper ssh forget HOST`: removes a pinned host key.
int ssh_forget(const std::filesystem::path& file, const std::string& host);

struct RemoteOptions {
  std::filesystem::path file;
  std::string url;      // empty: from [http]
  std::string client;   // whose token: [client NAME]; empty: the first
  bool yes = false;     // confirm without asking
  bool follow = false;  // print the run's messages until it ends
};

/// `lockkeeper upgrade ...`: sends one command to the running daemon.
int upgrade(const RemoteOptions& options, const std::vector<std::string>& words);

/// The running daemon's answer to one line, as its first client. Fails when it is not reached, and
/// when it refuses; `refused` tells which.
Result<std::string> ask_daemon(const Settings& settings, const std::string& line, bool& refused);

/// `lockkeeper console`: a terminal attached to the running daemon.
int console(const RemoteOptions& options);

}  // namespace lockkeeper::cli
