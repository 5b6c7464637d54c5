// SPDX-License-Identifier: Apache-2.0
#pragma once

// A gate, polled every 15 seconds, for tests. Time is monotonic and begins at 0 with the process.

#include <string>
#include <string_view>
#include <vector>

#include "bot/gate.h"
#include "tests/unit/bot/small_cluster.h"

namespace lockkeeper::test {

inline constexpr Millis kPoll = std::chrono::seconds(15);

inline Moment after(Millis since_start) {
  return {since_start};
}

/// A rule that stands in rules.ini:7 and lets go after a minute.
inline Rule gate_rule(std::string name, std::string_view matcher, RuleAction action) {
  Rule made;
  made.name = std::move(name);
  made.file = "rules.ini";
  made.line = 7;
  made.match.push_back(parse_matchers(matcher).value());
  made.action = action;
  made.resume_after = std::chrono::minutes(1);
  return made;
}

/// A gate that has been quiet for long enough at 5 minutes, with a run open. What no rule matches
/// is said only, so that the rules under test stand alone.
struct GateWorld {
  Gate gate;
  Millis now{};

  static RuleBook book(std::vector<Rule> rules) {
    RuleBook made;
    made.rules = std::move(rules);
    made.fallback = gate_rule("default_action", "alertname=~\".*\"", RuleAction::notify);
    return made;
  }

  explicit GateWorld(std::vector<Rule> rules, GateSettings settings = {})
      : gate(book(std::move(rules)), settings) {
    passes(std::chrono::minutes(5), {});
    gate.arm({}, kNoon, after(now));
  }

  static Sighting sighting(std::vector<Labels> firing) {
    Sighting seen;
    seen.good = seen.watchdog = true;
    seen.firing = std::move(firing);
    return seen;
  }

  /// Polls until `time` has passed; the last one is at its end. Nothing when no poll fits.
  void passes(Millis time, const std::vector<Labels>& firing) {
    for (const Millis end = now + time; now < end; now += kPoll)
      gate.saw(sighting(firing), after(now + kPoll));
  }

  void polls(const Sighting& seen) {
    now += kPoll;
    gate.saw(seen, after(now));
  }

  [[nodiscard]] Verdict ask(std::optional<Time> wall = {}) {
    Situation situation;
    situation.phase = Phase::between;
    situation.wall = wall;
    return gate.ask(situation, after(now));
  }

  [[nodiscard]] Answer answer(std::optional<Time> wall = {}) { return ask(wall).answer; }
};

}  // namespace lockkeeper::test
