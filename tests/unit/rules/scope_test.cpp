// SPDX-License-Identifier: Apache-2.0

// The keys that narrow a rule, each on both sides of its edge, and what is said when one fails.

#include "rules/scope.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <utility>

#include "rules/evaluate.h"

namespace lockkeeper {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Labels kAlert{{"alertname", "A"}};

Rule rule(std::string name, RuleAction action = RuleAction::abort) {
  Rule made;
  made.name = std::move(name);
  made.match = {parse_matchers("alertname=~\".+\"").value()};
  made.action = action;
  return made;
}

RuleBook book(std::vector<Rule> rules) {
  RuleBook made;
  made.rules = std::move(rules);
  made.fallback.name = "default_action";
  made.fallback.action = RuleAction::pause;
  return made;
}

/// "name/action", and behind it why the first rule does not decide.
std::string decided(const Rule& one, const Evidence& evidence, const Situation& situation = {},
                    const Labels& alert = kAlert) {
  const auto rules = book({one});
  const auto decision = decide(rules, alert, situation, evidence);
  const auto why = explain(rules, alert, situation, evidence).front().why_not;
  CHECK(why.empty() == (decision.rule == &rules.rules.front()));
  return decision.rule->name + "/" + std::string(to_string(decision.action)) +
         (why.empty() ? "" : ": " + why);
}

Situation at(std::string_view time) {
  Situation situation;
  if (!time.empty()) situation.wall = parse_time(time).value();
  return situation;
}

Window office() {
  Window window;
  window.days = parse_days("Mon-Fri").value();
  window.from = hours(8);
  window.to = hours(18);
  return window;
}

}  // namespace

TEST_CASE("a rule is for firing alerts unless it says otherwise") {
  auto one = rule("r");
  const Evidence firing;
  Evidence pending;
  pending.pending = true;
  CHECK(decided(one, firing) == "r/abort");
  CHECK(decided(one, pending) ==
        "default_action/ignore: the alert is pending, the rule is for firing");
  one.state = StateScope::pending;
  CHECK(decided(one, pending) == "r/abort");
  CHECK(decided(one, firing) ==
        "default_action/pause: the alert is firing, the rule is for pending");
  one.state = StateScope::any;
  CHECK(decided(one, pending) == "r/abort");
  CHECK(decided(one, firing) == "r/abort");
}

TEST_CASE("a source must vouch for the alert, others may as well") {
  auto one = rule("r");
  one.source = Source::webhook;
  Evidence evidence;
  CHECK(decided(one, evidence) ==
        "default_action/pause: seen by prometheus, the rule is for webhook");
  evidence.sources.webhook = true;
  CHECK(decided(one, evidence) == "r/abort");
  one.source = Source::alertmanager;
  CHECK(decided(one, evidence) ==
        "default_action/pause: seen by prometheus, webhook, the rule is for alertmanager");
}

TEST_CASE("hold_for is reached with its last millisecond") {
  auto one = rule("r");
  one.hold_for = seconds(30);
  Evidence evidence;
  evidence.seen_any = hours(1);
  evidence.seen = seconds(12);
  CHECK(decided(one, evidence) == "default_action/pause: seen for 12s of hold_for 30s");
  evidence.seen = seconds(30) - Millis(1);
  CHECK(decided(one, evidence).starts_with("default_action"));
  evidence.seen = seconds(30);
  CHECK(decided(one, evidence) == "r/abort");
  one.state = StateScope::any;
  evidence.seen = seconds(0);
  CHECK(decided(one, evidence) == "r/abort");
}

TEST_CASE("min_alerts counts those that come to the rule and match") {
  auto exception = rule("exception", RuleAction::ignore);
  exception.match = {parse_matchers("team=\"dev\"").value()};
  auto crowd = rule("crowd");
  crowd.min_alerts = 2;
  const auto rules = book({exception, crowd});
  const Labels dev{{"alertname", "A"}, {"team", "dev"}};
  const Labels first{{"alertname", "A"}, {"pod", "1"}};
  const Labels second{{"alertname", "A"}, {"pod", "2"}};
  const auto worst_of = [&](std::vector<Labels> alerts) {
    return worst(decide_all(rules, std::span<const Labels>(alerts), {}));
  };
  CHECK(worst_of({dev, first}) == RuleAction::pause);
  CHECK(worst_of({first, dev, second}) == RuleAction::abort);
  CHECK(decide(rules, first, {}).rule == &rules.fallback);
  CHECK(explain(rules, first, {})[1].why_not == "1 alert of min_alerts 2");

  const Evidence evidence;
  const std::array<AlertSeen, 2> both = {AlertSeen{&first, &evidence},
                                         AlertSeen{&second, &evidence}};
  CHECK(explain(rules, first, {}, evidence, both).back().rule == &rules.rules[1]);
}

