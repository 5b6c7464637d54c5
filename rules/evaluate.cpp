// SPDX-License-Identifier: Apache-2.0
#include "rules/evaluate.h"

#include <fmt/format.h>

#include <algorithm>

namespace lockkeeper {
namespace {

bool any_match(const Rule& rule, const Labels& alert) {
  return std::ranges::any_of(rule.match,
                             [&](const Matchers& line) { return matches(line, alert); });
}

Situation::Node standing_of(const Situation& situation, const std::string& node) {
  const auto at = situation.nodes.find(node);
  return at == situation.nodes.end() ? Situation::Node{} : at->second;
}

/// A node that the run does not know has never changed its standing, so no time since then can be
/// short: a rule for the echo of our own work must not excuse somebody else's.
bool within(const Rule& rule, const Situation& situation, const std::string& node) {
  if (!rule.node_within) return true;
  const auto at = situation.nodes.find(node);
  return at != situation.nodes.end() && at->second.since_change <= *rule.node_within;
}

bool node_scope_holds(const Rule& rule, const Labels& alert, const Situation& situation) {
  if (!rule.node) return true;
  const auto node = rule.node->resolve(alert);
  if (!node) return false;
  const auto standing = standing_of(situation, *node);
  if (!rule.standings.empty() && !rule.standings.contains(standing.standing)) return false;
  return within(rule, situation, *node);
}

bool applies(const Rule& rule, const Labels& alert, const Situation& situation) {
  return rule.phases.contains(situation.phase) && any_match(rule, alert) &&
         node_scope_holds(rule, alert, situation);
}

std::string mismatch_text(const Rule& rule, const Labels& alert) {
  if (rule.match.empty()) return "the rule has no match";
  std::vector<std::string> lines;
  for (const auto& line : rule.match) {
    const Matcher* matcher = first_mismatch(line, alert);
    const std::string_view actual = alert.get(matcher->name);
    lines.push_back(fmt::format("{} does not match {}", to_string(*matcher),
                                actual.empty() ? "(absent)" : quoted(clipped(actual, 80))));
  }
  return joined(lines, "; ");
}

template <typename Set>
std::string names(const Set& set) {
  std::vector<std::string> words;
  for (const auto item : set)
    words.emplace_back(to_string(item));
  return joined(words);
}

std::string why_not(const Rule& rule, const Labels& alert, const Situation& situation) {
  if (!any_match(rule, alert)) return mismatch_text(rule, alert);
  if (!rule.phases.contains(situation.phase)) {
    return fmt::format("phase is {}, the rule is for {}", to_string(situation.phase),
                       names(rule.phases));
  }
  const auto node = rule.node->resolve(alert);
  if (!node) return "the alert does not name a node";
  const auto standing = standing_of(situation, *node);
  if (!rule.standings.empty() && !rule.standings.contains(standing.standing)) {
    return fmt::format("node {} is {}, the rule is for {}", *node, to_string(standing.standing),
                       names(rule.standings));
  }
  if (!situation.nodes.contains(*node)) {
    return fmt::format("node {} is not part of the run, so node_within never holds", *node);
  }
  return fmt::format("node {} has been {} for {}, longer than node_within = {}", *node,
                     to_string(standing.standing), to_string(standing.since_change),
                     to_string(*rule.node_within));
}

}  // namespace

Decision decide(const RuleBook& book, const Labels& alert, const Situation& situation) {
  const auto rule = std::ranges::find_if(
      book.rules, [&](const Rule& candidate) { return applies(candidate, alert, situation); });
  if (rule != book.rules.end()) return {0, &*rule, rule->action};
  const bool consulted = book.fallback.phases.contains(situation.phase);
  return {0, &book.fallback, consulted ? book.fallback.action : RuleAction::ignore};
}

std::vector<Decision> decide_all(const RuleBook& book, std::span<const Labels> alerts,
                                 const Situation& situation) {
  std::vector<Decision> decisions;
  decisions.reserve(alerts.size());
  for (std::size_t i = 0; i < alerts.size(); ++i) {
    auto decision = decide(book, alerts[i], situation);
    decision.alert = i;
    decisions.push_back(decision);
  }
  return decisions;
}

RuleAction worst(std::span<const Decision> decisions) {
  RuleAction action = RuleAction::ignore;
  for (const auto& decision : decisions)
    action = std::max(action, decision.action);
  return action;
}

std::vector<Explanation> explain(const RuleBook& book, const Labels& alert,
                                 const Situation& situation) {
  std::vector<Explanation> lines;
  for (const auto& rule : book.rules) {
    if (applies(rule, alert, situation)) {
      lines.push_back({&rule, {}});
      return lines;
    }
    lines.push_back({&rule, why_not(rule, alert, situation)});
  }
  lines.push_back({&book.fallback, {}});
  return lines;
}

}  // namespace lockkeeper
