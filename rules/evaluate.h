// SPDX-License-Identifier: Apache-2.0
#pragma once

// The judgement of alerts by rules. Two steps, both simple to explain: for each alert the FIRST
// rule of which all keys hold decides, so exceptions stand before the general case; across alerts
// the MOST SEVERE action wins, so an ignored alert can never hide another one. Pure; any thread.

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "rules/scope.h"

namespace lockkeeper {

/// One alert with what is known of it. Both are owned by the caller.
struct AlertSeen {
  const Labels* labels = nullptr;
  const Evidence* evidence = nullptr;  // null: as Evidence is by default
  MatchMemo* memo = nullptr;           // null: the matchers are asked anew
};

/// What one alert comes to. The rule points into the RuleBook and lives as long as that does.
struct Decision {
  /// Why the action is not the one that the rule names.
  enum class Because { rule, preexisting, suppressed };

  std::size_t alert = 0;  // index into the alerts that were judged
  const Rule* rule = nullptr;
  RuleAction action = RuleAction::ignore;
  Because because = Because::rule;
};

/// The rule that decides about one alert: the first of which all keys hold, or the book's fallback.
/// The fallback, too, only acts in its phases; outside them the decision is to ignore. It never
/// acts on a pending alert. The alert is taken for the only one there is, which min_alerts looks
/// at.
Decision decide(const RuleBook& book, const Labels& alert, const Situation& situation,
                const Evidence& evidence = {});

/// One decision per alert, in the order given. The alerts must be distinct. For min_alerts those
/// count that come to the rule, which an earlier one has not decided about: an alert that is an
/// exception is not one of the crowd.
std::vector<Decision> decide_all(const RuleBook& book, std::span<const AlertSeen> alerts,
                                 const Situation& situation);
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
/// `crowd` are all alerts of the moment, the one that is explained among them: min_alerts counts
/// them. Without it the alert is taken for the only one.
std::vector<Explanation> explain(const RuleBook& book, const Labels& alert,
                                 const Situation& situation, const Evidence& evidence = {},
                                 std::span<const AlertSeen> crowd = {});

}  // namespace lockkeeper
