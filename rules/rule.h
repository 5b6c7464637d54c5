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
#include "rules/node_template.h"
#include "rules/window.h"

namespace lockkeeper {

/// What a matching alert does to the run, from mildest to most severe.
enum class RuleAction {
  ignore,  ///< nothing; the alert is expected
  notify,  ///< said in chat and counted; the run goes on
  resume,  ///< while it fires, the pauses of the rules it names are void; the run goes on
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

/// Which states of an alert a rule is for. Pending means that its expression is true and its `for`
/// is not over: noise for most gates, so firing alone is the default.
enum class StateScope { firing, pending, any };

/// Who vouches for an alert.
enum class Source {
  prometheus,    ///< a poll of Prometheus
  webhook,       ///< a message that somebody posted; it alone never ends a run, nor resumes one
  alertmanager,  ///< a poll of Alertmanager, which also knows the alerts of other rulers
};

/// What becomes of alerts that fired when the run began. `ignore` and `abort` are for that run, and
/// for the same alert on the same object (by fingerprint), even when it goes and comes back.
enum class Preexisting { as_new, ignore, abort };

/// One rule. The lines of `match` are alternatives; inside one line all matchers must match. Every
/// key behind it narrows the rule further: a rule decides about an alert only while all of its keys
/// hold, and otherwise the next rule is tried, as if this one were not there. So a further key
/// never opens the gate by itself; what follows decides, at last the default action.
struct Rule {
  std::string name;
  std::string file;  // where it stands, for explanations
  int line = 0;
  std::vector<Matchers> match;
  RuleAction action = RuleAction::pause;

  // Which alerts, and where in a run.
  StateScope state = StateScope::firing;
  std::optional<Source> source;  // nothing: any
  std::set<Phase> phases = {Phase::precheck, Phase::between, Phase::soak};
  std::optional<NodeTemplate> node;
  bool node_missing_matches = false;  // `node_missing = match`: also alerts that name no node
  std::set<NodeStanding> standings;   // empty: any
  std::optional<Millis> node_within;  // only this long after the node's standing changed
  Millis hold_for{};   // seen this long, without a gap, by good polls; a webhook's word counts 0
  int min_alerts = 1;  // so many distinct alerts must come to this rule and match

  // When. An unknown time counts as inside for rules that hold a run, as outside for the others.
  std::vector<Window> active;      // inside any of them; empty: always
  std::vector<Window> not_active;  // and outside all of these
  std::optional<Time> expires;     // from then on the rule is as if it were not there

  // What the action means.
  Preexisting preexisting = Preexisting::as_new;
  bool honor_silences = false;      // a silenced or inhibited alert is ignored where it decides
  Millis resume_after{};            // how long it must be quiet before the pause is lifted
  Millis min_pause{};               // how long a pause lasts at least
  std::optional<Millis> max_pause;  // nothing: no limit
  OnTimeout on_timeout = OnTimeout::stay;
  bool sticky = false;               // the pause ends only after a person's resume
  std::vector<std::string> resumes;  // of action resume: the pause rules that it voids

  std::string reason;   // the operator's own words, shown with every verdict; see reason_for()
  std::string runbook;  // where to read on, shown behind the reason
};

/// The rule's reason for one alert: `${labels.NAME}` and `${node}` filled in, each value clipped
/// and on one line, and the runbook behind it. A label's value is only ever text, never read again.
std::string reason_for(const Rule& rule, const Labels& labels);

/// The text, or why it cannot be a reason: it holds another reference than those two.
Result<std::string> checked_reason(std::string_view text);

/// Whether a window of it says that what it holds stays held when the window ends.
bool outlasts_windows(const Rule& rule);

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
std::string_view to_string(StateScope scope);
std::string_view to_string(Source source);
std::string_view to_string(Preexisting preexisting);

/// Whether the action keeps a run from its next step.
constexpr bool blocks(RuleAction action) {
  return action >= RuleAction::pause;
}

}  // namespace lockkeeper