TEST_CASE("alerts that a crowd rule leaves alone come to the next rule in their order") {
  auto crowd = rule("crowd");
  crowd.match = {parse_matchers("kind=\"x\"").value()};
  crowd.min_alerts = 3;
  const auto rules = book({crowd, rule("rest", RuleAction::notify)});
  const std::vector<Labels> alerts = {
      {{"alertname", "1"}}, {{"alertname", "2"}, {"kind", "x"}}, {{"alertname", "3"}}};
  const auto decisions = decide_all(rules, std::span<const Labels>(alerts), {});
  for (std::size_t i = 0; i < alerts.size(); ++i) {
    CHECK(decisions[i].alert == i);
    CHECK(decisions[i].rule->name == "rest");
  }
}

TEST_CASE("node_missing = match takes in alerts that name no node") {
  auto one = rule("r");
  one.node = parse_node_template("${labels.node}").value();
  one.standings = {NodeStanding::done};
  CHECK(decided(one, {}) == "default_action/pause: the alert does not name a node");
  one.node_missing_matches = true;
  CHECK(decided(one, {}) == "r/abort");
  CHECK(decided(one, {}, {}, {{"alertname", "A"}, {"node", "w1"}}) ==
        "default_action/pause: node w1 is outside, the rule is for done");
}

TEST_CASE("a rule counts inside of any active window and outside of all others") {
  auto one = rule("r");
  one.active = {office()};
  CHECK(decided(one, {}, at("2026-11-20T12:00:00Z")) == "r/abort");
  CHECK(decided(one, {}, at("2026-11-20T18:00:00Z")) ==
        "default_action/pause: outside its window Mon-Fri 08:00-18:00 UTC");
  auto lunch = office();
  lunch.name = "lunch";
  lunch.from = hours(12);
  lunch.to = hours(13);
  one.not_active = {lunch};
  CHECK(decided(one, {}, at("2026-11-20T12:00:00Z")) ==
        "default_action/pause: inside of not_active lunch (Mon-Fri 12:00-13:00 UTC)");
  CHECK(decided(one, {}, at("2026-11-20T13:00:00Z")) == "r/abort");
}

TEST_CASE("a window that says pause keeps what the rule holds, and nothing else") {
  auto one = rule("r", RuleAction::pause);
  one.active = {office()};
  one.active.front().end_action = EndAction::pause;
  const auto rules = book({one});
  const auto evening = at("2026-11-20T18:00:00Z");
  CHECK(decide(rules, kAlert, evening).rule == &rules.fallback);
  Evidence held;
  held.held_by = &rules.rules.front();
  CHECK(decide(rules, kAlert, evening, held).rule == &rules.rules.front());
  auto other = book({one});
  other.rules.front().active.front().end_action = EndAction::release;
  held.held_by = &other.rules.front();
  CHECK(decide(other, kAlert, evening, held).rule == &other.fallback);
}

TEST_CASE("a rule expires at its moment and not before") {
  auto one = rule("r");
  one.expires = parse_time("2026-12-01T00:00:00Z").value();
  CHECK(decided(one, {}, at("2026-11-30T23:59:59.999Z")) == "r/abort");
  CHECK(decided(one, {}, at("2026-12-01T00:00:00Z")) ==
        "default_action/pause: it expired at 2026-12-01T00:00:00Z");
}

TEST_CASE("when nobody knows the time, rules that hold count and rules that let go do not") {
  for (const auto action : {RuleAction::ignore, RuleAction::notify, RuleAction::resume,
                            RuleAction::pause, RuleAction::abort}) {
    CAPTURE(to_string(action));
    auto windowed = rule("r", action);
    windowed.active = {office()};
    CHECK(decided(windowed, {}).starts_with("r/") == blocks(action));
    auto expiring = rule("r", action);
    expiring.expires = parse_time("2026-12-01T00:00:00Z").value();
    CHECK(decided(expiring, {}).starts_with("r/") == blocks(action));
  }
}

