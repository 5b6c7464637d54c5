// SPDX-License-Identifier: Apache-2.0
#include "rules/window.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>

namespace lockkeeper {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

Window window(std::string_view days, std::string_view time) {
  Window made;
  made.days = parse_days(days).value();
  std::tie(made.from, made.to) = parse_day_time(time).value();
  return made;
}

bool open(const Window& one, std::string_view time) {
  return one.open_at(parse_time(time).value());
}

std::string refused_days(std::string_view text) {
  const auto days = parse_days(text);
  return days ? "accepted" : days.error().what;
}

std::string refused_time(std::string_view text) {
  const auto time = parse_day_time(text);
  return time ? "accepted" : time.error().what;
}

}  // namespace

// 2026-11-20 is a Friday.
TEST_CASE("a window is open from its first minute and no more at its last") {
  const auto work = window("Mon-Fri", "08:00-18:00");
  CHECK_FALSE(open(work, "2026-11-20T07:59:59.999Z"));
  CHECK(open(work, "2026-11-20T08:00:00Z"));
  CHECK(open(work, "2026-11-20T17:59:59.999Z"));
  CHECK_FALSE(open(work, "2026-11-20T18:00:00Z"));
  CHECK_FALSE(open(work, "2026-11-21T12:00:00Z"));
}

TEST_CASE("what lies behind midnight belongs to the day on which the window began") {
  const auto night = window("Fri", "22:00-05:00");
  CHECK_FALSE(open(night, "2026-11-20T04:59:00Z"));
  CHECK_FALSE(open(night, "2026-11-20T21:59:00Z"));
  CHECK(open(night, "2026-11-20T22:00:00Z"));
  CHECK(open(night, "2026-11-21T00:00:00Z"));
  CHECK(open(night, "2026-11-21T04:59:59Z"));
  CHECK_FALSE(open(night, "2026-11-21T05:00:00Z"));
  CHECK_FALSE(open(night, "2026-11-21T22:00:00Z"));
  CHECK(open(window("Sat", "22:00-05:00"), "2026-11-22T01:00:00Z"));
}

TEST_CASE("a whole day ends with its last moment") {
  const auto day = window("Fri", "00:00-24:00");
  CHECK(open(day, "2026-11-20T00:00:00Z"));
  CHECK(open(day, "2026-11-20T23:59:59.999Z"));
  CHECK_FALSE(open(day, "2026-11-21T00:00:00Z"));
  CHECK_FALSE(open(day, "2026-11-19T23:59:59.999Z"));
}

TEST_CASE("a zone shows the offset of its stretch") {
  Zone zone;
  const auto change = parse_time("2026-03-29T01:00:00Z").value();
  zone.stretches = {{std::chrono::sys_seconds(), hours(1)},
                    {std::chrono::floor<std::chrono::seconds>(change), hours(2)}};
  CHECK(zone.local(change - Millis(1)).time_since_epoch() ==
        change.time_since_epoch() - Millis(1) + hours(1));
  CHECK(zone.local(change).time_since_epoch() == change.time_since_epoch() + hours(2));
}

TEST_CASE("days are names, ranges and lists, and a range may go over Sunday") {
  CHECK(days_text(parse_days("Mon-Fri").value()) == "Mon-Fri");
  CHECK(days_text(parse_days("Fri-Mon").value()) == "Mon,Fri-Sun");
  CHECK(days_text(parse_days("Sat, Sun").value()) == "Sat,Sun");
  CHECK(days_text(parse_days("Wed").value()) == "Wed");
  CHECK(days_text(parse_days("any").value()) == "any");
  CHECK(days_text(parse_days("Tue-Mon").value()) == "any");
  CHECK(refused_days("") == "no day is named; write Mon-Fri, or any");
  CHECK(refused_days("Mon,Thi").starts_with("'Thi' is none of Mon, Tue"));
  CHECK(refused_days("Mon-").starts_with("'' is none of"));
}

TEST_CASE("a time of day has two digits each, and a window lasts") {
  CHECK(refused_time("08:00-18:00") == "accepted");
  CHECK(refused_time("00:00-24:00") == "accepted");
  for (const auto text :
       {"8:00-18:00", "08:00", "24:00-05:00", "08:60-09:00", "08:00-24:01", "x"}) {
    CAPTURE(text);
    CHECK(refused_time(text).ends_with("is not a time of day such as 08:00-18:00"));
  }
  CHECK(refused_time("08:00-08:00") ==
        "08:00-08:00 begins and ends at the same time; the whole day is 00:00-24:00");
}

TEST_CASE("days read back as they are written") {
  CHECK(rc::check("any set of days", [] {
    auto days = *rc::gen::arbitrary<std::array<bool, 7>>();
    if (std::ranges::none_of(days, [](bool day) { return day; })) days[0] = true;
    RC_ASSERT(parse_days(days_text(days)).value() == days);
  }));
}

TEST_CASE("a week has as many open minutes as its windows say") {
  CHECK(rc::check("minutes of a week", [] {
    Window one;
    one.days = *rc::gen::arbitrary<std::array<bool, 7>>();
    one.from = minutes(*rc::gen::inRange(0, 1440));
    one.to = minutes(*rc::gen::inRange(1, 1441));
    RC_PRE(one.from != one.to);
    const auto length = one.from < one.to ? one.to - one.from : one.to - one.from + hours(24);
    std::int64_t counted = 0;
    const auto start = parse_time("2026-11-16T00:00:00Z").value();
    for (auto at = start; at < start + hours(24 * 7); at += minutes(1))
      counted += one.open_at(at) ? 1 : 0;
    RC_ASSERT(counted == length.count() * std::ranges::count(one.days, true));
  }));
}

}  // namespace lockkeeper
