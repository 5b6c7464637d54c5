// SPDX-License-Identifier: Apache-2.0
#include "config/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "config/value.h"

namespace lockkeeper {
namespace {

/// One member for each group of rules; each adds what it finds.
class Checks {
 public:
  Checks(const Settings& settings, const GivenLines& given, ErrorList& errors)
      : settings_(settings), given_(given), errors_(errors) {}

  void required();
  void times();
  void sources();
  void workers();
  void web_server();
  void clients();
  void slack();
  void authority();
  void detection();

 private:
  /// The line of the first of these that was given; 0 when none was.
  [[nodiscard]] int line_of(std::initializer_list<std::string_view> names) const {
    for (const auto name : names)
      if (const auto at = given_.find(name); at != given_.end()) return at->second;
    return 0;
  }
  void add(std::initializer_list<std::string_view> names, std::string what) {
    errors_.add(line_of(names), std::move(what));
  }

  const Settings& settings_;
  const GivenLines& given_;
  ErrorList& errors_;
};

void Checks::required() {
  // The other keys have defaults that work somewhere; nobody can guess these.
  const auto need = [&](bool there, const std::string& section, std::string_view key) {
    if (there) return;
    add({fmt::format("{}.{}", section, key), section},
        fmt::format("[{}] {} is required for a run", section, key));
  };
  need(!settings_.ssh.user.empty(), "ssh", "user");
  need(!settings_.ssh.key_file.empty(), "ssh", "key_file");
  need(!settings_.prometheus.url.empty(), "prometheus", "url");
  for (const auto& more : settings_.more_prometheus)
    need(!more.url.empty(), "prometheus " + more.name, "url");
}

// Contradictions between two durations are told at the one that was written, because a default
// cannot be to blame.
void Checks::times() {
  const auto& gate = settings_.gate;
  if (gate.blind_after < 2 * gate.poll_interval) {
    add({"gate.blind_after", "gate.poll_interval"},
        fmt::format("blind_after ({}) must be at least 2 * poll_interval ({}): one lost answer is "
                    "not blindness",
                    exact(gate.blind_after), exact(gate.poll_interval)));
  }
  if (gate.confirm_within != Millis{} && gate.confirm_within < gate.poll_interval) {
    add({"gate.confirm_within", "gate.poll_interval"},
        fmt::format("confirm_within ({}) must be at least poll_interval ({}), or 0s",
                    exact(gate.confirm_within), exact(gate.poll_interval)));
  }
  const auto& upgrade = settings_.upgrade;
  if (upgrade.soak >= upgrade.soak_limit) {
    add({"upgrade.soak", "upgrade.soak_limit"},
        fmt::format("soak ({}) must be shorter than soak_limit ({})", exact(upgrade.soak),
                    exact(upgrade.soak_limit)));
  }
  if (upgrade.poll_interval >= upgrade.ready_timeout) {
    add({"upgrade.poll_interval", "upgrade.ready_timeout"},
        fmt::format("poll_interval ({}) must be shorter than ready_timeout ({})",
                    exact(upgrade.poll_interval), exact(upgrade.ready_timeout)));
  }
}

// A quorum that nobody can reach, proofs that cannot come in time, silences that nobody asked for.
void Checks::sources() {
  const auto& gate = settings_.gate;
  const auto all = 1 + settings_.more_prometheus.size();
  if (static_cast<std::size_t>(gate.quorum) > all) {
    add({"gate.quorum"},
        fmt::format("quorum ({}) is more than the {} Prometheus of this file", gate.quorum, all));
  }
  const auto heartbeat = gate.webhook_watchdog;
  if (heartbeat != Millis{} && heartbeat <= gate.confirmation_time()) {
    add({"gate.webhook_watchdog"},
        fmt::format("webhook_watchdog ({}) must be longer than confirm_within ({}), within which a "
                    "repeated message may be swallowed",
                    exact(heartbeat), exact(gate.confirmation_time())));
  }
  const auto& alertmanager = settings_.alertmanager;
  if (!alertmanager.silence_node) return;
  if (!alertmanager.given()) {
    add({"alertmanager.silence_node"}, "silence_node = yes needs the url of Alertmanager");
  }
  if (alertmanager.silence_alerts.empty()) {
    add({"alertmanager.silence_node"},
        "silence_node = yes needs silence_alerts: a silence is never for all alerts of a node");
  }
}

// The planner would have to choose between the two wishes.
void Checks::workers() {
  for (const auto& node : settings_.upgrade.last) {
    if (std::ranges::find(settings_.upgrade.first, node) != settings_.upgrade.first.end()) {
      add({"upgrade.last"}, fmt::format("{} stands in first and in last", node));
    }
  }
}

// An alert can only add suspicion, but a flood of them from anybody would hold every run.
void Checks::web_server() {
  const auto& http = settings_.http;
  if (http.tls_certificate.empty() != http.tls_key.empty()) {
    add({"http.tls_cert_file", "http.tls_key_file"},
        "tls_cert_file and tls_key_file belong together: give both or neither");
  }
  if (!http.client_ca.empty() && http.tls_certificate.empty()) {
    add({"http.client_ca_file"},
        "client_ca_file needs a tls_cert_file: without TLS nobody shows one");
  }
  // A CA signs for many: one that is trusted for everything would let each of them shut the gate.
  if (http.client_ca.empty() != http.webhook_names.empty()) {
    add({"http.client_ca_file", "http.webhook_names"},
        "client_ca_file and webhook_names belong together: give both or neither");
  }
  if (!is_loopback(http.address) && http.webhook_tokens.empty() && http.client_ca.empty()) {
    add({"http.address"},
        fmt::format("address {} is reachable from elsewhere, so alerts need a webhook_token_file "
                    "(or _env, _credential, _secret) or a client_ca_file",
                    http.address));
  }
}

// A client without a token of its own could be anybody.
void Checks::clients() {
  // The actor of an order is told from its token alone.
  const auto same = [](const SecretSource& a, const SecretSource& b) {
    return a.given() && a.described() == b.described();
  };
  for (auto client = settings_.clients.begin(); client != settings_.clients.end(); ++client) {
    const auto section = "client " + client->name;
    if (!client->token.given()) {
      add({section}, fmt::format("[{}] has no token; use token_file, token_env, token_credential "
                                 "or token_secret",
                                 section));
    }
    const auto twin = std::find_if(settings_.clients.begin(), client, [&](const auto& other) {
      return same(other.token, client->token);
    });
    if (twin != client) {
      add({section},
          fmt::format("clients {} and {} have the same token and could not be told apart",
                      twin->name, client->name));
    }
  }
}

// Half of a Slack would look like a whole one until somebody clicks.
void Checks::slack() {
  const auto& slack = settings_.slack;
  if (!slack.enabled() && slack.channel.empty()) return;
  const auto need = [&](bool there, std::string_view what) {
    if (!there) add({"slack"}, fmt::format("[slack] needs {}", what));
  };
  constexpr std::string_view kForms = "(or _env, _credential, _secret)";
  need(slack.app_token.given(), fmt::format("app_token_file {}: xapp-...", kForms));
  need(slack.bot_token.given(), fmt::format("bot_token_file {}: xoxb-...", kForms));
  need(!slack.channel.empty(), "channel: the id of the channel where runs are shown");
  if (slack.app_token.given() && slack.app_token.described() == slack.bot_token.described()) {
    add({"slack"}, "[slack] app_token and bot_token are two different tokens, from one source");
  }
  const std::string_view url = slack.api_url;
  constexpr std::string_view kPlain = "http://";
  if (!url.starts_with(kPlain)) return;
  const auto host =
      url.substr(kPlain.size(), url.find_first_of(":/", kPlain.size()) - kPlain.size());
  if (host != "localhost" && !is_loopback(host)) {
    add({"slack.api_url"}, "api_url: tokens would travel in the clear; use https");
  }
}

void Checks::authority() {
  const auto check = [&](std::string_view role, const std::vector<std::string>& actors) {
    for (const auto& actor : actors) {
      // Who sits at the console or the command line is known when they speak, clients are known
      // now.
      if (actor.starts_with("slack") && !settings_.slack.enabled()) {
        add({fmt::format("authority.{}", role)},
            fmt::format("{}: {} is nobody; there is no [slack]", role, actor));
      }
      if (!actor.starts_with("http:") || actor == "http:*") continue;
      const auto name = actor.substr(std::string_view("http:").size());
      if (std::ranges::find(settings_.clients, name, &ClientSettings::name) ==
          settings_.clients.end()) {
        add({fmt::format("authority.{}", role)},
            fmt::format("{}: {} is nobody; there is no [client {}]", role, actor, name));
      }
    }
  };
  check("viewer", settings_.authority.viewer);
  check("operator", settings_.authority.operators);
  check("approver", settings_.authority.approver);
  check("admin", settings_.authority.admin);
  const auto& own = settings_.authority;
  if (own.approvals > 0 && own.approver.empty() && own.admin.empty()) {
    add({"authority.approvals"},
        "approvals = 1, and nobody may approve; name somebody as approver or admin");
  }
}

// What is started without a person has to be vouched for by somebody else.
void Checks::detection() {
  const auto& own = settings_.detection;
  const bool starts = own.on_available == DetectionSettings::OnAvailable::start;
  if (starts && own.start_kind == DetectionSettings::StartKind::any && !own.repository.empty() &&
      own.keyring.empty()) {
    add({"detection.start_kind", "detection.on_available"},
        "start_kind = any starts what the repository says, so its signature must be checked: "
        "give a keyring");
  }
}

}  // namespace

void cross_check(const Settings& settings, const GivenLines& given, ErrorList& errors) {
  Checks checks(settings, given, errors);
  checks.required();
  checks.times();
  checks.sources();
  checks.workers();
  checks.web_server();
  checks.clients();
  checks.slack();
  checks.authority();
  checks.detection();
}

}  // namespace lockkeeper