TEST_CASE("21: what fired when the run began is meant as its rule says") {
  auto one = rule("r", RuleAction::pause);
  Evidence old;
  old.preexisting = true;
  CHECK(decided(one, old) == "r/pause");
  one.preexisting = Preexisting::ignore;
  CHECK(decided(one, old) == "r/ignore");
  CHECK(decided(one, {}) == "r/pause");
  one.preexisting = Preexisting::abort;
  CHECK(decided(one, old) == "r/abort");
  CHECK(decided(one, {}) == "r/pause");
}

TEST_CASE("23, 24: a silence counts only where it is honoured, and inhibition as well") {
  auto one = rule("r", RuleAction::abort);
  Evidence silenced;
  silenced.suppressed = "silenced by 7d4c (ana)";
  CHECK(decided(one, silenced) == "r/abort");
  one.honor_silences = true;
  CHECK(decided(one, silenced) == "r/ignore");
  CHECK(decided(one, {}) == "r/abort");
  auto rules = book({});
  rules.fallback.honor_silences = true;
  const auto decision = decide(rules, kAlert, {}, silenced);
  CHECK(decision.action == RuleAction::ignore);
  CHECK(decision.because == Decision::Because::suppressed);
}

TEST_CASE("a rule that is not in force says why, without any alert") {
  auto one = rule("r");
  CHECK(force_text(one, at("2026-11-20T12:00:00Z")) == "in force");
  one.phases = {Phase::drain};
  CHECK(force_text(one, at("2026-11-20T12:00:00Z")) == "not in phase precheck");
  one.active = {office()};
  CHECK(force_text(one, at("2026-11-21T12:00:00Z")) ==
        "outside its window Mon-Fri 08:00-18:00 UTC");
  CHECK(ever_open(one, *at("2026-11-20T00:00:00Z").wall));
  one.not_active = {office()};
  CHECK_FALSE(ever_open(one, *at("2026-11-20T00:00:00Z").wall));
}

TEST_CASE("many alerts are decided about as one rule after the other would do it") {
  CHECK(rc::check("rule by rule", [] {
    std::vector<Rule> made;
    const int count = *rc::gen::inRange(0, 8);
    for (int i = 0; i < count; ++i) {
      auto one = rule("r" + std::to_string(i), RuleAction::notify);
      one.match = {
          parse_matchers("a=~\"" + *rc::gen::element<std::string>("x", "y", "x|y", ".*") + "\"")
              .value()};
      one.min_alerts = *rc::gen::weightedElement<int>({{3, 1}, {1, 2}, {1, 4}});
      if (*rc::gen::weightedElement<bool>({{4, false}, {1, true}})) one.phases = {Phase::soak};
      made.push_back(one);
    }
    const auto rules = book(made);
    std::vector<Labels> alerts;
    for (int i = *rc::gen::inRange(0, 12); i > 0; --i)
      alerts.push_back({{"n", std::to_string(i)}, {"a", *rc::gen::element<std::string>("x", "y")}});

    std::vector<const Rule*> expected(alerts.size(), &rules.fallback);
    for (const auto& one : rules.rules) {
      if (!one.phases.contains(Phase::precheck)) continue;
      std::vector<std::size_t> fits;
      for (std::size_t i = 0; i < alerts.size(); ++i)
        if (expected[i] == &rules.fallback && any_match(one, alerts[i])) fits.push_back(i);
      if (std::cmp_less(fits.size(), one.min_alerts)) continue;
      for (const auto i : fits)
        expected[i] = &one;
    }
    const auto decisions = decide_all(rules, std::span<const Labels>(alerts), {});
    for (std::size_t i = 0; i < alerts.size(); ++i)
      RC_ASSERT(decisions[i].rule == expected[i]);
  }));
}

TEST_CASE("14: ten thousand alerts against two hundred rules are all decided about") {
  std::vector<Rule> rules;
  for (int i = 0; i < 200; ++i) {
    auto one = rule("r" + std::to_string(i), RuleAction::notify);
    one.match = {parse_matchers("i=\"" + std::to_string(i) + "\"").value()};
    one.min_alerts = i % 3 == 0 ? 2 : 1;
    rules.push_back(one);
  }
  const auto all = book(rules);
  std::vector<Labels> alerts;
  for (int i = 0; i < 10'000; ++i)
    alerts.push_back({{"alertname", std::to_string(i)}, {"i", std::to_string(i % 250)}});
  const auto decisions = decide_all(all, std::span<const Labels>(alerts), {});
  CHECK(std::ranges::count(decisions, RuleAction::notify, &Decision::action) == 8'000);
  CHECK(std::ranges::count(decisions, RuleAction::pause, &Decision::action) == 2'000);
}

}  // namespace lockkeeper
