// SPDX-License-Identifier: Apache-2.0
#include "bot/replay/rule_test.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace lockkeeper::replay {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

Rule rule(std::string name, std::string_view match, RuleAction action) {
  Rule made;
  made.name = std::move(name);
  made.file = "rules.ini";
  made.line = 3;
  made.match.push_back(parse_matchers(match).value());
  made.action = action;
  made.resume_after = minutes(2);
  return made;
}

RuleBook book() {
  RuleBook book;
  auto echo = rule("echo", "alertname=\"Reboot\"", RuleAction::ignore);
  echo.node = parse_node_template("${labels.node}").value();
  echo.standings = {NodeStanding::done};
  echo.node_within = minutes(10);
  book.rules = {echo, rule("disk", "alertname=\"Disk\"", RuleAction::pause),
                rule("etcd", "alertname=\"Etcd\"", RuleAction::abort)};
  book.fallback = rule("default_action", "a=~\".*\"", RuleAction::pause);
  return book;
}

/// Polls every 15 s; `values` is the presence of the alert.
RuleTest test_of(std::string_view series, std::string_view values) {
  RuleTest test;
  test.name = "a test";
  test.interval = seconds(15);
  test.alerts.push_back({parse_series(series).value(), parse_series_values(values).value()});
  return test;
}

Expectation expect(Millis at, Answer answer, GateState state) {
  Expectation wanted;
  wanted.at = at;
  wanted.answer = answer;
  wanted.state = state;
  return wanted;
}

std::vector<std::string> wrong(const RuleTest& test) {
  std::vector<std::string> lines;
  for (const auto& failure : play(test, book(), GateSettings()))
    lines.insert(lines.end(), failure.differences.begin(), failure.differences.end());
  return lines;
}

TEST_CASE("a pause lasts until the quiet behind it is over, to the second") {
  // Fires from 1m to 2m; the first quiet poll is at 2m15s, so two minutes of it end at 4m15s.
  auto test = test_of("Disk", "_x4 1x4");
  test.expect = {expect(seconds(59), Answer::go, GateState::clear),
                 expect(minutes(1), Answer::wait, GateState::paused),
                 expect(seconds(254), Answer::wait, GateState::paused),
                 expect(seconds(255), Answer::go, GateState::clear)};
  test.expect[1].rules = {"disk"};
  test.expect[3].rules = std::set<std::string>();
  CHECK(wrong(test) == std::vector<std::string>());
}

TEST_CASE("an abort is latched, whatever comes after it") {
  auto test = test_of("Etcd", "_x4 1 _x40");
  test.expect = {expect(seconds(45), Answer::go, GateState::clear),
                 expect(minutes(1), Answer::stop, GateState::aborted),
                 expect(minutes(9), Answer::stop, GateState::aborted)};
  CHECK(wrong(test).empty());
}

TEST_CASE("before the run opens nothing latches, and after it closes nothing stays") {
  auto test = test_of("Etcd", "1x4 _x40");
  test.run = {{minutes(2), Phase::between, {}, false, false}};
  test.expect = {expect(minutes(1), Answer::wait, GateState::paused),
                 expect(minutes(9), Answer::go, GateState::clear)};
  CHECK(wrong(test).empty());
  test.run = {{Millis(0), Phase::between, {}, false, false}, {minutes(3), {}, {}, false, true}};
  test.expect = {expect(minutes(2), Answer::stop, GateState::aborted),
                 expect(minutes(9), Answer::go, GateState::clear)};
  CHECK(wrong(test).empty());
}

TEST_CASE("a node's standing ages with the test") {
  auto test = test_of("Reboot{node=\"w1\"}", "1x100");
  test.run = {
      {Millis(0), Phase::between, {{"w1", {NodeStanding::done, minutes(7)}}}, false, false}};
  test.expect = {expect(minutes(3), Answer::go, GateState::clear),
                 expect(minutes(3) + seconds(15), Answer::wait, GateState::paused)};
  test.expect[0].decides = {{"Reboot", "echo"}};
  test.expect[1].decides = {{"Reboot", "default_action"}};
  CHECK(wrong(test).empty());
}

