// SPDX-License-Identifier: Apache-2.0
#include "integrations/prometheus/rules_answer.h"

#include <doctest/doctest.h>

#include <string>

#include "fake_prometheus.h"

using namespace lockkeeper;
using namespace lockkeeper::prometheus;

namespace {

std::string refusal(const std::string& body) {
  const auto rules = read_rules_answer(body);
  return rules ? "accepted" : rules.error().what;
}

std::string with_groups(const std::string& groups) {
  return R"({"status":"success","data":{"groups":)" + groups + "}}";
}

RuleHealth rule(const std::string& health, std::optional<Millis> age) {
  return {.group = "g",
          .name = "X",
          .health = health,
          .last_evaluation = age ? std::optional<Time>(kNow - *age) : std::nullopt,
          .interval = Millis(15'000)};
}

}  // namespace

TEST_CASE("each rule has its group's name and interval, wherever they stand in the group") {
  const auto rules = read_rules_answer(with_groups(
      R"([{"interval":0.5,"rules":[{"name":"A","health":"ok",)"
      R"("lastEvaluation":"2026-11-21T12:00:00+01:00"},{"name":"B","health":"err",)"
      R"("lastEvaluation":"0001-01-01T00:00:00Z"}],"name":"one"},)"
      R"({"name":"two","rules":[{"name":"C","health":"unknown","duration":60}],"interval":60}])"));
  REQUIRE(rules);
  const Time noon_there = kNow - std::chrono::hours(1);
  CHECK(*rules == std::vector<RuleHealth>{
                      {"one", "A", "ok", noon_there, Millis(500)},
                      {"one", "B", "err", std::nullopt, Millis(500)},
                      {"two", "C", "unknown", std::nullopt, Millis(60'000)},
                  });
}

TEST_CASE("a rule's own alerts do not disturb the reading") {
  const auto rules = read_rules_answer(kHealthyRules);
  REQUIRE(rules);
  REQUIRE(rules->size() == 1);
  CHECK(rules->front().name == "X");
  CHECK(rules->front().health == "ok");
}

TEST_CASE("no groups are no rules") {
  CHECK(read_rules_answer(with_groups("[]")).value().empty());
  CHECK(
      read_rules_answer(with_groups(R"([{"name":"g","rules":[],"interval":15}])")).value().empty());
}

TEST_CASE("answers of another shape are refused") {
  CHECK(refusal(R"({"status":"success","data":{}})") == "data.groups: missing");
  CHECK(refusal(with_groups("null")) == "data.groups: not an array");
  CHECK(refusal(with_groups("[1]")) == "data.groups[0]: not an object");
  CHECK(refusal(with_groups(R"([{"rules":[null],"interval":1}])")) ==
        "data.groups[0].rules[0]: not an object");
  CHECK(refusal(with_groups(R"([{"rules":{},"interval":1}])")) ==
        "data.groups[0].rules: not an array");
  CHECK(refusal(with_groups(R"([{"rules":[{"name":"A","health":"ok"}]}])")) ==
        "data.groups[0].interval: missing");
  CHECK(refusal(with_groups(R"([{"rules":[{"name":"A"}],"interval":1}])")) ==
        "data.groups[0].rules[0].health: missing");
  CHECK(refusal(with_groups(R"([{"rules":[{"health":7}],"interval":1}])")) ==
        "data.groups[0].rules[0].health: not a string");
  CHECK(refusal(
            with_groups(R"([{"rules":[{"health":"ok","lastEvaluation":"soon"}],"interval":1}])")) ==
        "data.groups[0].rules[0].lastEvaluation: not a time");
  CHECK(refusal(with_groups(R"([{"rules":[],"interval":"15s"}])")) ==
        "data.groups[0].interval: not a number of seconds");
}

TEST_CASE("a healthy rule that was just evaluated raises nothing") {
  CHECK(rule_alerts({rule("ok", Millis(1'000))}, kNow).empty());
  CHECK(rule_alerts({rule("ok", Millis(-1'000))}, kNow).empty());
}

TEST_CASE("a rule whose health is not ok raises an alert that names it") {
  for (const char* health : {"err", "unknown", "sleepy"}) {
    CHECK(rule_alerts({rule(health, std::nullopt)}, kNow) ==
          std::vector<Labels>{
              {{"alertname", "GateRuleUnhealthy"}, {"rule_name", "X"}, {"group", "g"}}});
  }
}

TEST_CASE("a rule is stale when more than three intervals have passed, not before") {
  CHECK(rule_alerts({rule("ok", Millis(45'000))}, kNow).empty());
  CHECK(rule_alerts({rule("ok", Millis(45'001))}, kNow) ==
        std::vector<Labels>{{{"alertname", "GateRulesStale"}, {"rule_name", "X"}, {"group", "g"}}});
  CHECK(rule_alerts({rule("err", Millis(60'000))}, kNow).size() == 2);
}
