// SPDX-License-Identifier: Apache-2.0
#include "rules/regex.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>
#include <re2/re2.h>

#include <chrono>

namespace lockkeeper {
namespace {

bool match(std::string_view pattern, std::string_view text) {
  const auto regex = Regex::compile(pattern);
  REQUIRE(regex.has_value());
  return regex->matches(text);
}

std::string refusal(std::string_view pattern) {
  const auto regex = Regex::compile(pattern);
  return regex ? "accepted" : regex.error().what;
}

}  // namespace

TEST_CASE("a pattern matches the whole text") {
  CHECK(match("Kube", "Kube"));
  CHECK_FALSE(match("Kube", "KubeNodeNotReady"));
  CHECK(match("Kube.*", "KubeNodeNotReady"));
  CHECK(match("warning|critical", "critical"));
  CHECK_FALSE(match("warning|critical", "critical2"));
  CHECK_FALSE(match("warning|critical", "xwarning"));
  CHECK(match("a(b|c)d", "acd"));
}

TEST_CASE("the empty alternative matches the empty text") {
  CHECK(match("", ""));
  CHECK_FALSE(match("", "a"));
  CHECK(match("a|", ""));
  CHECK(match("a||b", ""));
  CHECK(match("|", ""));
  CHECK_FALSE(match("a|", "b"));
}

TEST_CASE("a dot is any character but a newline") {
  CHECK(match("a.b", "axb"));
  CHECK(match("a.b", "aäb"));
  CHECK(match("a.b", "a😀b"));
  CHECK_FALSE(match("a.b", "a\nb"));
  CHECK(match("(?s)a.b", "a\nb"));
  CHECK_FALSE(match("a.*", "a\n"));
  CHECK_FALSE(match("a.+", "ab\nc"));
  CHECK(match(".*", ""));
  CHECK_FALSE(match(".+", ""));
  CHECK(match("a.*", "aä"));
}

TEST_CASE("the end of the text is its end, not the newline before it") {
  CHECK_FALSE(match("a", "a\n"));
  CHECK_FALSE(match("ab?", "ab\n"));
  CHECK_FALSE(match("(?m)ab?", "ab\nc"));
}

TEST_CASE("case is told apart unless the pattern says otherwise") {
  CHECK_FALSE(match("kube", "Kube"));
  CHECK(match("(?i)kubenode.*", "KubeNodeNotReady"));
}

TEST_CASE("an alternation at the top level stays inside the anchors") {
  CHECK_FALSE(match("a.c|b.d", "xa.c"));
  CHECK_FALSE(match("a.c|b.d", "b.dx"));
  CHECK(match("a.c|b.d", "bxd"));
}

TEST_CASE("what Go's engine does not know is refused") {
  CHECK(refusal("a(?=b)") == "invalid perl operator: (?=");
  CHECK(refusal("(a)\\1") == "invalid escape sequence: \\1");
  CHECK(refusal("a\\C") == "invalid escape sequence: \\C");
  CHECK(refusal("(?<x>K).*") == "invalid perl operator: (?<");
  CHECK(refusal("\\Qa\\C\\E\\C") == "invalid escape sequence: \\C");
  CHECK(match("\\Q\\C\\E", "\\C"));
  CHECK(match("\\\\C", "\\C"));
}

TEST_CASE("an error quotes the pattern as it was written") {
  CHECK(refusal("(") == "missing ): (");
  CHECK(refusal("a)") == "unexpected ): a)");
  CHECK(refusal("[z-a]") == "invalid character class range: z-a");
  CHECK(refusal("a**") == "bad repetition operator: **");
  CHECK(refusal("(" + std::string(10'000, 'x')).size() <= 200);
}

TEST_CASE("patterns that would eat memory are refused, those that would eat time are linear") {
  CHECK(refusal("a{1001}") == "invalid repetition size: {1001}");
  CHECK(refusal("(x{500}){500}") != "accepted");
  const auto begin = std::chrono::steady_clock::now();
  CHECK_FALSE(match("(a+)+$", std::string(200, 'a') + "!"));
  CHECK(match("(a+)+$", std::string(200, 'a')));
  CHECK_FALSE(match("(a|aa)+b", std::string(100'000, 'a')));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
}

TEST_CASE("a pattern of 20 kB with many words is compiled") {
  std::string pattern = "Word.0";
  while (pattern.size() < 20'000)
    pattern += "|Word.[0-9]+" + std::to_string(pattern.size());
  CHECK(match(pattern, "Wordx0"));
  CHECK_FALSE(match(pattern, "Word"));
}

TEST_CASE("the short cuts for plain patterns match as the automaton does") {
  const auto piece = rc::gen::element<std::string>("a", "b", "|", "-", " ", ".*", ".+", ".", "é",
                                                   "0", "\\.", "?", "_");
  CHECK(rc::check("as RE2", [&] {
    std::string pattern;
    for (const auto& part : *rc::gen::container<std::vector<std::string>>(piece))
      pattern += part;
    std::string text;
    for (const auto& part : *rc::gen::container<std::vector<std::string>>(
             rc::gen::element<std::string>("a", "b", "-", " ", "\n", "é", "0", ".", "_", "|")))
      text += part;
    const auto regex = Regex::compile(pattern);
    re2::RE2::Options quiet;
    quiet.set_log_errors(false);
    const re2::RE2 automaton("^(?:" + pattern + ")$", quiet);
    RC_ASSERT(regex.has_value() == automaton.ok());
    if (regex) RC_ASSERT(regex->matches(text) == re2::RE2::PartialMatch(text, automaton));
  }));
}

TEST_CASE("a copy of a regex matches on its own") {
  auto first = Regex::compile("a[bc]");
  REQUIRE(first.has_value());
  const Regex second = *first;
  *first = *Regex::compile("x");
  CHECK(second.matches("ac"));
  CHECK_FALSE(first->matches("ac"));
}

}  // namespace lockkeeper
