// SPDX-License-Identifier: Apache-2.0
#include "rules/scope.h"

#include <fmt/format.h>

#include <algorithm>

namespace lockkeeper {
namespace {

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
  if (!node) return rule.node_missing_matches;
  const auto standing = standing_of(situation, *node);
  if (!rule.standings.empty() && !rule.standings.contains(standing.standing)) return false;
  return within(rule, situation, *node);
}

bool state_holds(const Rule& rule, const Evidence& evidence) {
  return rule.state == StateScope::any || evidence.pending == (rule.state == StateScope::pending);
}

/// The time for hold_for: of a rule for both states it goes on through the change of state.
Millis seen(const Rule& rule, const Evidence& evidence) {
  return rule.state == StateScope::any ? evidence.seen_any : evidence.seen;
}

/// When nobody can tell the time, a rule that holds a run counts and one that lets it go does not.
bool expired(const Rule& rule, const Situation& situation) {
  if (!rule.expires) return false;
  return situation.wall ? *situation.wall >= *rule.expires : !blocks(rule.action);
}

bool open(const std::vector<Window>& windows, Time wall) {
  return std::ranges::any_of(windows, [&](const Window& window) { return window.open_at(wall); });
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

std::string windows_text(const std::vector<Window>& windows) {
  std::vector<std::string> words;
  for (const auto& window : windows)
    words.push_back(to_string(window));
  return joined(words, " or ");
}

std::string sources_text(const Sources& sources) {
  std::vector<std::string> words;
  for (const auto source : {Source::prometheus, Source::webhook, Source::alertmanager})
    if (sources.has(source)) words.emplace_back(to_string(source));
  return words.empty() ? "nobody" : joined(words);
}

std::string why_not_now(const Rule& rule, const Situation& situation) {
  if (expired(rule, situation)) {
    return situation.wall ? fmt::format("it expired at {}", to_string(*rule.expires))
                          : "the time is unknown, and the rule expires";
  }
  if (!situation.wall) return "the time is unknown, and the rule has windows";
  if (!rule.active.empty() && !open(rule.active, *situation.wall)) {
    return fmt::format("outside its window {}", windows_text(rule.active));
  }
  return fmt::format("inside of not_active {}", windows_text(rule.not_active));
}

std::string why_not_node(const Rule& rule, const Labels& alert, const Situation& situation) {
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

bool Sources::has(Source source) const {
  switch (source) {
    case Source::prometheus:
      return prometheus;
    case Source::webhook:
      return webhook;
    case Source::alertmanager:
      return alertmanager;
  }
  return false;
}

bool any_match(const Rule& rule, const Labels& alert) {
  return std::ranges::any_of(rule.match,
                             [&](const Matchers& line) { return matches(line, alert); });
}

bool outside_windows(const Rule& rule, const Situation& situation) {
  if (rule.active.empty() && rule.not_active.empty()) return false;
  if (!situation.wall) return !blocks(rule.action);
  return (!rule.active.empty() && !open(rule.active, *situation.wall)) ||
         open(rule.not_active, *situation.wall);
}

bool ever_open(const Rule& rule, Time start) {
  Situation situation;
  const auto first = std::chrono::floor<std::chrono::minutes>(start);
  for (auto at = first; at < first + std::chrono::days(14); at += std::chrono::minutes(1)) {
    situation.wall = at;
    if (!outside_windows(rule, situation)) return true;
  }
  return false;
}

bool in_force(const Rule& rule, const Situation& situation) {
  return rule.phases.contains(situation.phase) && !expired(rule, situation) &&
         (outlasts_windows(rule) || !outside_windows(rule, situation));
}

bool MatchMemo::match(const Rule& rule, std::size_t place, const Labels& alert) {
  if (known_.size() <= place) known_.resize(place + 1);
  auto& known = known_[place];
  if (known == Known::unknown) known = any_match(rule, alert) ? Known::yes : Known::no;
  return known == Known::yes;
}

bool applies(const Rule& rule, const Labels& alert, const Evidence& evidence,
             const Situation& situation, bool closed, MatchMemo* memo, std::size_t place) {
  if (closed && !(outlasts_windows(rule) && evidence.held_by == &rule)) return false;
  return state_holds(rule, evidence) && (!rule.source || evidence.sources.has(*rule.source)) &&
         seen(rule, evidence) >= rule.hold_for &&
         (memo == nullptr ? any_match(rule, alert) : memo->match(rule, place, alert)) &&
         node_scope_holds(rule, alert, situation);
}

std::string force_text(const Rule& rule, const Situation& situation) {
  if (expired(rule, situation) || outside_windows(rule, situation)) {
    return why_not_now(rule, situation);
  }
  if (rule.phases.contains(situation.phase)) return "in force";
  return fmt::format("not in phase {}", to_string(situation.phase));
}

std::string why_not(const Rule& rule, const Labels& alert, const Evidence& evidence,
                    const Situation& situation) {
  if (!any_match(rule, alert)) return mismatch_text(rule, alert);
  if (!rule.phases.contains(situation.phase)) {
    return fmt::format("phase is {}, the rule is for {}", to_string(situation.phase),
                       names(rule.phases));
  }
  if (!state_holds(rule, evidence)) {
    return fmt::format("the alert is {}, the rule is for {}",
                       evidence.pending ? "pending" : "firing", to_string(rule.state));
  }
  if (rule.source && !evidence.sources.has(*rule.source)) {
    return fmt::format("seen by {}, the rule is for {}", sources_text(evidence.sources),
                       to_string(*rule.source));
  }
  if (!node_scope_holds(rule, alert, situation)) return why_not_node(rule, alert, situation);
  const bool closed = outside_windows(rule, situation);
  if (expired(rule, situation) || !applies(rule, alert, evidence, situation, closed)) {
    if (seen(rule, evidence) < rule.hold_for && !expired(rule, situation) && !closed) {
      return fmt::format("seen for {} of hold_for {}", to_string(seen(rule, evidence)),
                         to_string(rule.hold_for));
    }
    return why_not_now(rule, situation);
  }
  return {};
}

}  // namespace lockkeeper
