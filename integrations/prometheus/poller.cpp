// SPDX-License-Identifier: Apache-2.0
#include "integrations/prometheus/poller.h"

#include <fmt/format.h>

#include <algorithm>

#include "integrations/prometheus/envelope.h"
#include "integrations/prometheus/query_answer.h"
#include "integrations/prometheus/rules_answer.h"
#include "integrations/system/log.h"

namespace lockkeeper::prometheus {
namespace {

using system::Level;
using system::log;

// `ALERTS{alertstate="firing"}`, form-encoded. Pending alerts are noise for a gate, unless a rule
// is about them.
constexpr std::string_view kFiring = "query=ALERTS%7Balertstate%3D%22firing%22%7D";
constexpr std::string_view kAnyState = "query=ALERTS";
// Newer releases leave the alerts out, older ones ignore the word.
constexpr std::string_view kRules = "type=alert&exclude_alerts=true";
// Below this a difference of clocks is what NTP leaves over and is not worth a line.
constexpr Millis kSkewWorthALine = std::chrono::seconds(5);

bool wants_pending(const RuleBook& book) {
  return std::ranges::any_of(book.rules,
                             [](const Rule& rule) { return rule.state != StateScope::firing; });
}

/// How far `at` lies outside of the time in which the question was under way.
Millis distance(Time at, Time sent, Time received) {
  if (at < sent) return sent - at;
  return at > received ? at - received : Millis(0);
}

}  // namespace

Poller::Poller(PrometheusSettings settings, const GateSettings& gate, const RuleBook& book,
               const Clock& clock, KubernetesSecretReader from_kubernetes)
    : clock_skew_max_(gate.clock_skew_max),
      rule_health_every_(std::max(gate.rule_health_every, 1)),
      book_(book),
      pending_(wants_pending(book)),
      clock_(clock),
      api_(std::move(settings), std::move(from_kubernetes)) {}

void Poller::adopt(const RuleBook& rules) {
  pending_ = wants_pending(rules);
}

Sighting Poller::poll() {
  auto sighting = look();
  if (sighting) return std::move(*sighting);
  return {.good = false,
          .why_not = fmt::format("Prometheus {}: {}", api_.origin(), sighting.error().what),
          .firing = {},
          .watchdog = false};
}

Result<std::string> Poller::ask(const std::string& path, const std::string& query) {
  auto answer = api_.ask(path, query, stopping_.get_token());
  if (!answer) return fail(std::move(answer.error().what));
  return std::move(*answer);
}

Result<Sighting> Poller::look() {
  const Time sent = clock_.now();
  const auto body = ask("/api/v1/query", std::string(pending_ ? kAnyState : kFiring));
  const Time received = clock_.now();
  if (!body) return std::unexpected(body.error());
  auto answer = read_query_answer(*body);
  if (!answer) return std::unexpected(answer.error());
  if (answer->result_type != "vector") return fail("the answer is not a vector");
  // The same warning comes with every look; it is said when it changes.
  if (answer->warnings != warnings_said_) {
    for (const std::string& warning : answer->warnings)
      log(Level::warn, "Prometheus warns: " + warning);
    warnings_said_ = answer->warnings;
  }
  Sighting sighting{.good = true, .why_not = "", .firing = {}, .watchdog = false};
  sighting.at = received;
  sighting.firing.reserve(answer->series.size());
  Time prometheus_now = received;
  for (Series& series : answer->series) {
    const auto at = checked_time(series.samples.front().at, sent, received);
    if (!at) return std::unexpected(at.error());
    prometheus_now = *at;
    if (series.samples.front().value == 0) continue;
    const bool pending = series.labels.get("alertstate") == "pending";
    Labels labels = alert_labels(std::move(series.labels));
    if (pending) {
      sighting.pending.push_back(std::move(labels));
      continue;
    }
    sighting.watchdog =
        sighting.watchdog ||
        (!book_.watchdog.empty() &&
         matches(book_.watchdog, normalised(labels, book_.external_labels, book_.ignore_labels)));
    sighting.firing.push_back(std::move(labels));
  }
  if (auto looked = look_at_rules(prometheus_now); !looked) {
    return std::unexpected(looked.error());
  }
  sighting.firing.insert(sighting.firing.end(), rule_alerts_.begin(), rule_alerts_.end());
  return sighting;
}

Result<Time> Poller::checked_time(Time at, Time sent, Time received) {
  const Millis skew = distance(at, sent, received);
  if (skew > clock_skew_max_) {
    return fail(fmt::format("its clock is {} {} ours (limit {})", to_string(skew),
                            at < sent ? "behind" : "ahead of", to_string(clock_skew_max_)));
  }
  const bool worth_a_line = skew > kSkewWorthALine;
  if (worth_a_line && !skew_said_) {
    log(Level::warn, fmt::format("Prometheus' clock differs from ours by {}", to_string(skew)));
  }
  skew_said_ = worth_a_line;
  return at;
}

Status Poller::look_at_rules(Time prometheus_now) {
  // After a failure the count stays at its end, so that the next look asks again.
  if (rules_missing_ || --until_rules_ > 0) return {};
  const auto body = ask("/api/v1/rules", std::string(kRules));
  if (!body && body.error().what.starts_with("HTTP 404")) {
    rules_missing_ = true;
    log(Level::warn, "Prometheus has no /api/v1/rules; the health of rules is not looked at");
    return {};
  }
  if (!body) return fail("rules: " + body.error().what);
  const auto rules = read_rules_answer(*body);
  if (!rules) return fail("rules: " + rules.error().what);
  rule_alerts_ = lockkeeper::prometheus::rule_alerts(*rules, prometheus_now);
  until_rules_ = rule_health_every_;
  return {};
}

}  // namespace lockkeeper::prometheus
