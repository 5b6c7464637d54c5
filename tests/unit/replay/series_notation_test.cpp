// SPDX-License-Identifier: Apache-2.0
#include "bot/replay/series_notation.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <rapidcheck.h>

namespace lockkeeper::replay {
namespace {

SeriesValues values(std::string_view text) {
  const auto read = parse_series_values(text);
  CHECK_MESSAGE(read.has_value(), (read ? "" : read.error().what));
  return read.value_or(SeriesValues());
}

std::string refusal(std::string_view text) {
  const auto read = parse_series_values(text);
  return read ? "read" : read.error().what;
}

TEST_CASE("the examples of promtool's own page come out as it says") {
  CHECK(values("1 _x3 stale") == SeriesValues{1.0, {}, {}, {}, {}});
  CHECK(values("-2+4x3") == SeriesValues{-2.0, 2.0, 6.0, 10.0});
  CHECK(values("1-2x4") == SeriesValues{1.0, -1.0, -3.0, -5.0, -7.0});
  CHECK(values("1x4") == SeriesValues{1.0, 1.0, 1.0, 1.0, 1.0});
  CHECK(values("1 2 _ 0.5") == SeriesValues{1.0, 2.0, {}, 0.5});
  CHECK(values("stalex1 _x0 1e3") == SeriesValues{{}, {}, 1000.0});
}

TEST_CASE("what is no item is named") {
  CHECK(refusal("1 2y 3").starts_with("'2y' is not a series item"));
  CHECK(refusal("1+2").starts_with("'1+2' is not a series item"));
  CHECK(refusal("1x").starts_with("'1x'"));
  CHECK(refusal("1x-3").starts_with("'1x-3'"));
  CHECK(refusal("stal").starts_with("'stal'"));
  CHECK(refusal("1x99999999999999999999999").starts_with("'1x9999"));
  CHECK(refusal("1x150000 1x150000") == "more than 200000 values");
  CHECK(refusal(" \n") == "no values");
}

TEST_CASE("a series is named by its alert or as ALERTS") {
  const Labels down{{"alertname", "Down"}, {"severity", "critical"}};
  CHECK(parse_series("Down{severity=\"critical\"}") == down);
  CHECK(parse_series("ALERTS{alertname=\"Down\",severity=\"critical\"}") == down);
  CHECK(parse_series("{alertname=\"Down\", severity=\"critical\"}") == down);
  CHECK(parse_series("Down") == Labels{{"alertname", "Down"}});
  CHECK(parse_series("Down{}") == Labels{{"alertname", "Down"}});
}

TEST_CASE("a series that is none is refused with its place") {
  CHECK(parse_series("Down{a=~\"b\"}").error().what ==
        "a=~\"b\" is no label of an alert; only = can stand here");
  CHECK(parse_series("Down{a=\"b}").error().what.starts_with("column "));
  CHECK(parse_series("").error().what == "no labels; write ALERTNAME{label=\"value\"}");
}

TEST_CASE("property: what is written item by item is read back") {
  CHECK(rc::check([](const std::vector<std::pair<int, bool>>& items) {
    RC_PRE(!items.empty());
    std::string text;
    SeriesValues expected;
    for (const auto& [value, present] : items) {
      text += present ? fmt::format(" {}", value) : std::string(" _");
      expected.push_back(present ? std::optional<double>(value) : std::nullopt);
    }
    RC_ASSERT(parse_series_values(text).value() == expected);
  }));
}

TEST_CASE("property: a repetition is the values that it stands for") {
  CHECK(rc::check([] {
    const int first = *rc::gen::inRange(-50, 50);
    const int step = *rc::gen::inRange(-9, 9);
    const int count = *rc::gen::inRange(0, 30);
    SeriesValues expected;
    for (int i = 0; i <= count; ++i)
      expected.emplace_back(first + i * step);
    RC_ASSERT(parse_series_values(fmt::format("{}{:+}x{}", first, step, count)).value() ==
              expected);
  }));
}

TEST_CASE("property: no text is more than an error") {
  CHECK(rc::check([] {
    const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
        "1", "x", "_", "stale", "+", "-", " ", "e", ".", "9", "N", "Inf", "0x", "\t"));
    std::string text;
    for (const auto& piece : pieces)
      text += piece;
    const auto read = parse_series_values(text);
    const bool fine = !read || !read->empty();
    RC_ASSERT(fine);
  }));
}

}  // namespace
}  // namespace lockkeeper::replay
