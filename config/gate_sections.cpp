// SPDX-License-Identifier: Apache-2.0

// The sections about what is listened to and who may speak.

#include "config/section_builders.h"
#include "config/sections.h"

namespace lockkeeper {
namespace {

// Limits of limits, as in cluster_sections.cpp.
constexpr Millis kDay = 24h;
constexpr Millis kApprovalLifetimeMax = 7 * kDay;
constexpr std::int64_t kGibibyte = 1LL << 30;

/// The keys of [gate] that say what alerts mean; most of them fill the RuleBook.
void add_gate_rules(Table<Settings>& table) {
  const auto at = in(&Settings::gate);
  table.key(
      "default_action", [](auto& settings) -> auto& { return settings.rules.fallback.action; },
      choice_value<RuleAction>({{"ignore", RuleAction::ignore},
                                {"notify", RuleAction::notify},
                                {"pause", RuleAction::pause},
                                {"abort", RuleAction::abort}}),
      "what an alert does that no rule matches");
  table.key("rules_file", at(&GateSettings::rules_file), path_value(),
            "more rules, tried after those of this file", "rules.ini beside this file");
  table.key("builtin_ignores", at(&GateSettings::builtin_ignores), flag_value(),
            "whether the built-in rules for alerts that fire by design come first");
  table.key(
      "watchdog", [](auto& settings) -> auto& { return settings.rules.watchdog; }, matchers_value(),
      "the alert that always fires; without it in the answer the gate is blind");
  table.key(
      "external_labels", [](auto& settings) -> auto& { return settings.rules.external_labels; },
      labels_value(), "Prometheus' external labels, which only Alertmanager's alerts carry",
      "none");
  table.key(
      "ignore_labels", [](auto& settings) -> auto& { return settings.rules.ignore_labels; },
      list_value(label_name_value(), "a list of label names"),
      "labels that do not belong to an alert's identity, such as a replica's name", "none");
}

/// The n-th webhook token, made when it is not there yet. The loader drops those that stay empty,
/// so giving only the second one is fine.
SecretSource& nth_token(Settings& settings, std::size_t n) {
  auto& tokens = settings.http.webhook_tokens;
  if (tokens.size() <= n) tokens.resize(n + 1);
  return tokens[n];
}

/// The same for reading; null when there are not so many.
const SecretSource* find_token(const Settings& settings, std::size_t n) {
  const auto& tokens = settings.http.webhook_tokens;
  return n < tokens.size() ? &tokens[n] : nullptr;
}

}  // namespace

Table<Settings> gate_table() {
  using OnBlind = GateSettings::OnBlind;
  const auto at = in(&Settings::gate);
  Table<Settings> table{"gate", "When alerts hold the run.", {}, {}, {}};
  add_gate_rules(table);
  table
      .key("poll_interval", at(&GateSettings::poll_interval), duration_value(100ms, 10min),
           "between two questions to Prometheus")
      .key("blind_after", at(&GateSettings::blind_after), duration_value(200ms, 1h),
           "without a good answer for this long the gate is blind")
      .key("on_blind", at(&GateSettings::on_blind),
           choice_value<OnBlind>({{"pause", OnBlind::pause},
                                  {"abort", OnBlind::abort},
                                  {"continue", OnBlind::proceed}}),
           "what blindness does to the run")
      .key("resume_after", at(&GateSettings::resume_after), duration_value(0s, kDay),
           "quiet time before a pause is lifted, for blindness and rules that do not say")
      .key("confirm_within", at(&GateSettings::confirm_within), duration_value(0s, kDay),
           "a webhook's alert that no poll confirms is dropped; 0s: 2 * poll_interval + 30s")
      .key("webhook_ttl", at(&GateSettings::webhook_ttl), duration_value(10min, 7 * kDay),
           "how long a webhook's word is believed where a rule has source = webhook")
      .key(
          "webhook_watchdog", at(&GateSettings::webhook_watchdog), duration_value(0s, kDay),
          "how often a Watchdog must come by webhook, as a proof that webhooks arrive; 0s: none is "
          "expected")
      .key("quorum", at(&GateSettings::quorum), count_value(0, 100),
           "how many Prometheus must be seen for a clear gate; 0: all that are configured")
      .key("honor_silences", at(&GateSettings::honor_silences), flag_value(),
           "whether alerts that Alertmanager silences or inhibits are ignored, for rules that do "
           "not say; by default Prometheus' truth counts")
      .key("clock_skew_max", at(&GateSettings::clock_skew_max), duration_value(1s, kDay),
           "an answer whose clock is further from ours is no good answer")
      .key("rule_health_every", at(&GateSettings::rule_health_every), count_value(1, 1000),
           "look at the health of Prometheus' rules every so many polls");
  return table;
}

// Optional: without a URL nothing is pushed.
Table<Settings> pushgateway_table() {
  const auto at = in(&Settings::pushgateway);
  Table<Settings> table{"pushgateway", "Where metrics are pushed to.", {}, {}, {}};
  table.key("url", at(&PushgatewaySettings::url), url_value(), "its address", "nothing is pushed")
      .key("interval", at(&PushgatewaySettings::interval), duration_value(1s, 1h),
           "between two pushes")
      .key("timeout", at(&PushgatewaySettings::timeout), duration_value(100ms, 10min),
           "for one push, which never holds a run up")
      .key("delete_at_exit", at(&PushgatewaySettings::delete_at_exit), flag_value(),
           "whether a bot that leaves takes its metrics away, unless a run is open");
  return table;
}

// The limits are those of the web server; it has no others.
Table<Settings> http_table() {
  const auto at = in(&Settings::http);
  Table<Settings> table{"http", "The bot's own web server.", {}, {}, {}};
  table
      .key("address", at(&HttpSettings::address), address_value(),
           "where it listens; any but a loopback address needs a webhook token")
      .key("port", at(&HttpSettings::port), port_value(0), "0: any free one")
      .key("tls_cert_file", at(&HttpSettings::tls_certificate), path_value(),
           "its certificate with the chain, as PEM", "plain HTTP")
      .key("tls_key_file", at(&HttpSettings::tls_key), path_value(),
           "the key of the certificate, as PEM", "plain HTTP")
      .key("client_ca_file", at(&HttpSettings::client_ca), path_value(),
           "who signs the certificates that webhooks must then present, as PEM",
           "no certificate is asked for")
      .key("webhook_names", at(&HttpSettings::webhook_names),
           list_value(text_value(), "a list of DNS names"),
           "of which such a certificate has one (subjectAltName)", "none");
  // Two are valid at a time, so that a token can be changed without losing an alert.
  for (const std::size_t n : {0U, 1U}) {
    table.secret(
        n == 0 ? "webhook_token" : "webhook_token2",
        [n](Settings& settings) -> SecretSource& { return nth_token(settings, n); },
        [n](const Settings& settings) { return find_token(settings, n); },
        n == 0 ? "the bearer token that Alertmanager presents"
               : "a second one, while it is changed");
  }
  table
      .key("body_max", at(&HttpSettings::body_max), size_value(1024, kGibibyte),
           "a larger request is refused; a webhook of 10,000 alerts is 2.8 MiB")
      .key("connections_max", at(&HttpSettings::connections_max), count_value(1, 65'536),
           "open at one time")
      .key("header_timeout", at(&HttpSettings::header_timeout), duration_value(100ms, 10min),
           "for the head of a request")
      .key("body_timeout", at(&HttpSettings::body_timeout), duration_value(100ms, 10min),
           "for its body")
      .key("idle_timeout", at(&HttpSettings::idle_timeout), duration_value(1s, 1h),
           "between two requests of one connection");
  return table;
}

// Roles from the least to the most.
Table<Settings> authority_table() {
  const auto at = in(&Settings::authority);
  const auto actors = list_value(actor_value(), "a list of " + actor_value().form);
  Table<Settings> table{"authority", "Who may do what; an empty list is nobody.", {}, {}, {}};
  table
      .key("viewer", at(&AuthoritySettings::viewer), actors,
           "may look: plan, status, why, nodes, alerts, history", "nobody")
      .key("operator", at(&AuthoritySettings::operators), actors,
           "may also start, pause, resume and abort", "nobody")
      .key("approver", at(&AuthoritySettings::approver), actors,
           "may look, and approve where an approval is asked for", "nobody")
      .key("admin", at(&AuthoritySettings::admin), actors, "may do everything, also clear",
           "nobody")
      .key("approvals", at(&AuthoritySettings::approvals), count_value(0, 1),
           "how many other people have to approve a start")
      .key("approval_lifetime", at(&AuthoritySettings::approval_lifetime),
           duration_value(1min, kApprovalLifetimeMax), "how long a start waits for that")
      .key("people", at(&AuthoritySettings::people),
           list_value(person_value(), "a list of " + person_value().form),
           "whose entries are one person's, for approvals", "each Slack account is a person");
  return table;
}

// One file; the state folder follows from it.
Table<Settings> journal_table() {
  const auto at = in(&Settings::journal);
  Table<Settings> table{"journal", "What must survive a crash.", {}, {}, {}};
  table
      .key("file", at(&JournalSettings::file), path_value(),
           "an SQLite database; its folder is the bot's state folder")
      .key("busy_timeout", at(&JournalSettings::busy_timeout), duration_value(0s, 10min),
           "how long another process may hold the file");
  return table;
}

Table<Settings> log_table() {
  const auto at = in(&Settings::log);
  Table<Settings> table{"log", "What the process tells about itself.", {}, {}, {}};
  // The words of spdlog, which writes them.
  std::vector<std::pair<std::string_view, std::string>> levels;
  for (const auto* level : {"trace", "debug", "info", "warn", "error"})
    levels.emplace_back(level, level);
  table.key("level", at(&LogSettings::level), choice_value<std::string>(std::move(levels)),
            "the least important lines that are written");
  return table;
}

}  // namespace lockkeeper
