// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/selector.h"

#include <doctest/doctest.h>

using namespace lockkeeper::lab;

namespace {

bool selects(std::string_view selector, const Json& labels) {
  const auto parsed = LabelSelector::parse(selector);
  REQUIRE(parsed.has_value());
  return parsed->matches(labels);
}

}  // namespace

TEST_CASE("label selectors follow the grammar of the API") {
  const Json labels = {{"app", "web"}, {"tier", "3"}, {"example.org/role", ""}};
  CHECK(selects("", labels));
  CHECK(selects("app=web", labels));
  CHECK(selects("app == web", labels));
  CHECK(selects("app!=db", labels));
  CHECK(selects("absent!=db", labels));
  CHECK(selects("app,tier", labels));
  CHECK(selects("!absent", labels));
  CHECK(selects("app in (db, web),tier in (3)", labels));
  CHECK(selects("app notin (db)", labels));
  CHECK(selects("example.org/role=", labels));
  CHECK(selects("tier>2,tier<4", labels));
  CHECK_FALSE(selects("app=web,tier=4", labels));
  CHECK_FALSE(selects("app notin (db,web)", labels));
  CHECK_FALSE(selects("app>1", labels));
  CHECK_FALSE(selects("!app", labels));
}

TEST_CASE("a selector that makes no sense is a 400 that shows the term") {
  for (const auto* text : {"a b", "=x", "a in b", "a in (b", "a>x", "!", "a!b", "a=b,,c"}) {
    CAPTURE(text);
    const auto parsed = LabelSelector::parse(text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == 400);
    CHECK(parsed.error().message.starts_with("unable to parse requirement"));
  }
}

TEST_CASE("a LabelSelector object needs all of its parts") {
  const Json selector = {{"matchLabels", {{"app", "web"}}},
                         {"matchExpressions",
                          {{{"key", "tier"}, {"operator", "In"}, {"values", {"1", "2"}}},
                           {{"key", "old"}, {"operator", "DoesNotExist"}}}}};
  const LabelSelector parsed = LabelSelector::of(selector);
  CHECK(parsed.matches({{"app", "web"}, {"tier", "2"}}));
  CHECK_FALSE(parsed.matches({{"app", "web"}, {"tier", "3"}}));
  CHECK_FALSE(parsed.matches({{"app", "web"}, {"tier", "2"}, {"old", ""}}));
  CHECK(LabelSelector::of(Json::object()).matches(Json::object()));
}

TEST_CASE("field selectors know the fields of their resource") {
  const Json pod = {{"metadata", {{"name", "p"}, {"namespace", "n"}}},
                    {"spec", {{"nodeName", "w1"}}},
                    {"status", {{"phase", "Running"}}}};
  const auto matches = [&](std::string_view text) {
    const auto parsed = FieldSelector::parse(text, resource("pods"));
    REQUIRE(parsed.has_value());
    return parsed->matches(pod);
  };
  CHECK(matches("spec.nodeName=w1,status.phase!=Failed"));
  CHECK(matches("metadata.name==p"));
  CHECK_FALSE(matches("spec.nodeName=w2"));
  CHECK(FieldSelector::parse("spec.nodeName=w1", resource("pods"))->demanded("spec/nodeName") ==
        "w1");
  CHECK_FALSE(FieldSelector::parse("spec.nodeName=w1", resource("services")).has_value());
  CHECK(FieldSelector::parse("x", resource("pods")).error().code == 400);
  CHECK(
      FieldSelector::parse("spec.unschedulable=false", resource("nodes"))->matches(Json::object()));
}
