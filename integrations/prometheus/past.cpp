// SPDX-License-Identifier: Apache-2.0
#include "integrations/prometheus/past.h"

#include <fmt/format.h>

#include <algorithm>

#include "integrations/prometheus/rules_answer.h"

namespace lockkeeper::prometheus {
namespace {

// Far below Prometheus' 11,000: two hundred alerts that all fire make 9 MB of this.
constexpr std::int64_t kPointsFirst = 2'000;
// A piece of so few points that is still too much is a failure.
constexpr std::int64_t kPointsMin = 10;
constexpr std::string_view kFiring = "ALERTS{alertstate=\"firing\"}";

/// Seconds with the milliseconds behind the point.
std::string seconds(Millis duration) {
  return fmt::format("{}.{:03}", duration.count() / 1000, duration.count() % 1000);
}

}  // namespace

Past::Past(PrometheusSettings settings, KubernetesSecretReader from_kubernetes)
    : api_(std::move(settings), std::move(from_kubernetes)), points_(kPointsFirst) {}

Status Past::alerts(const Range& range, const Take& take) {
  return query(range, std::string(kFiring), [&](const Series& series) {
    Series firing{alert_labels(series.labels), series.samples};
    std::erase_if(firing.samples, [](const Sample& sample) { return sample.value == 0; });
    take(firing);
  });
}

Status Past::watchdog_times(const Range& range, const Matchers& watchdog, const Labels& external,
                            const Take& take) {
  std::string selector = "alertstate=\"firing\"";
  for (const auto& matcher : watchdog) {
    if (external.get(matcher.name).empty()) selector += "," + to_string(matcher);
  }
  return query(range, fmt::format("timestamp(ALERTS{{{}}})", selector), take);
}

Status Past::query(const Range& range, const std::string& promql, const Take& take) {
  const auto refused = [&](const std::string& what) {
    return fail(fmt::format("Prometheus {}: {}", api_.origin(), what));
  };
  for (Time from = range.from; from <= range.to;) {
    const Time to = std::min(range.to, from + (points_ - 1) * range.step);
    const auto body = api_.ask("/api/v1/query_range",
                               fmt::format("query={}&start={}&end={}&step={}", encoded(promql),
                                           seconds(from.time_since_epoch()),
                                           seconds(to.time_since_epoch()), seconds(range.step)));
    if (!body && body.error().too_much && points_ > kPointsMin) {
      points_ = std::max(points_ / 2, kPointsMin);
      continue;
    }
    if (!body) return refused(body.error().what);
    const auto answer = read_query_answer(*body);
    if (!answer) return refused(answer.error().what);
    if (answer->result_type != "matrix") return refused("the answer is not a matrix");
    for (const auto& series : answer->series)
      take(series);
    from = to + range.step;
  }
  return {};
}

std::optional<Millis> Past::evaluation_interval() {
  const auto body = api_.ask("/api/v1/rules", "type=alert&exclude_alerts=true");
  const auto rules = body ? read_rules_answer(*body) : Result<std::vector<RuleHealth>>();
  if (!body || !rules || rules->empty()) return std::nullopt;
  return std::ranges::min_element(*rules, {}, &RuleHealth::interval)->interval;
}

}  // namespace lockkeeper::prometheus
