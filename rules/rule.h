// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an operator writes about alerts: rules, each with matchers, a scope and an action, and the
// book that holds them in file order. Plain values, built by config/ and read by evaluate.h.

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rules/matcher.h"
#include "rules/text.h"

namespace lockkeeper {

/// What a matching alert does to the run, from mildest to most severe.
enum class RuleAction {
  ignore,  ///< nothing; the alert is expected
  notify,  ///< said in chat and counted; the run goes on
  pause,   ///< no new node starts until the alert has been gone for `resume_after`
  abort,   ///< the run ends at its next safe point, and stays ended
};

/// Where in a run a verdict is consulted.
enum class Phase {
  precheck,  ///< before anything is changed
  between,   ///< before a node is cordoned, and again immediately before its first eviction
  drain,     ///< while pods are being evicted
  upgrade,   ///< while the node's own script runs
  soak,      ///< while the finished node is watched
};

/// How the node that an alert speaks of stands to the run.
enum class NodeStanding {
  pending,  ///< in the plan, not yet begun
  next,     ///< the one that would be begun now
  active,   ///< being worked on
  done,     ///< finished by this run
  outside,  ///< not in the plan
};

/// What happens when a pause has lasted for `max_pause`.
enum class OnTimeout { stay, abort, proceed };

/// Maps an alert to a node: literal text and label references, such as `${labels.node}` or
/// `${labels.instance:host}` (the part before the port).
struct NodeTemplate {
  struct Piece {
    std::string text;        // literal text, or the label's name
    bool label = false;      // whether `text` names a label
    bool host_only = false;  // cut ":port" off the label's value
  };
  std::vector<Piece> pieces;

  /// The node's name for these labels; nothing when a label it needs is missing.
  [[nodiscard]] std::optional<std::string> resolve(const Labels& labels) const;
};

/// Reads a node template; the failure names the malformed reference.
Result<NodeTemplate> parse_node_template(std::string_view text);

/// One rule. The lines of `match` are alternatives; inside one line all matchers must match.
struct Rule {
  std::string name;
  std::string file;  // where it stands, for explanations
  int line = 0;
  std::vector<Matchers> match;
  RuleAction action = RuleAction::pause;
  std::set<Phase> phases = {Phase::precheck, Phase::between, Phase::soak};
  std::optional<NodeTemplate> node;
  std::set<NodeStanding> standings;   // empty: any
  std::optional<Millis> node_within;  // only this long after the node's standing changed
  Millis resume_after{};              // how long it must be quiet before the pause is lifted
  std::optional<Millis> max_pause;    // nothing: no limit
  OnTimeout on_timeout = OnTimeout::stay;
  std::string reason;  // the operator's own words, shown with every verdict
};

/// All rules in the order in which they are tried, and what becomes of an alert that none matches.
struct RuleBook {
  std::vector<Rule> rules;
  Rule fallback;  // `default_action` as a rule: no matchers, so it matches everything
  Labels external_labels;
  std::vector<std::string> ignore_labels;
  Matchers watchdog;  // the alert whose presence proves that Prometheus evaluates rules
};

/// The rules every book begins with unless `builtin_ignores = no`: Watchdog and InfoInhibitor (they
/// fire by design), RebootRequired and KuredNodeWasNotDrained (kured's, about reboots that wait),
/// and the alerts that this tool's own run causes.
std::vector<Rule> builtin_rules();

std::string_view to_string(RuleAction action);
std::string_view to_string(Phase phase);
std::string_view to_string(NodeStanding standing);
std::string_view to_string(OnTimeout on_timeout);

}  // namespace lockkeeper
