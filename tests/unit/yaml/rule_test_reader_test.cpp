// SPDX-License-Identifier: Apache-2.0
#include "integrations/yaml/rule_test_reader.h"

#include <doctest/doctest.h>

namespace lockkeeper::yaml {
namespace {

std::vector<std::string> errors(std::string_view text) {
  const auto read = read_rule_tests(text, "t.yml");
  std::vector<std::string> lines;
  if (read) return lines;
  for (const auto& error : read.error())
    lines.push_back(to_string(error));
  return lines;
}

using Texts = std::vector<std::string>;

TEST_CASE("everything that a test can say is read") {
  const auto read = read_rule_tests(R"(
rules: rules.ini
interval: 30s
tests:
- name: all of it
  start: 2026-11-23T08:00:00Z
  alerts:
  - {series: 'Disk{node="w1"}', values: '_x2 1x3'}
  watchdog: 1x30
  run:
  - {at: 0s, phase: between, nodes: {w1: next}}
  - {at: 5m, phase: upgrade, nodes: {w1: {state: done, since: 20m}}}
  - {at: 9m, resumed: true, closed: true}
  webhooks:
  - {at: 10s, firing: [Disk, 'Other{a="b"}'], truncated: 2}
  blind:
  - {from: 1m, to: 2m, reason: refused}
  expect:
  - {at: 1m, answer: wait, state: paused, rules: [disk], decides: {Disk: disk}}
  - at: 2m
    reasons: ["one line"]
- name: another
  interval: 5s
  expect: [{at: 0s, answer: go}]
)",
                                    "t.yml");
  REQUIRE_MESSAGE(read.has_value(), (read ? "" : to_string(read.error().front())));
  CHECK(read->rules == "rules.ini");
  REQUIRE(read->tests.size() == 2);
  const auto& test = read->tests[0];
  CHECK(test.interval == std::chrono::seconds(30));
  CHECK(read->tests[1].interval == std::chrono::seconds(5));
  CHECK(to_string(test.start) == "2026-11-23T08:00:00Z");
  CHECK(test.alerts[0].values.size() == 6);
  CHECK(test.watchdog->size() == 31);
  REQUIRE(test.run.size() == 3);
  CHECK(test.run[1].nodes.at("w1").standing == NodeStanding::done);
  CHECK(test.run[1].nodes.at("w1").since == std::chrono::minutes(20));
  CHECK(test.run[2].resumed);
  CHECK(test.run[2].closed);
  CHECK(test.webhooks[0].firing.size() == 2);
  CHECK(test.webhooks[0].truncated == 2);
  CHECK(test.blind[0].reason == "refused");
  REQUIRE(test.expect.size() == 2);
  CHECK(test.expect[0].line == 19);
  CHECK(test.expect[0].rules == std::set<std::string>{"disk"});
  CHECK(test.expect[0].decides.at("Disk") == "disk");
  CHECK(test.expect[1].reasons == Texts{"one line"});
}

TEST_CASE("what is misspelt gets its place and the nearest word") {
  CHECK(errors("tests:\n- name: x\n  expct:\n  - {at: 1m, answer: go}\n") ==
        Texts{"t.yml:2: a test without expect tests nothing",
              "t.yml:3:3: unknown key 'expct' in a test (did you mean \"expect\"?)"});
  CHECK(errors("tests:\n- name: x\n  expect:\n  - {at: 1m, answer: og}\n") ==
        Texts{"t.yml:4:22: 'og' is none of go, wait, stop (did you mean \"go\"?)"});
  CHECK(errors("tests:\n- name: x\n  run: [{at: 0s, phase: betwen}]\n  expect: [{at: 0s, answer: "
               "go}]\n") ==
        Texts{"t.yml:3:25: 'betwen' is none of precheck, between, drain, upgrade, soak (did you "
              "mean \"between\"?)"});
}

TEST_CASE("values of another kind are refused where they stand") {
  CHECK(errors("tests: 5") == Texts{"t.yml:1:1: no tests", "t.yml:1:8: a list belongs here"});
  CHECK(errors("tests:\n- name: x\n  alerts: [{series: 'A{b=\"c}', values: 1}]\n  expect: [{at: "
               "0s, answer: go}]\n")
            .front()
            .starts_with("t.yml:3:21: column "));
  CHECK(errors("tests:\n- name: x\n  expect: [{at: 90, answer: go}]\n")
            .front()
            .starts_with("t.yml:3:17: "));
  CHECK(
      errors("tests:\n- name: x\n  start: yesterday\n  expect: [{at: 0s, answer: go}]\n").size() ==
      1);
  CHECK(errors("tests:\n- name: x\n  name: y\n  expect: [{at: 0s, answer: go}]\n") ==
        Texts{"t.yml:3:3: name stands twice in a test"});
}

TEST_CASE("a test that tests nothing is refused") {
  CHECK(errors("tests: []") == Texts{"t.yml:1:1: no tests"});
  CHECK(errors("tests:\n- name: x\n  expect: [{at: 0s}]\n") ==
        Texts{"t.yml:3:12: an expectation without answer, state, rules, reasons or decides "
              "expects nothing"});
  CHECK(errors("tests:\n- expect: [{at: 0s, answer: go}]\n") ==
        Texts{"t.yml:2: a test needs a name"});
  CHECK(errors("") == Texts{"t.yml: the file is a map of keys and values"});
}

TEST_CASE("what is not YAML is refused with its place") {
  CHECK(errors("tests: [").front().starts_with("t.yml:1:1: not YAML: "));
  CHECK(errors("tests: *nobody").size() == 1);
}

TEST_CASE("a test that would play for ever is refused") {
  CHECK(errors("interval: 100ms\ntests:\n- name: x\n  expect: [{at: 1w, answer: go}]\n") ==
        Texts{"t.yml:3: more than 200000 polls until 7d"});
  CHECK(errors("interval: 1ms\ntests:\n- name: x\n  expect: [{at: 1m, answer: go}]\n") ==
        Texts{"t.yml:3: interval: at least 100ms"});
}

}  // namespace
}  // namespace lockkeeper::yaml
