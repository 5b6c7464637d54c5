// SPDX-License-Identifier: Apache-2.0
#include "bot/time.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <array>

namespace lockkeeper {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// 2026-11-20T17:35:37Z, by GNU date.
constexpr Time kAfternoon{seconds(1'795'196'137)};

}  // namespace

TEST_CASE("a timestamp is read as Kubernetes and Alertmanager write it") {
  CHECK(parse_time("2026-11-20T17:35:37Z") == kAfternoon);
  CHECK(parse_time("2026-11-20T17:35:37.123456Z") == kAfternoon + Millis(123));
  CHECK(parse_time("2026-11-20T17:35:37.123456789Z") == kAfternoon + Millis(123));
  CHECK(parse_time("1970-01-01T00:00:00Z") == Time());
}

TEST_CASE("one to nine digits of a second are read, what is below a millisecond is dropped") {
  constexpr std::array<std::string_view, 9> fractions = {
      ".9", ".98", ".987", ".9876", ".98765", ".987654", ".9876543", ".98765432", ".987654321"};
  constexpr std::array<int, 9> millis = {900, 980, 987, 987, 987, 987, 987, 987, 987};
  for (std::size_t i = 0; i < fractions.size(); ++i) {
    const auto text = "2026-11-20T17:35:37" + std::string(fractions.at(i)) + "Z";
    CHECK_MESSAGE(parse_time(text) == kAfternoon + Millis(millis.at(i)), text);
  }
  CHECK(parse_time("2026-11-20T17:35:37.001Z") == kAfternoon + Millis(1));
}

TEST_CASE("an offset is taken off") {
  CHECK(parse_time("2026-11-20T19:35:37+02:00") == kAfternoon);
  CHECK(parse_time("2026-11-20T12:05:37-05:30") == kAfternoon);
  CHECK(parse_time("2026-11-21T17:34:37+23:59") == kAfternoon);
  CHECK(parse_time("2026-11-20T17:35:37+00:00") == kAfternoon);
  CHECK(parse_time("2026-11-20T17:35:37-00:00") == kAfternoon);
  CHECK(parse_time("2026-11-20T18:35:37.5+01:00") == kAfternoon + Millis(500));
}

TEST_CASE("small letters are allowed, as RFC 3339 says") {
  CHECK(parse_time("2026-11-20t17:35:37z") == kAfternoon);
}

TEST_CASE("a leap second is the second after") {
  CHECK(parse_time("2016-12-31T23:59:60Z") == parse_time("2017-01-01T00:00:00Z"));
}

TEST_CASE("the zero time of Go is the first day of year 1") {
  const auto zero = parse_time("0001-01-01T00:00:00Z");
  REQUIRE(zero);
  CHECK(zero->time_since_epoch() == seconds(-62'135'596'800));
  CHECK(to_string(*zero) == "0001-01-01T00:00:00Z");
}

TEST_CASE("the last second of year 9999 is a time") {
  CHECK(to_string(parse_time("9999-12-31T23:59:59Z").value()) == "9999-12-31T23:59:59Z");
}

TEST_CASE("a text that is no timestamp is a failure that quotes it") {
  constexpr std::array<std::string_view, 40> wrong = {
      "",
      " ",
      "Z",
      "now",
      "2026-11-20",
      "2026-11-20T17:35:37",
      "2026-11-20 17:35:37Z",
      "2026-11-20T17:35Z",
      "2026-11-20T17:35:37.Z",
      "2026-11-20T17:35:37.1234567890Z",
      "2026-11-20T17:35:37,5Z",
      "2026-11-20T17:35:37ZZ",
      "2026-11-20T17:35:37Z ",
      " 2026-11-20T17:35:37Z",
      "2026-11-20T17:35:37+2:00",
      "2026-11-20T17:35:37+0200",
      "2026-11-20T17:35:37+02",
      "2026-11-20T17:35:37+24:00",
      "2026-11-20T17:35:37+02:60",
      "2026-11-20T17:35:37+-1:00",
      "2026-13-20T17:35:37Z",
      "2026-00-20T17:35:37Z",
      "2026-11-31T17:35:37Z",
      "2026-11-00T17:35:37Z",
      "2025-02-29T00:00:00Z",
      "1900-02-29T00:00:00Z",
      "2026-11-20T24:00:00Z",
      "2026-11-20T17:60:37Z",
      "2026-11-20T17:35:61Z",
      "-026-11-20T17:35:37Z",
      "+026-11-20T17:35:37Z",
      "2026--1-20T17:35:37Z",
      "2026-11-20T-1:35:37Z",
      "2026-1-20T17:35:37Z",
      "26-11-20T17:35:37Z",
      "12026-11-20T17:35:37Z",
      "2026/11/20T17:35:37Z",
      "20261120T173537Z",
      "1795196137",
      "2026-11-20T17:35:37\xC3\xA4",
  };
  for (const auto text : wrong) {
    const auto parsed = parse_time(text);
    REQUIRE_FALSE_MESSAGE(parsed.has_value(), text);
    CHECK(parsed.error().what == "'" + std::string(text) + "' is not a timestamp");
  }
}

TEST_CASE("a long text is cut in the failure") {
  const auto parsed = parse_time(std::string(10'000, '9'));
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().what.size() < 80);
}

TEST_CASE("leap days are days") {
  CHECK(to_string(parse_time("2024-02-29T01:02:03Z").value()) == "2024-02-29T01:02:03Z");
  CHECK(to_string(parse_time("2000-02-29T00:00:00Z").value()) == "2000-02-29T00:00:00Z");
}

TEST_CASE("a time is written without its milliseconds, and a clock shows hours and minutes") {
  CHECK(to_string(kAfternoon + Millis(999)) == "2026-11-20T17:35:37Z");
  CHECK(to_string(Time(Millis(-1))) == "1969-12-31T23:59:59Z");
  CHECK(clock_text(kAfternoon) == "17:35");
  CHECK(clock_text(Time()) == "00:00");
}

TEST_CASE("every second of years 1 to 9999 is written so that it reads back") {
  CHECK(rc::check("round trip", [] {
    const auto since = *rc::gen::inRange<std::int64_t>(-62'135'596'800, 253'402'300'800);
    const Time time{seconds(since)};
    RC_ASSERT(parse_time(to_string(time)).value() == time);
  }));
}

TEST_CASE("any text is read or refused") {
  CHECK(rc::check("any text", [] {
    const auto piece = rc::gen::element<std::string>("2026", "-", "11", ":", "T", "Z", ".", "+",
                                                     "0", "60", "17", "\n", "\xFF");
    std::string text;
    for (const auto& one : *rc::gen::container<std::vector<std::string>>(piece))
      text += one;
    const auto parsed = parse_time(text);
    RC_ASSERT((parsed.has_value() || !parsed.error().what.empty()));
  }));
}

TEST_CASE("moments are compared, moved and subtracted") {
  const Moment early{seconds(5)};
  const Moment late = early + minutes(1);
  CHECK(early < late);
  CHECK(late - early == minutes(1));
  CHECK(early - late == -minutes(1));
  CHECK(late == Moment{seconds(65)});
  CHECK(hours(1) > late - early);
}

}  // namespace lockkeeper
