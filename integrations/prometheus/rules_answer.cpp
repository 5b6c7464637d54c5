// SPDX-License-Identifier: Apache-2.0
#include "integrations/prometheus/rules_answer.h"

#include <fmt/format.h>

#include <cmath>

#include "integrations/prometheus/envelope.h"

namespace lockkeeper::prometheus {
namespace {

using json::Path;
using json::Shape;
using json::Value;

// How many containers are open around ...
constexpr std::size_t kGroups = 2;       // ... data.groups
constexpr std::size_t kGroup = 3;        // ... data.groups[0]
constexpr std::size_t kGroupMember = 4;  // ... data.groups[0].interval
constexpr std::size_t kRule = 5;         // ... data.groups[0].rules[0]
constexpr std::size_t kRuleMember = 6;   // ... data.groups[0].rules[0].health

constexpr std::size_t kRulesMax = 100'000;
constexpr int kStaleIntervals = 3;
// Go's zero time: the rule has not been evaluated yet.
constexpr std::string_view kNever = "0001-01-01T00:00:00Z";

class RulesReader : public Envelope {
 public:
  std::vector<RuleHealth> rules;
  bool groups_seen = false;

 protected:
  Status begin_data(const Path& path, Shape shape) override {
    if (!in_groups(path)) return {};
    if (path.depth() == kGroups) {
      groups_seen = true;
      return shape == Shape::array ? Status() : wrong_type(path, "an array");
    }
    if (path.depth() == kGroup) {
      if (shape != Shape::object) return wrong_type(path, "an object");
      group_ = {};
      first_of_group_ = rules.size();
    }
    if (path.depth() == kGroupMember && path.key(3) == "rules" && shape != Shape::array) {
      return wrong_type(path, "an array");
    }
    if (path.depth() != kRule || path.key(3) != "rules") return {};
    if (shape != Shape::object) return wrong_type(path, "an object");
    if (rules.size() == kRulesMax) return fail(fmt::format("more than {} rules", kRulesMax));
    rules.emplace_back();
    return {};
  }

  Status end_data(const Path& path, Shape) override {
    if (!in_groups(path)) return {};
    if (path.depth() == kRule && path.key(3) == "rules" && rules.back().health.empty()) {
      return fail(path.text() + ".health: missing");
    }
    if (path.depth() != kGroup) return {};
    if (group_.interval <= Millis(0)) return fail(path.text() + ".interval: missing");
    for (std::size_t i = first_of_group_; i < rules.size(); ++i) {
      rules[i].group = group_.group;
      rules[i].interval = group_.interval;
    }
    return {};
  }

  Status value_data(const Path& path, const Value& value) override {
    if (!in_groups(path)) return {};
    if (path.depth() == kGroups) return wrong_type(path, "an array");
    const bool rule = path.depth() == kRule && path.key(3) == "rules";
    if (path.depth() == kGroup || rule) return wrong_type(path, "an object");
    if (path.depth() == kGroupMember) return group_member(path, value);
    const bool in_rule = path.depth() == kRuleMember && path.key(3) == "rules";
    return in_rule ? rule_member(path, value) : Status();
  }

 private:
  static bool in_groups(const Path& path) {
    return path.depth() >= kGroups && path.key(1) == "groups";
  }

  Status group_member(const Path& path, const Value& value) {
    if (path.key(3) == "name" && value.kind == Value::Kind::text) group_.group = value.text;
    if (path.key(3) != "interval") return {};
    const auto seconds = seconds_of(value);
    if (!seconds) return wrong_type(path, "a number of seconds");
    group_.interval = *seconds;
    return {};
  }

  Status rule_member(const Path& path, const Value& value) {
    const std::string_view name = path.key(5);
    // A hint only: one that cannot be read makes nobody blind.
    if (name == "evaluationTime") rules.back().evaluation = seconds_of(value).value_or(Millis(0));
    const bool known =
        name == "name" || name == "health" || name == "lastEvaluation" || name == "state";
    if (!known) return {};
    if (value.kind != Value::Kind::text) return wrong_type(path, "a string");
    if (name == "name") rules.back().name = value.text;
    if (name == "health") rules.back().health = value.text;
    if (name == "state") rules.back().state = value.text;
    if (name != "lastEvaluation" || value.text == kNever) return {};
    const auto at = parse_time(value.text);
    if (!at) return wrong_type(path, "a time");
    rules.back().last_evaluation = *at;
    return {};
  }

  static std::optional<Millis> seconds_of(const Value& value) {
    const bool number = value.kind == Value::Kind::whole || value.kind == Value::Kind::real;
    const auto seconds = number ? time_of(value.number) : std::nullopt;
    return seconds ? std::optional(seconds->time_since_epoch()) : std::nullopt;
  }

  RuleHealth group_;  // its name and interval
  std::size_t first_of_group_ = 0;
};

Labels alert_of(std::string_view alertname, const RuleHealth& rule) {
  Labels labels;
  labels.set("alertname", alertname);
  labels.set("rule_name", rule.name);
  labels.set("group", rule.group);
  return labels;
}

}  // namespace

Result<std::vector<RuleHealth>> read_rules_answer(std::string_view body) {
  RulesReader reader;
  if (auto read = reader.read(body); !read) return std::unexpected(read.error());
  if (!reader.groups_seen) return fail("data.groups: missing");
  return std::move(reader.rules);
}

std::vector<Labels> rule_alerts(const std::vector<RuleHealth>& rules, Time now) {
  std::vector<Labels> alerts;
  for (const RuleHealth& rule : rules) {
    if (rule.health != "ok") alerts.push_back(alert_of("GateRuleUnhealthy", rule));
    // A rule that has never been evaluated is "unknown" above; its age would say nothing.
    const bool stale =
        rule.last_evaluation && now - *rule.last_evaluation > kStaleIntervals * rule.interval;
    if (stale) alerts.push_back(alert_of("GateRulesStale", rule));
  }
  return alerts;
}

}  // namespace lockkeeper::prometheus
