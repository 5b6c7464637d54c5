// SPDX-License-Identifier: Apache-2.0
#include "integrations/prometheus/rule_watch.h"

#include <algorithm>
#include <optional>

namespace lockkeeper::prometheus {
namespace {

// A group's turn comes within one interval; the second is for one that is under way.
constexpr int kGraceIntervals = 2;
// Until its second evaluation a Prometheus that has just been started restores since when alerts
// are pending, and only from the third on there are samples of ALERTS (Group.run in
// rules/group.go). One more for the look that comes behind it.
constexpr int kRestoreIntervals = 4;
// What an evaluation takes, between the time by which it goes and the samples that can be seen.
constexpr Millis kEvaluationMax = std::chrono::seconds(1);

template <typename Map>
std::optional<Time> since(const Map& begun, const typename Map::key_type& key) {
  const auto at = begun.find(key);
  return at == begun.end() ? std::nullopt : std::optional(at->second);
}

}  // namespace

void RuleWatch::looked(const std::vector<RuleHealth>& rules, Time now) {
  const auto waited = std::exchange(waiting_, {});
  const auto restored = std::exchange(restoring_, {});
  waiting_names_.clear();
  pending_names_.clear();
  overtaken_names_.clear();
  std::vector<RuleHealth> settled;
  for (const RuleHealth& rule : rules) {
    if (rule.state == "pending") pending_names_.insert(rule.name);
    // ALERTS was asked for before this evaluation was to be seen, so it says nothing about it.
    const auto evaluation = std::max(std::min(kEvaluationMax, rule.interval / 4), rule.evaluation);
    if (rule.last_evaluation && *rule.last_evaluation + evaluation >= now) {
      overtaken_names_.insert(rule.name);
    }
    const auto key = std::pair(rule.group, rule.name);
    const auto known = since(waited, key);
    if (rule.health != "unknown" || rule.last_evaluation) {
      settled.push_back(rule);
      // Its first evaluation is under way: Prometheus sets the health before the samples can be
      // seen, and the time behind them.
      const bool under_way = !rule.last_evaluation;
      const auto begun = known ? known : since(restored, key);
      const bool restoring =
          begun && rule.state != "inactive" && now - *begun <= kRestoreIntervals * rule.interval;
      if (restoring) restoring_.emplace(key, *begun);
      if (restoring || under_way) waiting_names_.insert(rule.name);
      continue;
    }
    waiting_.emplace(key, known.value_or(now));
    waiting_names_.insert(rule.name);
    if (now - known.value_or(now) > kGraceIntervals * rule.interval) settled.push_back(rule);
  }
  alerts_ = rule_alerts(settled, now);
}

std::vector<Labels> RuleWatch::kept(std::vector<Labels> gone) {
  std::erase_if(gone, [&](const Labels& alert) {
    const auto name = alert.get("alertname");
    const bool counts_anew = kept_.contains(alert) && pending_names_.contains(name);
    const bool overtaken = overtaken_names_.contains(name) && !overtaken_.contains(alert);
    return !waiting_names_.contains(name) && !overtaken && !counts_anew;
  });
  kept_ = {gone.begin(), gone.end()};
  overtaken_.clear();
  for (const auto& alert : kept_)
    if (overtaken_names_.contains(alert.get("alertname"))) overtaken_.insert(alert);
  return gone;
}

}  // namespace lockkeeper::prometheus
