// SPDX-License-Identifier: Apache-2.0
#include "config/findings.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string_view>

#include "config/bounded_file.h"
#include "config/sections.h"
#include "config/value.h"
#include "rules/scope.h"

namespace lockkeeper {
namespace {

// Keys, certificates and kubeconfigs are a few KiB; a CA bundle is some hundred.
constexpr std::size_t kFileBytesMax = 16UL << 20;
constexpr std::string_view kNoSilences =
    "honor_silences = yes: nobody asks Alertmanager, so no alert counts as silenced; give its url "
    "in [alertmanager]";

/// Goes through the settings part by part and remembers what it found.
class Look {
 public:
  Look(const Settings& settings, std::optional<Time> now) : settings_(settings), now_(now) {}

  void files();
  void secrets();
  void journal();
  void gate();
  void rules();
  void people();
  void overrides();
  std::vector<ConfigFinding> finish();

 private:
  void block(std::string what) { found_.push_back({true, std::move(what)}); }
  void warn(std::string what) { found_.push_back({false, std::move(what)}); }
  /// What it means when everybody may read a file: nothing, a warning, or that it is refused.
  enum class Care { open, warned, refused };
  void readable(std::string_view key, const std::filesystem::path& file, Care care);
  void privately(std::string_view key, const std::filesystem::path& file,
                 const BoundedFile& content, Care care);
  void secret(const std::string& name, const SecretSource* source);

  void rule(const Rule& rule);
  [[nodiscard]] bool catches_nothing_before(const Rule& rule) const;

