// SPDX-License-Identifier: Apache-2.0
#include "rules/cover.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace lockkeeper {
namespace {

bool covered(std::string_view wide, std::string_view narrow) {
  return covers(parse_matchers(wide).value(), parse_matchers(narrow).value());
}

std::string clash(std::string_view matchers) {
  return contradiction(parse_matchers(matchers).value());
}

TEST_CASE("the same matchers cover each other, and fewer cover more") {
  CHECK(covered("a=\"x\"", "a=\"x\""));
  CHECK(covered("a=\"x\"", "a=\"x\",b=\"y\""));
  CHECK_FALSE(covered("a=\"x\",b=\"y\"", "a=\"x\""));
}

TEST_CASE("a regular expression covers the words and beginnings that it allows") {
  CHECK(covered("a=~\"x|y\"", "a=\"x\""));
  CHECK(covered("a=~\"Kube.*\"", "a=~\"KubeDown|KubeNode.+\""));
  CHECK(covered("a=~\"Kube.*|etcd.*\"", "a=~\"etcdDown|Kube.*\""));
  CHECK(covered("a=~\".+\"", "a=~\"x.*\""));
  CHECK(covered("a=~\"x.+\"", "a=~\"xy.*\""));
  CHECK_FALSE(covered("a=~\"x|y\"", "a=~\"x|z\""));
  CHECK_FALSE(covered("a=~\"x.+\"", "a=~\"x.*\""));
  CHECK_FALSE(covered("a=~\"KubeNode.*\"", "a=~\"Kube.*\""));
  CHECK_FALSE(covered("a=~\"(x|y)\"", "a=~\"[xy]\""));
}

TEST_CASE("an exclusion is covered by whatever cannot have the value") {
  CHECK(covered("a!=\"x\"", "a=\"y\""));
  CHECK(covered("a!=\"x\"", "a=~\"y|z.*\""));
  CHECK(covered("a!=\"\"", "a=~\".+\""));
  CHECK(covered("a!~\"x|y\"", "a=~\"Kube.*\""));
  CHECK_FALSE(covered("a!=\"x\"", "a=~\"x.*\""));
  CHECK_FALSE(covered("a!=\"x\"", "b=\"y\""));
}

TEST_CASE("an escaped dot is a dot, and dots before a star are no open end") {
  CHECK(covered("a=~\"x\\\\.y\"", "a=\"x.y\""));
  CHECK_FALSE(covered("a=~\"x\\\\.*\"", "a=~\"x.*\""));
  CHECK_FALSE(covered("a=~\"x\\\\d\"", "a=~\"xd\""));
}

TEST_CASE("matchers of one label that exclude each other are found") {
  CHECK(clash("a=\"x\",a=\"y\"") == "a=\"x\" and a=\"y\"");
  CHECK(clash("a=\"x\",b=\"z\",a!=\"x\"") == "a=\"x\" and a!=\"x\"");
  CHECK(clash("a=~\"x|y\",a=~\"z.*\"") == "a=~\"x|y\" and a=~\"z.*\"");
  CHECK(clash("a=\"\",a!=\"\"") == "a=\"\" and a!=\"\"");
  CHECK(clash("a=\"x\",b=\"y\"").empty());
  CHECK(clash("a=~\"x|y\",a!=\"x\"").empty());
  CHECK(clash("a=~\"[xy]\",a=~\"[zw]\"").empty());
}

TEST_CASE("patterns that match the empty text only are told from others") {
  for (const auto* pattern : {"", "^$", "()", "(?:)", "^(|)$"})
    CHECK(matches_only_empty(pattern));
  for (const auto* pattern : {".*", "a?", "x|", "\\b"})
    CHECK_FALSE(matches_only_empty(pattern));
}

/// One or two matchers over labels and values of which there are few, so that they meet.
Matchers some_matchers(std::vector<std::string> names) {
  Matchers all;
  const int count = *rc::gen::inRange(1, 4);
  for (int i = 0; i < count; ++i) {
    Matcher one;
    one.name = *rc::gen::elementOf(names);
    one.op =
        *rc::gen::element(MatchOp::equal, MatchOp::not_equal, MatchOp::regex, MatchOp::not_regex);
    const bool plain = one.op == MatchOp::equal || one.op == MatchOp::not_equal;
    one.value = plain ? *rc::gen::element<std::string>("", "x", "xy", "z", "x.y")
                      : *rc::gen::element<std::string>("", "x", "x|xy", "x.*", "x.+", ".*", ".+",
                                                       "z|x.*", "x\\.y", "x\\.*", "[xz]", "xy.*|z");
    if (!plain) one.regex = Regex::compile(one.value).value();
    all.push_back(std::move(one));
  }
  return all;
}

Labels some_labels() {
  Labels labels;
  for (const auto* name : {"a", "b"}) {
    labels.set(name, *rc::gen::element<std::string>("", "x", "xy", "xyz", "z", "x.y", "x..", "q",
                                                    "\n", "x\n", "xd"));
  }
  return labels;
}

TEST_CASE("property: what covers matches wherever the covered does") {
  CHECK(rc::check([] {
    const auto wide = some_matchers({"a", "b"});
    const auto narrow = some_matchers({"a", "b"});
    RC_PRE(covers(wide, narrow));
    const auto labels = some_labels();
    RC_ASSERT(!matches(narrow, labels) || matches(wide, labels));
  }));
}

TEST_CASE("property: what is called contradictory matches nothing") {
  CHECK(rc::check([] {
    auto matchers = some_matchers({"a"});
    matchers.push_back({"a", MatchOp::equal, *rc::gen::element<std::string>("x", "z", ""), {}});
    RC_PRE(!contradiction(matchers).empty());
    RC_ASSERT(!matches(matchers, some_labels()));
  }));
}

}  // namespace
}  // namespace lockkeeper
