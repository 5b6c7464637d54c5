// SPDX-License-Identifier: Apache-2.0
#pragma once

// Prometheus' answer to GET /api/v1/rules?type=alert, as far as it tells whether the rules are
// evaluated at all. A rule whose expression fails keeps its alert frozen in its last state, firing
// or not, and ALERTS does not show it. Functions for any thread.
// Contract: https://prometheus.io/docs/prometheus/latest/querying/api/#rules

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bot/time.h"
#include "rules/labels.h"
#include "rules/result.h"

namespace lockkeeper::prometheus {

struct RuleHealth {
  std::string group;
  std::string name;
  std::string health;                   // "ok", "err", "unknown"
  std::optional<Time> last_evaluation;  // nothing: never
  Millis interval{};                    // of the group
  std::string state{};                  // "inactive", "pending", "firing"
  Millis evaluation{};                  // what the last one took

  bool operator==(const RuleHealth&) const = default;
};

/// Every alerting rule of the answer.
Result<std::vector<RuleHealth>> read_rules_answer(std::string_view body);

/// What is wrong with the rules, as alerts that rules of ours can match. `now` is Prometheus' own
/// clock, so that skew between it and ours is no staleness.
///
///   {alertname="GateRuleUnhealthy", rule_name="X", group="g"}   health is not "ok"
///   {alertname="GateRulesStale", rule_name="X", group="g"}      no evaluation for three intervals
std::vector<Labels> rule_alerts(const std::vector<RuleHealth>& rules, Time now);

}  // namespace lockkeeper::prometheus
