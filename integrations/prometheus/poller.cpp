// SPDX-License-Identifier: Apache-2.0
#include "integrations/prometheus/poller.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

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

bool is_watchdog(const RuleBook& book, const Labels& labels) {
  return !book.watchdog.empty() &&
         matches(book.watchdog, normalised(labels, book.external_labels, book.ignore_labels));
}

/// How far `at` lies outside of the time in which the question was under way.
Millis distance(Time at, Time sent, Time received) {
  if (at < sent) return sent - at;
  return at > received ? at - received : Millis(0);
}

}  // namespace

Poller::Poller(PrometheusSettings settings, const GateSettings& gate, const RuleBook& book,
               const Clock& clock, KubernetesSecretReader from_kubernetes)
    : name_(settings.name),
      clock_skew_max_(gate.clock_skew_max),
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
          .why_not = fmt::format("Prometheus {}{}{}: {}", name_, name_.empty() ? "" : " ",
                                 api_.origin(), sighting.error().what),
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
  warn_of(answer->warnings);
  Sighting sighting{.good = true, .why_not = "", .firing = {}, .watchdog = false};
  sighting.at = received;
  sighting.firing.reserve(answer->series.size());
  Time prometheus_now = received;
  for (Series& series : answer->series) {
    const auto at = checked_time(series.samples.front().at, sent, received, sighting);
    if (!at) return std::unexpected(at.error());
    prometheus_now = *at;
    if (series.samples.front().value == 0) continue;
    const bool pending = series.labels.get("alertstate") == "pending";
    Labels labels = alert_labels(std::move(series.labels));
    if (pending) {
      sighting.pending.push_back(std::move(labels));
      continue;
    }
    sighting.watchdog = sighting.watchdog || is_watchdog(book_, labels);
    sighting.firing.push_back(std::move(labels));
  }
  if (auto added = add_what_rules_tell(sighting, prometheus_now); !added) {
    return std::unexpected(added.error());
  }
  return sighting;
}

/// The same warning comes with every look; it is said when it changes.
void Poller::warn_of(const std::vector<std::string>& warnings) {
  if (warnings == warnings_said_) return;
  for (const std::string& warning : warnings)
    log(Level::warn, "Prometheus warns: " + warning);
  warnings_said_ = warnings;
}

/// The health of rules, and the alerts of rules that have not been evaluated since they were
/// loaded. Never the Watchdog: it proves something only while it is there.
Status Poller::add_what_rules_tell(Sighting& sighting, Time prometheus_now) {
  auto now = sighting.firing;
  std::ranges::sort(now);
  std::vector<Labels> gone;
  std::ranges::set_difference(previous_, now, std::back_inserter(gone));
  if (!gone.empty() || rules_.unsettled()) until_rules_ = 0;
  if (auto looked = look_at_rules(prometheus_now); !looked) return looked;
  const auto kept = rules_.kept(std::move(gone));
  sighting.firing.insert(sighting.firing.end(), kept.begin(), kept.end());
  previous_ = sighting.firing;
  std::erase_if(previous_, [&](const Labels& alert) { return is_watchdog(book_, alert); });
  std::ranges::sort(previous_);
  const auto& alerts = rules_.alerts();
  sighting.firing.insert(sighting.firing.end(), alerts.begin(), alerts.end());
  return {};
}

Result<Time> Poller::checked_time(Time at, Time sent, Time received, Sighting& sighting) {
  const Millis skew = distance(at, sent, received);
  if (skew <= std::min(kSkewWorthALine, clock_skew_max_)) {
    skew_said_ = false;
    return at;
  }
  const auto difference =
      fmt::format("its clock is {} {} ours", to_string(skew), at < sent ? "behind" : "ahead of");
  if (skew > clock_skew_max_) {
    return fail(fmt::format("{} (limit {})", difference, to_string(clock_skew_max_)));
  }
  sighting.note = difference;
  if (!skew_said_) {
    log(Level::warn, fmt::format("Prometheus' clock differs from ours by {}", to_string(skew)));
  }
  skew_said_ = true;
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
  rules_.looked(*rules, prometheus_now);
  until_rules_ = rule_health_every_;
  return {};
}

}  // namespace lockkeeper::prometheus
