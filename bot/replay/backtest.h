// SPDX-License-Identifier: Apache-2.0
#pragma once

// What these rules would have done to upgrades in the past: the real gate is fed with a history and
// runs are simulated through it, one after the other, as the runner would take them: a start that
// an alert forbids is refused, a pause holds before each node, before its script and in its soak,
// an abort ends the run. Pure; any thread.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bot/replay/history.h"
#include "config/settings.h"

namespace lockkeeper::replay {

struct BacktestOptions {
  std::vector<std::string> nodes;  // in the order of their upgrade
  Millis node_time{};              // one node from cordon to Ready; a quarter of it is its drain
  Millis soak{};
  Millis soak_limit{};
  Millis settle_limit{};      // how long a start waits for sight and quiet, but for no alert
  std::vector<Time> starts;   // ascending; one that falls into an open run is skipped
  bool assume_sight = false;  // a look without the Watchdog is a good one all the same
};

/// Names for `count` nodes: those that the rules' node keys find in the history, then made-up ones.
std::vector<std::string> node_names(const History& history, const RuleBook& book,
                                    std::size_t count);

enum class RunEnd { done, aborted, refused, failed, open };

struct SimulatedRun {
  Time began{};
  Time ended{};  // for an open one, the end of the history
  RunEnd end = RunEnd::open;
  Millis held{};                     // at the gate
  std::vector<std::string> rules;    // that refused or aborted it
  std::vector<std::string> reasons;  // why it was refused, aborted, or failed
};

/// A stretch of waiting at the gate.
struct SimulatedPause {
  Time from{};
  Time to{};
  std::map<std::string, Millis> held;  // by rule, "blindness" among them: for how long
  std::vector<std::string> reasons;    // as at its beginning
};

struct Stretch {
  Time from{};
  Time to{};
};

/// What one rule did, blindness and default_action included.
struct RuleTally {
  std::string name;
  std::string place;  // "disk (rules.ini:12)"
  std::string action;
  int pauses = 0;
  int refused = 0;
  int aborted = 0;
  Millis held{};                // while several rules hold a run, the time counts for each of them
  Millis longest{};             // pause
  std::vector<Stretch> firing;  // when it decided about an alert
};

/// Alerts of one name about which default_action decided.
struct UnruledAlert {
  std::string match;  // the matchers of a rule for it
  std::size_t series = 0;
  std::size_t episodes = 0;
  Millis firing{};
};

struct Gap {
  Time from{};
  Time to{};
  std::string why;
};

struct BacktestReport {
  Time from{};
  Time to{};
  Millis step{};
  std::size_t series = 0;
  std::size_t nodes = 0;
  Millis undisturbed{};  // what a run takes that nothing holds
  int skipped = 0;       // starts that fell into an open run
  std::vector<SimulatedRun> runs;
  std::vector<SimulatedPause> pauses;
  std::vector<RuleTally> rules;       // those that did or saw anything, in the book's order
  std::vector<std::string> never;     // places of the operator's rules that decided nothing
  std::vector<UnruledAlert> unruled;  // the most frequent first
  std::vector<Gap> gaps;
  std::string default_action;
};

BacktestReport backtest(const History& history, const RuleBook& book, const GateSettings& settings,
                        const BacktestOptions& options);

std::string_view end_text(RunEnd end);

}  // namespace lockkeeper::replay
