// SPDX-License-Identifier: Apache-2.0

// What is wrong with those who tell about alerts: Prometheus, Alertmanager; and the Pushgateway.

#include <fmt/format.h>

#include <algorithm>

#include "bot/doctor_judges.h"

namespace lockkeeper::doctor {
namespace {

constexpr std::size_t kRulesNamed = 5;
constexpr std::string_view kAlertsPath = "/api/v1/alerts";

void judge_one(const Case& seen, const PrometheusExam& one, Findings& found) {
  const auto name = fmt::format("{} {}", one.name, one.origin);
  const auto section = one.name == "prometheus" ? "prometheus" : one.name;
  if (one.unasked) return found.unchecked(fmt::format("{}: {}", name, one.failure));
  if (!one.failure.empty()) {
    return found.broken(fmt::format("{}: {}", name, one.failure),
                        fmt::format("[{}] url, bearer_token and ca_file; without it the gate is "
                                    "blind and nothing starts",
                                    section));
  }
  const auto& settings = seen.settings;
  const auto before = found.size();
  if (one.clock && one.clock->at_least() > settings.gate.clock_skew_max) {
    found.broken(fmt::format("{}: its clock is {}", name, offset_text(*one.clock)),
                 "set both clocks by NTP; answers like these count as blindness (clock_skew_max)");
  }
  const auto watchdog = to_string(settings.rules.watchdog);
  if (!one.alerts) {
    found.broken(fmt::format("{}: it has no series ALERTS, so no rule of it fires", name),
                 fmt::format("give it alerting rules, with the Watchdog {} among them", watchdog));
  } else if (!one.watchdog) {
    found.broken(fmt::format("{}: the Watchdog {} does not fire there", name, watchdog),
                 "add the rule `alert: Watchdog, expr: vector(1)`, or name yours: [gate] watchdog");
  }
  if (!one.rules_failure.empty())
    found.warn(
        fmt::format("{}: the health of its rules cannot be read: {}", name, one.rules_failure),
        "a front end without /api/v1/rules hides rules that fail");
  if (!one.sick_rules.empty()) {
    auto some = one.sick_rules;
    some.resize(std::min(some.size(), kRulesNamed));
    found.broken(fmt::format("{}: {} cannot be evaluated: {}", name,
                             counted(one.sick_rules.size(), "rule"), joined(some, "; ")),
                 "mend the expressions; promtool check rules, and Prometheus' page /rules");
  }
  if (found.size() == before)
    found.ok(fmt::format("{}: the Watchdog fires, {} in good health{}", name,
                         counted(one.rules, "rule"),
                         one.clock ? ", its clock is " + offset_text(*one.clock) : ""));
}

/// "http://127.0.0.1:8099" of an URL.
std::string origin_part(std::string_view url) {
  const auto host = url.find("://");
  if (host == url.npos) return {};
  return std::string(url.substr(0, url.find('/', host + 3)));
}

std::string our_address(const HttpSettings& http) {
  return fmt::format("{}://{}:{}", http.tls_certificate.empty() ? "http" : "https", http.address,
                     http.port);
}

std::string receiver_words(const HttpSettings& http) {
  return fmt::format(
      "in alertmanager.yml: a receiver with webhook_configs: [{{url: {}{}, "
      "send_resolved: true, http_config: {{authorization: {{credentials_file: "
      "TOKEN}}}}}}], and a route with that receiver",
      our_address(http), kAlertsPath);
}

bool loopback(std::string_view origin) {
  return origin.contains("://127.") || origin.contains("://localhost") ||
         origin.contains("://[::1]");
}

void judge_route(const Case& seen, const std::string& name, const WebhookRoute& route,
                 Findings& found) {
  const auto& http = seen.settings.http;
  const auto says = fmt::format("{}: receiver {}", name, route.receiver);
  if (!route.routed)
    return found.broken(
        fmt::format("{} posts to us, and no route leads to it", says),
        fmt::format("in alertmanager.yml: a route with receiver: {}", route.receiver));
  const auto origin = origin_part(route.url);
  const bool ours = origin.ends_with(fmt::format(":{}", http.port));
  if (!ours && loopback(origin))
    return found.broken(
        fmt::format("{} posts to {}, where we do not listen", says, origin),
        fmt::format("in alertmanager.yml: url: {}{}", our_address(http), kAlertsPath));
  if (!route.send_resolved)
    found.warn(fmt::format("{} does not tell when an alert ends", says), "send_resolved: true");
  if (ours) {
    found.ok(fmt::format("{} posts to {}", says, origin));
  } else {
    found.unchecked(
        fmt::format("{} posts to {}; whether that is us only an alert can tell", says, origin),
        "lockkeeper doctor --send-test-alert");
  }
}

void judge_member(const Case& seen, const AlertmanagerExam& one, Findings& found) {
  if (one.unasked) return found.unchecked(fmt::format("{}: {}", one.name, one.failure));
  if (!one.failure.empty())
    return found.broken(one.failure, "[alertmanager] url, bearer_token and ca_file");
  found.ok(fmt::format("{} answers: {}", one.name, one.version));
  if (!one.configuration_failure.empty())
    return found.unchecked(
        fmt::format("{}: its routes cannot be read: {}", one.name, one.configuration_failure));
  // Newer ones keep the addresses of webhooks for themselves.
  const bool hidden = std::ranges::any_of(
      one.webhooks, [](const WebhookRoute& route) { return route.url.empty() && route.routed; });
  const auto posts_here = [](const WebhookRoute& route) {
    return route.url.ends_with(kAlertsPath);
  };
  if (std::ranges::any_of(one.webhooks, posts_here)) {
    for (const auto& route : one.webhooks)
      if (posts_here(route)) judge_route(seen, one.name, route, found);
  } else if (hidden) {
    found.unchecked(fmt::format("{}: it keeps the addresses of its webhooks for itself", one.name),
                    "lockkeeper doctor --send-test-alert");
  } else {
    found.broken(fmt::format("{}: no receiver posts to {}", one.name, kAlertsPath),
                 receiver_words(seen.settings.http));
  }
}

void judge_test(const TestAlertExam& test, Findings& found) {
  if (!test.held.empty()) {
    found.unchecked("no test alert was sent: " + test.held);
  } else if (!test.failure.empty()) {
    found.broken("the test alert was not taken: " + test.failure, "[alertmanager] url");
  } else if (test.arrived) {
    found.ok(fmt::format("the test alert {} reached the daemon after {}", test.id,
                         to_string(test.took)));
  } else if (test.refused > 0) {
    found.broken(
        "the test alert did not arrive: the daemon refused webhooks with 401, a wrong token",
        "the token of the receiver must be that of [http] webhook_token_file");
  } else {
    found.broken(
        fmt::format("the test alert {} did not arrive within {}", test.id, to_string(test.took)),
        "the route, the address of the webhook, and alertmanager's own log");
  }
  if (!test.left.empty())
    found.warn("the test alert could not be ended: " + test.left, "it ends by itself in minutes");
}

}  // namespace

void judge_prometheus(const Case& seen, Findings& found) {
  for (const auto& one : *seen.exams.prometheus)
    judge_one(seen, one, found);
}

void judge_alertmanager(const Case& seen, Findings& found) {
  const auto& members = *seen.exams.alertmanager;
  if (members.empty())
    found.unchecked("[alertmanager] url is not given, so its routes cannot be read");
  for (const auto& one : members)
    judge_member(seen, one, found);
  if (seen.exams.test_alert) judge_test(*seen.exams.test_alert, found);
}

void judge_pushgateway(const Case& seen, Findings& found) {
  const auto& exam = *seen.exams.pushgateway;
  if (seen.settings.pushgateway.url.empty()) {
    found.ok("none is configured");
  } else if (exam.failure.empty()) {
    found.ok(fmt::format("{} is ready", exam.origin));
  } else {
    found.broken(fmt::format("Pushgateway {}: {}", exam.origin, exam.failure), "[pushgateway] url");
  }
}

}  // namespace lockkeeper::doctor
