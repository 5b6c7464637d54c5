// SPDX-License-Identifier: Apache-2.0
#include "rules/evaluate.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>

namespace lockkeeper {
namespace {

using std::chrono_literals::operator""min;

Rule rule(std::string name, std::string_view matchers, RuleAction action) {
  Rule made;
  made.name = std::move(name);
  made.match = {parse_matchers(matchers).value()};
  made.action = action;
  return made;
}

RuleBook book(std::vector<Rule> rules, RuleAction fallback = RuleAction::pause) {
  RuleBook made;
  made.rules = std::move(rules);
  made.fallback.name = "default_action";
  made.fallback.action = fallback;
  return made;
}

Rule about_node(Rule made, std::set<NodeStanding> standings, std::optional<Millis> within = {}) {
  made.node = parse_node_template("${labels.node}").value();
  made.standings = std::move(standings);
  made.node_within = within;
  return made;
}

Situation in_phase(Phase phase) {
  Situation situation;
  situation.phase = phase;
  return situation;
}

std::string decided(const RuleBook& rules, const Labels& alert, const Situation& situation = {}) {
  const auto decision = decide(rules, alert, situation);
  return decision.rule->name + "/" + std::string(to_string(decision.action));
}

/// "rule: why not" of every line.
std::vector<std::string> explained(const RuleBook& rules, const Labels& alert,
                                   const Situation& situation = {}) {
  std::vector<std::string> lines;
  for (const auto& line : explain(rules, alert, situation))
    lines.push_back(line.rule->name + ": " + line.why_not);
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("the first rule that matches decides, not the most severe") {
  const auto rules = book({rule("exception", "a=\"1\",b=\"2\"", RuleAction::ignore),
                           rule("general", "a=\"1\"", RuleAction::abort)});
  CHECK(decided(rules, {{"a", "1"}, {"b", "2"}}) == "exception/ignore");
  CHECK(decided(rules, {{"a", "1"}}) == "general/abort");
}

TEST_CASE("what no rule matches gets the default action") {
  CHECK(decided(book({}), {{"a", "1"}}) == "default_action/pause");
  CHECK(decided(book({}, RuleAction::notify), {}) == "default_action/notify");
}

TEST_CASE("the lines of match are alternatives") {
  auto either = rule("either", "a=\"1\"", RuleAction::abort);
  either.match.push_back(parse_matchers("b=\"2\"").value());
  const auto rules = book({either});
  CHECK(decided(rules, {{"b", "2"}}) == "either/abort");
  CHECK(decided(rules, {{"a", "1"}}) == "either/abort");
  CHECK(decided(rules, {{"c", "3"}}) == "default_action/pause");
}

TEST_CASE("a rule counts in its phases only, and so does the default action") {
  auto draining = rule("draining", "a=\"1\"", RuleAction::abort);
  draining.phases = {Phase::drain};
  const auto rules = book({draining});
  CHECK(decided(rules, {{"a", "1"}}, in_phase(Phase::drain)) == "draining/abort");
  CHECK(decided(rules, {{"a", "1"}}, in_phase(Phase::soak)) == "default_action/pause");
  CHECK(decided(rules, {{"b", "1"}}, in_phase(Phase::drain)) == "default_action/ignore");
}

TEST_CASE("a rule about a node counts for the standing of that node") {
  const auto rules = book({about_node(rule("ours", "a=\"1\"", RuleAction::ignore),
                                      {NodeStanding::active, NodeStanding::done})});
  Situation situation;
  situation.nodes["w1"] = {NodeStanding::done, Millis(1min)};
  situation.nodes["w2"] = {NodeStanding::pending, Millis(1min)};
  CHECK(decided(rules, {{"a", "1"}, {"node", "w1"}}, situation) == "ours/ignore");
  CHECK(decided(rules, {{"a", "1"}, {"node", "w2"}}, situation) == "default_action/pause");
  CHECK(decided(rules, {{"a", "1"}, {"node", "stranger"}}, situation) == "default_action/pause");
  CHECK(decided(rules, {{"a", "1"}}, situation) == "default_action/pause");
}

TEST_CASE("a rule for nodes outside of the run counts for unknown nodes") {
  const auto rules =
      book({about_node(rule("foreign", "a=\"1\"", RuleAction::notify), {NodeStanding::outside})});
  CHECK(decided(rules, {{"a", "1"}, {"node", "stranger"}}) == "foreign/notify");
}

TEST_CASE("node_within counts up to its last moment, and never for an unknown node") {
  const auto rules = book({about_node(rule("echo", "a=\"1\"", RuleAction::ignore), {}, 15min)});
  const auto at = [&](Millis since_change) {
    Situation situation;
    situation.nodes["w1"] = {NodeStanding::done, since_change};
    return decided(rules, {{"a", "1"}, {"node", "w1"}}, situation);
  };
  CHECK(at(5min) == "echo/ignore");
  CHECK(at(15min) == "echo/ignore");
  CHECK(at(15min + Millis(1)) == "default_action/pause");
  CHECK(decided(rules, {{"a", "1"}, {"node", "stranger"}}) == "default_action/pause");
}

TEST_CASE("the worst action among alerts wins, so an ignored one hides nothing") {
  const auto rules =
      book({rule("calm", "a=\"1\"", RuleAction::ignore), rule("bad", "a=\"2\"", RuleAction::abort),
            rule("said", "a=\"3\"", RuleAction::notify)});
  const std::array<Labels, 4> alerts = {Labels{{"a", "1"}}, Labels{{"a", "2"}}, Labels{{"a", "3"}},
                                        Labels{{"a", "4"}}};
  const auto decisions = decide_all(rules, alerts, {});
  REQUIRE(decisions.size() == 4);
  for (std::size_t i = 0; i < decisions.size(); ++i)
    CHECK(decisions[i].alert == i);
  CHECK(worst(decisions) == RuleAction::abort);
  CHECK(worst(std::span(decisions).first(1)) == RuleAction::ignore);
  CHECK(worst(std::span(decisions).last(2)) == RuleAction::pause);
  CHECK(worst({}) == RuleAction::ignore);
}

TEST_CASE("an explanation names the matcher that failed and what the alert has") {
  auto either = rule("either", "alertname=~\"Ceph.*\",severity=\"critical\"", RuleAction::pause);
  either.match.push_back(parse_matchers("team=\"x\"").value());
  const auto rules = book({either, rule("hit", "alertname=\"Up\"", RuleAction::abort),
                           rule("unasked", "alertname=\"Up\"", RuleAction::ignore)});
  CHECK(explained(rules, {{"alertname", "Up"}}) ==
        Lines{"either: alertname=~\"Ceph.*\" does not match \"Up\"; team=\"x\" does not match "
              "(absent)",
              "hit: "});
  CHECK(explained(rules, {{"alertname", "Down"}}).back() == "default_action: ");
}

TEST_CASE("an explanation names the phase, the standing or the time that does not fit") {
  auto draining = rule("draining", "a=\"1\"", RuleAction::abort);
  draining.phases = {Phase::drain, Phase::upgrade};
  const auto rules =
      book({draining, about_node(rule("ours", "a=\"1\"", RuleAction::ignore),
                                 {NodeStanding::active, NodeStanding::done}, 15min)});
  Situation situation;
  situation.nodes["w1"] = {NodeStanding::pending, Millis(1min)};
  situation.nodes["w2"] = {NodeStanding::done, Millis(20min)};
  CHECK(explained(rules, {{"a", "1"}}, situation) ==
        Lines{"draining: phase is precheck, the rule is for drain, upgrade",
              "ours: the alert does not name a node", "default_action: "});
  CHECK(explained(rules, {{"a", "1"}, {"node", "w1"}}, situation)[1] ==
        "ours: node w1 is pending, the rule is for active, done");
  CHECK(explained(rules, {{"a", "1"}, {"node", "w2"}}, situation)[1] ==
        "ours: node w2 has been done for 20m, longer than node_within = 15m");
  CHECK(explained(rules, {{"a", "1"}, {"node", "w3"}}, situation)[1] ==
        "ours: node w3 is outside, the rule is for active, done");
}

TEST_CASE("an explanation tells of node_within for a node that the run does not know") {
  const auto rules = book({about_node(rule("echo", "a=\"1\"", RuleAction::ignore), {}, 15min)});
  CHECK(explained(rules, {{"a", "1"}, {"node", "w9"}})[0] ==
        "echo: node w9 is not part of the run, so node_within never holds");
}

TEST_CASE("a rule without matchers never counts, and says so") {
  Rule empty;
  empty.name = "empty";
  const auto rules = book({empty});
  CHECK(decided(rules, {{"a", "1"}}) == "default_action/pause");
  CHECK(explained(rules, {{"a", "1"}}) ==
        Lines{"empty: the rule has no match", "default_action: "});
}

TEST_CASE("a long value is clipped in an explanation") {
  const auto rules = book({rule("r", "a=\"1\"", RuleAction::ignore)});
  CHECK(explained(rules, {{"a", std::string(1000, 'x')}})[0].size() < 150);
}

TEST_CASE("an explanation ends at the rule that decides, and only that one has no reason") {
  CHECK(rc::check("explain agrees with decide", [] {
    const auto value = rc::gen::element<std::string>("1", "2", "3", "");
    const auto phase = rc::gen::element(Phase::precheck, Phase::between, Phase::drain);
    std::vector<Rule> made;
    const auto count = *rc::gen::inRange(0, 6);
    for (int i = 0; i < count; ++i) {
      auto next = rule("r" + std::to_string(i), "a=\"" + *value + "\"", RuleAction::pause);
      next.phases = {*phase};
      if (*rc::gen::arbitrary<bool>()) next = about_node(next, {NodeStanding::done}, 15min);
      made.push_back(next);
    }
    const auto rules = book(made);
    Situation situation = in_phase(*phase);
    situation.nodes["w1"] = {NodeStanding::done, Millis(*rc::gen::inRange(0, 30) * 60'000)};
    const Labels alert{{"a", *value}, {"node", *rc::gen::element<std::string>("w1", "w2", "")}};
    const auto lines = explain(rules, alert, situation);
    RC_ASSERT(lines.back().rule == decide(rules, alert, situation).rule);
    RC_ASSERT(lines.back().why_not.empty());
    RC_ASSERT(std::ranges::count(lines, std::string(), &Explanation::why_not) == 1);
  }));
}

}  // namespace lockkeeper
