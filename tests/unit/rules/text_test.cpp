// SPDX-License-Identifier: Apache-2.0
#include "rules/text.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <array>

#include "rules/utf8.h"

namespace lockkeeper {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

std::string refusal(std::string_view text) {
  const auto parsed = parse_duration(text);
  return parsed ? "accepted" : parsed.error().what;
}

}  // namespace

TEST_CASE("durations are read in Prometheus' way") {
  CHECK(parse_duration("1h30m") == Millis(90min));
  CHECK(parse_duration("90s") == Millis(90s));
  CHECK(parse_duration("250ms") == Millis(250ms));
  CHECK(parse_duration("1m1ms") == Millis(1min + 1ms));
  CHECK(parse_duration("2d") == Millis(48h));
  CHECK(parse_duration("1w2d3h4m5s6ms") == Millis(219h + 4min + 5s + 6ms));
  CHECK(parse_duration("0s") == Millis(0));
}

TEST_CASE("a number without a unit is refused with the likely one") {
  CHECK(refusal("90") == "'90' is not a duration: the unit is missing (did you mean 90s?)");
  CHECK(refusal("1h30") == "'1h30' is not a duration: the unit is missing (did you mean 30s?)");
}

TEST_CASE("what is not a duration is refused with its reason") {
  CHECK(refusal("") == "'' is not a duration: write a number with a unit, like 90s or 1h30m");
  CHECK(refusal("s") == "'s' is not a duration: write a number with a unit, like 90s");
  CHECK(refusal("-5s") == "'-5s' is not a duration: write a number with a unit, like 90s");
  CHECK(refusal("+5s") == "'+5s' is not a duration: write a number with a unit, like 90s");
  CHECK(refusal("5sec") == "'5sec' is not a duration: units are w, d, h, m, s and ms");
  CHECK(refusal("1.5h") == "'1.5h' is not a duration: units are w, d, h, m, s and ms");
  CHECK(refusal("5 s") == "'5 s' is not a duration: units are w, d, h, m, s and ms");
  CHECK(refusal("30m1h") == "'30m1h' is not a duration: units go from large to small, once each");
  CHECK(refusal("1h1h") == "'1h1h' is not a duration: units go from large to small, once each");
  CHECK(refusal("11y") == "'11y' is not a duration: units are w, d, h, m, s and ms");
  CHECK(refusal("600w") == "'600w' is not a duration: longer than ten years");
  CHECK(refusal("520w520d") == "'520w520d' is not a duration: longer than ten years");
  CHECK(refusal("99999999999999999999s") ==
        "'99999999999999999999s' is not a duration: write a number with a unit, like 90s");
  CHECK(refusal(std::string(1000, '9')).size() < 120);
}

TEST_CASE("durations are shown with at most two units") {
  CHECK(to_string(Millis(0)) == "0s");
  CHECK(to_string(Millis(250)) == "250ms");
  CHECK(to_string(Millis(12s)) == "12s");
  CHECK(to_string(Millis(12s + 345ms)) == "12s");
  CHECK(to_string(Millis(90min)) == "1h30m");
  CHECK(to_string(Millis(1h + 5s)) == "1h5s");
  CHECK(to_string(Millis(25h + 1min + 1s)) == "1d1h");
  CHECK(to_string(Millis(24h * 7)) == "7d");
  CHECK(to_string(-Millis(90s)) == "-1m30s");
  CHECK(to_string(Millis::min()).starts_with('-'));
}

TEST_CASE("a shown duration reads back as itself when it has two units at most") {
  CHECK(rc::check("round trip", [] {
    const auto unit = *rc::gen::element<std::int64_t>(1, 1000, 60'000, 3'600'000, 86'400'000);
    const auto count = *rc::gen::inRange<std::int64_t>(0, unit == 1 ? 1000 : 60);
    const auto again = parse_duration(to_string(Millis(unit * count)));
    RC_ASSERT(again.has_value());
    RC_ASSERT(*again == Millis(unit * count));
  }));
}

TEST_CASE("quoting escapes what both dialects of matchers would misread") {
  CHECK(quoted("") == "\"\"");
  CHECK(quoted("a\"b\\c\nd") == "\"a\\\"b\\\\c\\nd\"");
  CHECK(quoted("tab\tä") == "\"tab\tä\"");
}

TEST_CASE("trimming takes blanks and tabs, nothing else") {
  CHECK(trimmed(" \t a b \t") == "a b");
  CHECK(trimmed(" \t ").empty());
  CHECK(trimmed("\na\n") == "\na\n");
  CHECK(trimmed("\xC2\xA0") == "\xC2\xA0");
}

TEST_CASE("splitting trims the pieces and keeps the empty ones") {
  using Pieces = std::vector<std::string_view>;
  CHECK(split("a, b ,c", ',') == Pieces{"a", "b", "c"});
  CHECK(split("a,,b,", ',') == Pieces{"a", "", "b", ""});
  CHECK(split(",", ',') == Pieces{"", ""});
  CHECK(split("", ',').empty());
  CHECK(split(" \t", ',').empty());
}

TEST_CASE("words are joined") {
  const std::array<std::string, 3> words = {"a", "b", "c"};
  CHECK(joined(words) == "a, b, c");
  CHECK(joined(words, " ") == "a b c");
  CHECK(joined({}).empty());
}

TEST_CASE("the nearest word is found for a slip of the finger only") {
  constexpr std::array<std::string_view, 4> known = {"soak", "soak_limit", "drain_timeout", "x"};
  CHECK(nearest("soack", known) == "soak");
  CHECK(nearest("sok", known) == "soak");
  CHECK(nearest("drain_timout", known) == "drain_timeout");
  CHECK(nearest("drian_timeout", known) == "drain_timeout");
  CHECK(nearest("soak", known) == "soak");
  CHECK(nearest("kubeconfig", known).empty());
  CHECK(nearest("y", known).empty());
  CHECK(nearest("", known).empty());
  CHECK(suggestion("soack", known) == " (did you mean \"soak\"?)");
  CHECK(suggestion("kubeconfig", known).empty());
  CHECK(suggestion("soack", {}).empty());
}

TEST_CASE("clipping keeps whole characters and says that something is missing") {
  CHECK(clipped("short", 5) == "short");
  CHECK(clipped("shorter", 6) == "sho...");
  CHECK(clipped("ääää", 6) == "ä...");
  CHECK(clipped("abcdef", 3) == "...");
  CHECK(clipped("abcdef", 2) == "..");
  CHECK(clipped("abcdef", 0).empty());
}

TEST_CASE("a clipped text is never longer than asked, and stays valid UTF-8") {
  CHECK(rc::check("clipped", [] {
    const auto pieces = *rc::gen::container<std::vector<std::string>>(
        rc::gen::element<std::string>("a", "ä", "€", "😀"));
    std::string text;
    for (const auto& piece : pieces)
      text += piece;
    const auto limit = *rc::gen::inRange<std::size_t>(0, 40);
    const auto cut = clipped(text, limit);
    RC_ASSERT(cut.size() <= limit);
    RC_ASSERT(invalid_utf8_at(cut) == cut.size());
    RC_ASSERT(text.size() > limit || cut == text);
  }));
}

}  // namespace lockkeeper