  const Settings& settings_;
  std::optional<Time> now_;
  std::vector<ConfigFinding> found_;
};

// A file that is there, is not empty, and can be read by this very process: what "exists" alone
// would not tell.
void Look::readable(std::string_view key, const std::filesystem::path& file, Care care) {
  if (file.empty()) return;
  const auto content = read_bounded_file(file, kFileBytesMax);
  if (!content) return block(fmt::format("{}: {}: {}", key, file.string(), content.error().what));
  if (content->text.empty()) return block(fmt::format("{}: {} is empty", key, file.string()));
  if (care != Care::open) privately(key, file, *content, care);
}

// Refused is what everybody may read or change: it is nobody's secret. Group-readable is how
// Kubernetes mounts a Secret for a pod with fsGroup: the file is root's, and its group is the pod's
// own, through which alone we can read it. Where the file is ours, the group's right is a slip.
void Look::privately(std::string_view key, const std::filesystem::path& file,
                     const BoundedFile& content, Care care) {
  const auto told = fmt::format("{}: {} (mode {:04o})", key, file.string(), content.mode);
  if ((content.mode & (S_IROTH | S_IWOTH)) != 0) {
    auto what = fmt::format(
        "{}: everybody may {} it; chmod 600 it, or mount the Kubernetes volume "
        "with defaultMode 0440",
        told, (content.mode & S_IWOTH) != 0 ? "change" : "read");
    return care == Care::refused ? block(std::move(what)) : warn(std::move(what));
  }
  const bool by_group = content.owner != ::geteuid() && (content.mode & S_IWGRP) == 0;
  if ((content.mode & S_IRWXG) != 0 && !by_group)
    warn(
        fmt::format("{}: others of its group may use it; chmod 600 it, or defaultMode 0400 where "
                    "a Kubernetes volume's files are our own",
                    told));
}

void Look::files() {
  readable("[ssh] key_file", settings_.ssh.key_file, Care::refused);
  const auto& kubeconfig = settings_.kubernetes.kubeconfig;
  // One with an exec plugin or a token file holds no secret of its own.
  readable("[kubernetes] kubeconfig", kubeconfig, Care::warned);
  // The order in which the client itself looks: the pod's own credentials, then $KUBECONFIG.
  if (kubeconfig.empty() && std::getenv("KUBERNETES_SERVICE_HOST") == nullptr &&
      std::getenv("KUBECONFIG") == nullptr) {
    block("[kubernetes] kubeconfig: not given, this is not a pod, and $KUBECONFIG is not set");
  }
  readable("[prometheus] ca_file", settings_.prometheus.ca_file, Care::open);
  for (const auto& more : settings_.more_prometheus)
    readable(fmt::format("[prometheus {}] ca_file", more.name), more.ca_file, Care::open);
  readable("[alertmanager] ca_file", settings_.alertmanager.ca_file, Care::open);
  readable("[detection] keyring", settings_.detection.keyring, Care::open);
  if (const auto& data = settings_.compat.data; !data.empty()) {
    for (const auto* name : {"addons.json", "apis.json", "nodes.json"})
      readable("[compat] data", data / name, Care::open);
  }
  readable("[http] tls_cert_file", settings_.http.tls_certificate, Care::open);
  readable("[http] tls_key_file", settings_.http.tls_key, Care::refused);
  readable("[http] client_ca_file", settings_.http.client_ca, Care::open);
}

void Look::secret(const std::string& name, const SecretSource* source) {
  // One in the cluster is only read when there is a connection.
  if (source == nullptr || !source->given() || !source->kubernetes.empty()) return;
  if (const auto value = read_secret(*source); !value) {
    block(fmt::format("{}: {}", name, value.error().what));
  }
}

// Those of the tables and those of the clients.
void Look::secrets() {
  for (const auto& table : settings_tables())
    for (const auto& key : table.secrets)
      secret(fmt::format("[{}] {}", table.name, key.name), key.find(settings_));
  for (const auto& more : settings_.more_prometheus)
    secret(fmt::format("[prometheus {}] bearer_token", more.name), &more.bearer_token);
  for (const auto& client : settings_.clients)
    secret(fmt::format("[client {}] token", client.name), &client.token);
}

// SQLite makes files beside the journal, so the folder must be writable too.
void Look::journal() {
  const auto& file = settings_.journal.file;
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  std::error_code problem;
  if (!std::filesystem::is_directory(folder, problem)) {
    block(fmt::format("[journal] file: the folder {} does not exist", folder.string()));
  } else if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    block(fmt::format("[journal] file: the folder {} is not writable", folder.string()));
  } else if (std::filesystem::exists(file, problem) &&
             (!std::filesystem::is_regular_file(file, problem) ||
              ::access(file.c_str(), R_OK | W_OK) != 0)) {
    block(fmt::format("[journal] file: {} is not a writable file", file.string()));
  }
}

// Each of these opens the gate a little; whoever wants that may, but shall read it once.
void Look::gate() {
  const auto action = settings_.rules.fallback.action;
  if (action == RuleAction::ignore || action == RuleAction::notify) {
    warn(
        fmt::format("[gate] default_action = {}: an alert that no rule names does not hold the run",
                    to_string(action)));
  }
  if (settings_.gate.on_blind == GateSettings::OnBlind::proceed) {
    warn("[gate] on_blind = continue: the run goes on while nobody can see whether alerts fire");
  }
  const bool asked = settings_.alertmanager.given();
  if (settings_.gate.honor_silences && !asked) warn(fmt::format("[gate] {}", kNoSilences));
  if (settings_.gate.quorum > 0 &&
      static_cast<std::size_t>(settings_.gate.quorum) <= settings_.more_prometheus.size()) {
    warn(
        fmt::format("[gate] quorum = {}: the alerts of a Prometheus that is not seen for longer "
                    "than blind_after do not hold the run",
                    settings_.gate.quorum));
  }
  if (!settings_.gate.builtin_ignores) {
    warn("[gate] builtin_ignores = no: alerts that fire by design now need rules of their own");
  }
  if (!is_loopback(settings_.http.address) && settings_.http.tls_certificate.empty()) {
    warn(fmt::format("[http] address {} without tls_cert_file: tokens travel in clear text",
                     settings_.http.address));
  }
}

// A rules file that was forgotten or is empty, and pauses that may last for ever although a limit
// was written.
void Look::rules() {
  const auto built_in = [](const Rule& rule) { return rule.line == 0; };
  if (std::ranges::all_of(settings_.rules.rules, built_in)) {
    warn(
        fmt::format("no [rule NAME] is given, here or in rules.ini: default_action = {} decides "
                    "about every alert that is not built in",
                    to_string(settings_.rules.fallback.action)));
  }
  for (const auto& one : settings_.rules.rules)
    rule(one);
}

// What a rule says and nothing will come of.
void Look::rule(const Rule& rule) {
  const auto warn_of = [&](std::string_view what) {
    warn(fmt::format("rule {}: {}", rule.name, what));
  };
  if (rule.max_pause && rule.on_timeout == OnTimeout::stay) {
    warn_of("max_pause without on_timeout = abort or continue changes nothing");
  }
  if (now_ && rule.expires && *rule.expires <= *now_) {
    warn_of(fmt::format("it expired at {} and does not count any more", to_string(*rule.expires)));
  }
  if (now_ && !ever_open(rule, *now_)) {
    warn_of("its windows are not open once in the next two weeks");
  }
  const bool asked = settings_.alertmanager.given();
  if (rule.source == Source::alertmanager && !asked) {
    warn_of(
        "source = alertmanager: nobody asks Alertmanager, so it never counts; give its url in "
        "[alertmanager]");
  }
  if (rule.honor_silences && !settings_.gate.honor_silences && !asked) warn_of(kNoSilences);
  if (blocks(rule.action) && (rule.hold_for > Millis(0) || rule.min_alerts > 1)) {
    const auto action = settings_.rules.fallback.action;
    if (action >= rule.action && catches_nothing_before(rule)) {
      warn_of(
          fmt::format("until {} holds, default_action = {} decides, which is no milder; a rule "
                      "behind it could say notify",
                      rule.hold_for > Millis(0) ? "hold_for" : "min_alerts", to_string(action)));
    }
  }
}

/// Whether no later rule has a line of match that this one has, too, and decides until then.
bool Look::catches_nothing_before(const Rule& rule) const {
  const auto& rules = settings_.rules.rules;
  const auto same_line = [&](const Rule& later) {
    return std::ranges::any_of(later.match, [&](const Matchers& line) {
      return std::ranges::any_of(
          rule.match, [&](const Matchers& own) { return to_string(own) == to_string(line); });
    });
  };
  return std::none_of(rules.begin() + (&rule - rules.data()) + 1, rules.end(), same_line);
}

// An override that has ended is as if it were not there; nobody should find out in the night.
void Look::overrides() {
  for (const auto& one : settings_.compat.overrides)
    if (now_ && one.expires <= *now_)
      warn(fmt::format("override {}: it expired at {} and does not count any more", one.name,
                       to_string(one.expires)));
}

// Denied by default: forgetting a role locks everybody out rather than in.
void Look::people() {
  const auto& authority = settings_.authority;
  std::set<std::string, std::less<>> actors;
  for (const auto* role :
       {&authority.viewer, &authority.operators, &authority.approver, &authority.admin})
    actors.insert(role->begin(), role->end());
  if (actors.empty()) warn("[authority]: nobody may do anything; name somebody");
  for (const auto& client : settings_.clients) {
    if (!actors.contains("http:" + client.name) && !actors.contains("http:*")) {
      warn(fmt::format("[client {}]: http:{} stands in no role of [authority]", client.name,
                       client.name));
    }
  }
}

std::vector<ConfigFinding> Look::finish() {
  std::ranges::stable_partition(found_, &ConfigFinding::blocking);
  return std::move(found_);
}

}  // namespace

std::vector<ConfigFinding> findings(const Settings& settings, std::optional<Time> now) {
  Look look(settings, now);
  look.files();
  look.secrets();
  look.journal();
  look.gate();
  look.rules();
  look.people();
  look.overrides();
  return look.finish();
}

std::string secret_state(const SecretSource& source) {
  if (!source.given()) return "not given";
  if (!source.kubernetes.empty())
    return source.described() + " (read from the cluster when needed)";
  const auto value = read_secret(source);
  if (!value) return value.error().what;
  if (source.file.empty()) {
    return fmt::format("{} (readable, {} bytes)", source.described(), value->size());
  }
  struct stat status{};
  const bool known = ::stat(source.file.c_str(), &status) == 0;
  return fmt::format("{} (readable, {} bytes, mode {:04o})", source.described(), value->size(),
                     known ? status.st_mode & 07777U : 0U);
}

}  // namespace lockkeeper