TEST_CASE("failed polls are blindness after three of them, and so is a missing Watchdog") {
  auto test = test_of("Disk", "_x100");
  test.blind = {{minutes(1), minutes(3), "connection refused"}};
  test.expect = {expect(seconds(90), Answer::go, GateState::clear),
                 expect(seconds(91), Answer::wait, GateState::blind),
                 expect(minutes(3), Answer::wait, GateState::paused),
                 expect(minutes(5), Answer::go, GateState::clear)};
  test.expect[1].reasons = {"blind for 46s: connection refused"};
  test.expect[2].rules = {"blindness"};
  CHECK(wrong(test) == std::vector<std::string>());
  test.blind.clear();
  test.watchdog = parse_series_values("1x3 _x7 1x100").value();
  test.expect[1].reasons = {
      "blind for 46s: the Watchdog alert is not firing, so rules are not evaluated"};
  test.expect[2] = expect(seconds(165), Answer::wait, GateState::paused);
  CHECK(wrong(test) == std::vector<std::string>());
}

TEST_CASE("a webhook pauses at once, and a poll that never confirms it lets go") {
  auto test = test_of("Etcd", "_x100");
  test.webhooks = {{seconds(61), {parse_series("Etcd").value()}, 0}};
  test.expect = {expect(seconds(60), Answer::go, GateState::clear),
                 expect(seconds(61), Answer::wait, GateState::paused),
                 expect(minutes(6), Answer::go, GateState::clear)};
  CHECK(wrong(test).empty());
}

TEST_CASE("a value of 0 and a pending alert do not fire") {
  auto test = test_of("Disk", "0x100");
  test.alerts.push_back({parse_series("ALERTS{alertname=\"Disk\",alertstate=\"pending\"}").value(),
                         parse_series_values("1x100").value()});
  test.expect = {expect(minutes(5), Answer::go, GateState::clear)};
  CHECK(wrong(test).empty());
}

TEST_CASE("a failure tells what was expected, what came, and why") {
  auto test = test_of("Disk{node=\"w1\"}", "1x100");
  test.expect = {expect(minutes(1), Answer::stop, GateState::aborted)};
  test.expect[0].line = 17;
  test.expect[0].rules = {"etcd"};
  const auto failures = play(test, book(), GateSettings());
  REQUIRE(failures.size() == 1);
  CHECK(failures[0].line == 17);
  CHECK(failures[0].differences == std::vector<std::string>{"answer: expected stop, got wait",
                                                            "state: expected aborted, got paused",
                                                            "rules: expected etcd, got disk"});
  CHECK(failures[0].why ==
        std::vector<std::string>{
            "the gate: Disk{node=\"w1\"} firing 1m: rule disk (rules.ini:3) pauses",
            "Disk{node=\"w1\"}: decided by disk (rules.ini:3)"});
}

TEST_CASE("a failure says which key kept the expected rule from deciding") {
  auto test = test_of("Reboot{node=\"w1\"}", "1x100");
  test.run = {{Millis(0), Phase::between, {{"w1", {NodeStanding::pending, {}}}}, false, false}};
  Expectation wanted;
  wanted.at = minutes(1);
  wanted.decides = {{"Reboot", "echo"}, {"Disk", "disk"}};
  test.expect = {wanted};
  const auto failures = play(test, book(), GateSettings());
  REQUIRE(failures.size() == 1);
  CHECK(failures[0].differences ==
        std::vector<std::string>{
            "Disk: expected rule disk, but it does not fire",
            "Reboot{node=\"w1\"}: expected rule echo, got default_action (rules.ini:3)"});
  const auto& why = failures[0].why;
  CHECK(std::ranges::find(why, "  not by echo: node w1 is pending, the rule is for done") !=
        why.end());
}

}  // namespace
}  // namespace lockkeeper::replay
