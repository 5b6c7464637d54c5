// SPDX-License-Identifier: Apache-2.0

// Properties of matchers over generated texts.

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "rules/matcher.h"
#include "rules/utf8.h"

namespace lockkeeper {
namespace {

/// Valid UTF-8 with everything that has a meaning somewhere.
rc::Gen<std::string> text() {
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
                          "a", "B", "_", ":", "0", " ", "\t", "\n", "\r", "\"", "\\", "'", "`", "{",
                          "}", "=", "!", "~", ",", ";", "#", ".", "*", "(", ")", "[", "|", "$", "ä",
                          "\xC2\xA0", "€", "😀", std::string(1, '\0'), "\x7F", "\\n", "\\d")),
                      [](const std::vector<std::string>& pieces) {
                        std::string joined;
                        for (const auto& piece : pieces)
                          joined += piece;
                        return joined;
                      });
}

Matcher matcher() {
  Matcher made;
  made.name = *text();
  if (made.name.empty()) made.name = "a";
  made.op =
      *rc::gen::element(MatchOp::equal, MatchOp::not_equal, MatchOp::regex, MatchOp::not_regex);
  made.value = *text();
  return made;
}

bool is_regex(const Matcher& matcher) {
  return matcher.op == MatchOp::regex || matcher.op == MatchOp::not_regex;
}

}  // namespace

TEST_CASE("any matcher is written so that it reads back as the same") {
  CHECK(rc::check("round trip", [] {
    const auto made = matcher();
    const auto again = parse_matchers(to_string(made));
    if (is_regex(made) && !Regex::compile(made.value)) {
      RC_ASSERT(!again.has_value());
      RC_ASSERT(again.error().what.starts_with("bad regular expression: "));
      return;
    }
    RC_ASSERT(again.has_value());
    RC_ASSERT(again->size() == 1U);
    RC_ASSERT(again->front().name == made.name);
    RC_ASSERT(again->front().op == made.op);
    RC_ASSERT(again->front().value == made.value);
  }));
}

TEST_CASE("a list that is read is written so that it reads back as the same") {
  CHECK(rc::check("list round trip", [] {
    Matchers list;
    const auto count = *rc::gen::inRange(0, 5);
    for (int i = 0; i < count; ++i) {
      auto made = matcher();
      if (is_regex(made)) made.value = "a|b.*";
      list.push_back(std::move(made));
    }
    const auto written = to_string(list);
    const auto again = parse_matchers(written);
    RC_ASSERT(again.has_value());
    RC_ASSERT(to_string(*again) == written);
  }));
}

TEST_CASE("any text is read or refused with a column inside it") {
  CHECK(rc::check("any text", [] {
    const auto input = *text();
    const auto parsed = parse_matchers(input);
    if (parsed) {
      RC_ASSERT(to_string(*parse_matchers(to_string(*parsed))) == to_string(*parsed));
    } else {
      RC_ASSERT(parsed.error().column >= 1U);
      RC_ASSERT(parsed.error().column <= character_count(input) + 1);
      RC_ASSERT(!parsed.error().what.empty());
    }
  }));
}

TEST_CASE("equality and inequality of a matcher are opposites, as are the two regex operators") {
  CHECK(rc::check("opposites", [] {
    auto made = matcher();
    Labels labels;
    labels.set(made.name, *rc::gen::oneOf(text(), rc::gen::just(made.value)));
    made.op = MatchOp::equal;
    auto opposite = made;
    opposite.op = MatchOp::not_equal;
    RC_ASSERT(made.matches(labels) != opposite.matches(labels));
    auto regex = Regex::compile(made.value);
    if (!regex) return;
    made.regex = opposite.regex = *regex;
    made.op = MatchOp::regex;
    opposite.op = MatchOp::not_regex;
    RC_ASSERT(made.matches(labels) != opposite.matches(labels));
  }));
}

}  // namespace lockkeeper
