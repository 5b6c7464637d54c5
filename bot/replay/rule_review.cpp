// SPDX-License-Identifier: Apache-2.0
#include "bot/replay/rule_review.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "bot/gate_text.h"
#include "config/sections.h"
#include "rules/cover.h"

namespace lockkeeper::replay {
namespace {

// Keys that say what a rule does, or whose part in covering is looked at one by one. Every other
// key may narrow the rule, so it counts by how it is written.
constexpr std::array<std::string_view, 10> kLookedAt = {
    "match",       "action",       "phase",     "node",       "node_state",
    "node_within", "resume_after", "max_pause", "on_timeout", "reason"};

bool same_node(const Rule& a, const Rule& b) {
  if (!a.node || !b.node) return false;
  return std::ranges::equal(a.node->pieces, b.node->pieces, [](const auto& one, const auto& other) {
    return one.text == other.text && one.label == other.label && one.host_only == other.host_only;
  });
}

/// Whether the earlier rule applies to every node to which the later one does.
bool node_scope_covers(const Rule& earlier, const Rule& later) {
  if (!earlier.node) return true;
  if (!same_node(earlier, later)) return false;
  const bool standings =
      earlier.standings.empty() ||
      (!later.standings.empty() && std::ranges::includes(earlier.standings, later.standings));
  const bool within =
      !earlier.node_within || (later.node_within && *later.node_within <= *earlier.node_within);
  return standings && within;
}

/// Whether no other key of the earlier rule narrows it more than the later one is narrowed.
bool other_keys_cover(const Rule& earlier, const Rule& later) {
  static const Rule plain;
  return std::ranges::all_of(rule_table().keys, [&](const Key<Rule>& key) {
    if (std::ranges::find(kLookedAt, key.name) != kLookedAt.end()) return true;
    const auto shown = key.show(earlier);
    return shown == key.show(plain) || shown == key.show(later);
  });
}

/// Whether the earlier rule decides wherever the later one could, matchers apart.
bool scope_covers(const Rule& earlier, const Rule& later) {
  // A rule of any other action need not end the search.
  const bool decides = earlier.action == RuleAction::ignore ||
                       earlier.action == RuleAction::notify ||
                       earlier.action == RuleAction::pause || earlier.action == RuleAction::abort;
  return decides && std::ranges::includes(earlier.phases, later.phases) &&
         node_scope_covers(earlier, later) && other_keys_cover(earlier, later);
}

bool line_covered(const Rule& earlier, const Matchers& line) {
  return std::ranges::any_of(earlier.match,
                             [&](const Matchers& wide) { return covers(wide, line); });
}

/// Every key but the name and the operator's own words is the same.
bool is_copy(const Rule& a, const Rule& b) {
  return std::ranges::all_of(rule_table().keys, [&](const Key<Rule>& key) {
    return key.name == "reason" || key.show(a) == key.show(b);
  });
}

void review_matchers(const Rule& rule, std::vector<RuleRemark>& remarks) {
  for (const auto& line : rule.match) {
    if (const auto clash = contradiction(line); !clash.empty()) {
      remarks.push_back({&rule, fmt::format("rule {}: {} exclude each other, so {} never matches",
                                            rule.name, clash, to_string(line))});
    }
    for (const auto& matcher : line) {
      if (matcher.op == MatchOp::equal || matcher.op == MatchOp::not_equal) continue;
      if (!matches_only_empty(matcher.value)) continue;
      const bool absent = matcher.op == MatchOp::regex;
      remarks.push_back(
          {&rule, fmt::format("rule {}: {} holds only where {} is {}; write {}{}\"\" if that is "
                              "meant",
                              rule.name, to_string(matcher), matcher.name,
                              absent ? "absent" : "present", matcher.name, absent ? "=" : "!=")});
    }
  }
}

void review_cover(const RuleBook& book, std::size_t at, std::vector<RuleRemark>& remarks) {
  const Rule& rule = book.rules[at];
  std::vector<std::string> texts;
  std::size_t possible = 0;
  const Rule* only = nullptr;
  for (const auto& line : rule.match) {
    if (!contradiction(line).empty()) continue;
    ++possible;
    for (std::size_t i = 0; i < at; ++i) {
      const Rule& earlier = book.rules[i];
      if (!scope_covers(earlier, rule) || !line_covered(earlier, line)) continue;
      texts.push_back(fmt::format("{} by {}", to_string(line), rule_text(earlier)));
      only = &earlier;
      break;
    }
  }
  if (texts.empty()) return;
  if (only != nullptr && is_copy(*only, rule)) {
    remarks.push_back({&rule, fmt::format("rule {} is a copy of {} and never decides", rule.name,
                                          rule_text(*only))});
  } else if (texts.size() == possible) {
    remarks.push_back({&rule, fmt::format("rule {} never decides, it is covered: {}", rule.name,
                                          joined(texts, "; "))});
  } else {
    remarks.push_back({&rule, fmt::format("rule {}: a line of it never decides, it is covered: {}",
                                          rule.name, joined(texts, "; "))});
  }
}

}  // namespace

std::vector<RuleRemark> review(const RuleBook& book) {
  std::vector<RuleRemark> remarks;
  for (std::size_t i = 0; i < book.rules.size(); ++i) {
    review_matchers(book.rules[i], remarks);
    review_cover(book, i, remarks);
  }
  return remarks;
}

}  // namespace lockkeeper::replay
