// SPDX-License-Identifier: Apache-2.0
#pragma once

// The report: what the cluster runs, what it could run, what came of it, and the runs behind it
// (requirement D4). Made from the journal, from what detection remembers, and from the living
// cluster and gate where somebody could look at them; what could not be seen is said, never taken
// for good news. Pure: everything comes in as a value. Any thread.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bot/approvals.h"
#include "bot/detection.h"
#include "bot/facts.h"
#include "bot/gate.h"
#include "bot/run_report.h"
#include "config/settings.h"

namespace lockkeeper {

/// In one word. When several are true, the earlier one here is told, and the others behind it.
enum class ReportOutcome {
  in_progress,    ///< a run is open
  failed,         ///< the last run failed or was aborted, and the cluster is not whole yet
  upgraded,       ///< a run came to its end, with its proofs, since the report before
  cannot_see,     ///< the cluster could not be looked at
  blocked,        ///< preflight or compatibility stands against it
  stale,          ///< detection has not looked when it was due, or never
  available,      ///< there is a newer version, and nobody has started it
  nothing_to_do,  ///< the newest that is known is what the cluster runs
};

/// One version that could be next.
struct ReportTarget {
  Available available;
  std::string waits_for;  // why not yet; empty: nothing is known against it

  bool operator==(const ReportTarget&) const = default;
};

/// How fresh what is known about new versions is.
struct ReportDetection {
  bool scheduled = false;
  std::optional<Time> last;  // when a check last came to an end
  std::optional<Time> next;
  Millis overdue{};    // since when a check should have come to its end; 0: it is not
  std::string doubts;  // what was not believed at the last check, one a line

  bool operator==(const ReportDetection&) const = default;
};

/// What comes in. An absent fact says why it is absent.
struct ReportInputs {
  const Settings& settings;
  Time now{};
  Time since{};                  // of the report before, or a day ago
  Time watched_since{};          // when the bot began to follow the schedule
  std::vector<RunReport> runs;   // the newest first
  Result<ClusterFacts> cluster;  // fails: why it was not seen
  Result<GateView> gate;
  Result<DetectionMemory> memory;
  Result<std::vector<StartRequest>> asked;  // starts that wait for another person
};

struct Report {
  std::string cluster;
  Time at{};
  std::shared_ptr<const Zone> zone;  // shared with the settings; for texts and pictures
  ReportOutcome outcome = ReportOutcome::cannot_see;
  std::string headline;                // one line
  std::vector<std::string> reasons;    // why it is so
  std::vector<std::string> advice;     // what to do, with the words to type
  std::vector<std::string> also;       // what else is true and worth a word
  std::map<std::string, int> running;  // kubelet versions, and on how many nodes
  std::string api_server;
  std::vector<ReportTarget> targets;
  ReportDetection detection;
  std::string gate;                   // its state; empty: not seen
  std::vector<StartRequest> waiting;  // starts that another person may still approve
  std::vector<std::string> unseen;    // what could not be seen, and why
  std::vector<RunReport> runs;        // the newest first
};

Report make_report(ReportInputs inputs);

/// How long a check has been due that did not come to its end: 0 while it is not, within a grace of
/// ten minutes, and without a schedule. `since` is when the last one ended, or when the bot began.
Millis detection_overdue(const DetectionSettings& settings, Time since, Time now);

/// For chat: a dozen lines.
std::string report_text(const Report& report);

/// For a terminal and a file: also every run with its phases, nodes, pauses and orders.
std::string report_page(const Report& report);

/// One JSON document; its members are in docs/reports.md. `schema` grows only when one changes its
/// meaning or goes away.
std::string report_json(const Report& report);
inline constexpr int kReportSchema = 1;

std::string_view to_string(ReportOutcome outcome);

}  // namespace lockkeeper
