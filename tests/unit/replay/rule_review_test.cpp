// SPDX-License-Identifier: Apache-2.0
#include "bot/replay/rule_review.h"

#include <doctest/doctest.h>

namespace lockkeeper::replay {
namespace {

Rule rule(std::string name, int line, std::vector<std::string_view> match) {
  Rule made;
  made.name = std::move(name);
  made.file = "rules.ini";
  made.line = line;
  for (const auto text : match)
    made.match.push_back(parse_matchers(text).value());
  return made;
}

std::vector<std::string> remarks(std::vector<Rule> rules) {
  RuleBook book;
  book.rules = std::move(rules);
  std::vector<std::string> texts;
  for (const auto& remark : review(book))
    texts.push_back(remark.what);
  return texts;
}

using Texts = std::vector<std::string>;

TEST_CASE("a rule behind a wider one never decides") {
  CHECK(remarks({rule("wide", 1, {"a=~\"x.*\""}), rule("narrow", 5, {"a=\"xy\",b=\"z\""})}) ==
        Texts{"rule narrow never decides, it is covered: {a=\"xy\", b=\"z\"} by wide "
              "(rules.ini:1)"});
}

TEST_CASE("the exception before the general case is as it should be") {
  CHECK(remarks({rule("narrow", 1, {"a=\"xy\""}), rule("wide", 5, {"a=~\"x.*\""})}).empty());
}

TEST_CASE("each line may be covered by another rule, and one free line keeps the rule alive") {
  auto one = rule("one", 1, {"a=\"1\""});
  auto two = rule("two", 2, {"a=\"2\""});
  auto three = rule("three", 3, {"a=\"1\"", "a=\"2\""});
  three.action = RuleAction::abort;
  CHECK(remarks({one, two, three}) ==
        Texts{"rule three never decides, it is covered: {a=\"1\"} by one (rules.ini:1); {a=\"2\"} "
              "by two (rules.ini:2)"});
  CHECK(remarks({one, three}) ==
        Texts{"rule three: a line of it never decides, it is covered: {a=\"1\"} by one "
              "(rules.ini:1)"});
}

TEST_CASE("a copy is called one") {
  auto second = rule("second", 4, {"a=\"1\""});
  second.reason = "other words";
  CHECK(remarks({rule("first", 1, {"a=\"1\""}), second}) ==
        Texts{"rule second is a copy of first (rules.ini:1) and never decides"});
}

TEST_CASE("fewer phases or a narrower node cover nothing wider") {
  auto first = rule("first", 1, {"a=\"1\""});
  auto second = rule("second", 4, {"a=\"1\""});
  second.action = RuleAction::abort;
  first.phases = {Phase::drain};
  CHECK(remarks({first, second}).empty());
  first.phases = second.phases;
  first.node = parse_node_template("${labels.node}").value();
  CHECK(remarks({first, second}).empty());
  second.node = first.node;
  CHECK(remarks({first, second}).size() == 1);
  first.standings = {NodeStanding::active};
  CHECK(remarks({first, second}).empty());
  second.standings = {NodeStanding::active};
  CHECK(remarks({first, second}).size() == 1);
  first.node_within = std::chrono::minutes(5);
  CHECK(remarks({first, second}).empty());
  second.node_within = std::chrono::minutes(5);
  CHECK(remarks({first, second}).size() == 1);
  second.node_within = std::chrono::minutes(6);
  CHECK(remarks({first, second}).empty());
}

TEST_CASE("matchers that exclude each other and empty patterns are remarked") {
  CHECK(remarks({rule("clash", 1, {"a=\"x\",a=\"y\""})}) ==
        Texts{"rule clash: a=\"x\" and a=\"y\" exclude each other, so {a=\"x\", a=\"y\"} never "
              "matches"});
  CHECK(remarks({rule("empty", 1, {"a=\"x\",b=~\"^$\""})}) ==
        Texts{"rule empty: b=~\"^$\" holds only where b is absent; write b=\"\" if that is "
              "meant"});
  CHECK(remarks({rule("some", 1, {"b!~\"\""})}) ==
        Texts{"rule some: b!~\"\" holds only where b is present; write b!=\"\" if that is meant"});
}

TEST_CASE("the built-in rules stand before the operator's and cover them") {
  auto rules = builtin_rules();
  rules.push_back(rule("dog", 3, {"alertname=\"Watchdog\""}));
  const auto texts = remarks(rules);
  REQUIRE(texts.size() == 1);
  CHECK(texts[0] ==
        "rule dog never decides, it is covered: {alertname=\"Watchdog\"} by builtin-expected "
        "(built in)");
}

}  // namespace
}  // namespace lockkeeper::replay
