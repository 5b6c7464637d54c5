// SPDX-License-Identifier: Apache-2.0
#pragma once

// The judgement of alerts by rules. Two steps, both simple to explain: for each alert the FIRST
// rule that matches decides, so exceptions stand before the general case; across alerts the MOST
// SEVERE action wins, so an ignored alert can never hide another one. Pure; any thread.

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "rules/rule.h"

namespace lockkeeper {

/// Where the run stands when the rules are asked.
struct Situation {
  struct Node {
    NodeStanding standing = NodeStanding::outside;
    Millis since_change{};  // how long it has had this standing
  };

  Phase phase = Phase::precheck;
  std::map<std::string, Node, std::less<>> nodes;  // a node that is absent stands outside
};

/// What one alert comes to. The rule points into the RuleBook and lives as long as that does.
struct Decision {
  std::size_t alert = 0;  // index into the alerts that were judged
  const Rule* rule = nullptr;
  RuleAction action = RuleAction::ignore;
};

/// The rule that decides about one alert: the first match, or the book's fallback. The fallback,
/// too, only acts in its phases; outside them the decision is to ignore.
Decision decide(const RuleBook& book, const Labels& alert, const Situation& situation);

/// One decision per alert, in the order given.
std::vector<Decision> decide_all(const RuleBook& book, std::span<const Labels> alerts,
                                 const Situation& situation);

/// The most severe action among decisions; ignore when there are none.
RuleAction worst(std::span<const Decision> decisions);

/// One line per rule that was tried before the decision, for `rules explain`.
struct Explanation {
  const Rule* rule = nullptr;
  std::string why_not;  // the matcher or key that failed; empty for the rule that decided
};

/// Every rule in order up to and including the one that decides (the fallback comes last).
std::vector<Explanation> explain(const RuleBook& book, const Labels& alert,
                                 const Situation& situation);

}  // namespace lockkeeper
