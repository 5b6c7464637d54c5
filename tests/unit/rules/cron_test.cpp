// SPDX-License-Identifier: Apache-2.0
#include "rules/cron.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace lockkeeper {
namespace {

using std::chrono::hours;
using std::chrono::sys_days;
using std::chrono::year;

const Zone kUtc;

/// Berlin in 2026: an hour ahead of UTC, two from 29 March to 25 October, both at 01:00 UTC.
Zone berlin() {
  Zone zone;
  zone.name = "Europe/Berlin";
  zone.stretches = {{sys_days(year(2000) / 1 / 1), hours(1)},
                    {sys_days(year(2026) / 3 / 29) + hours(1), hours(2)},
                    {sys_days(year(2026) / 10 / 25) + hours(1), hours(1)}};
  return zone;
}

std::string refused(std::string_view text) {
  const auto cron = parse_cron(text);
  return cron ? "accepted" : cron.error().what;
}

/// The next `count` times behind `after`, in one line.
std::string runs(std::string_view text, std::string_view after, int count,
                 const Zone& zone = kUtc) {
  const auto cron = parse_cron(text).value();
  Time at = parse_time(after).value();
  std::string line;
  for (int i = 0; i < count; ++i) {
    const auto next = next_run(cron, zone, at);
    if (!next) return line + " never";
    line += (line.empty() ? "" : " ") + to_string(*next);
    at = *next;
  }
  return line;
}

}  // namespace

// 2026-11-20 is a Friday.
TEST_CASE("the next run lies behind the time that is given, not at it") {
  CHECK(runs("0 23 * * *", "2026-11-20T22:59:59Z", 1) == "2026-11-20T23:00:00Z");
  CHECK(runs("0 23 * * *", "2026-11-20T23:00:00Z", 1) == "2026-11-21T23:00:00Z");
  CHECK(runs("* * * * *", "2026-11-20T23:00:00.001Z", 2) ==
        "2026-11-20T23:01:00Z 2026-11-20T23:02:00Z");
}

TEST_CASE("ranges, lists, steps and names choose the values") {
  CHECK(runs("*/20 8-9 * * *", "2026-11-20T08:10:00Z", 5) ==
        "2026-11-20T08:20:00Z 2026-11-20T08:40:00Z 2026-11-20T09:00:00Z 2026-11-20T09:20:00Z "
        "2026-11-20T09:40:00Z");
  CHECK(runs("5,35 10-14/2 * * *", "2026-11-20T10:05:00Z", 3) ==
        "2026-11-20T10:35:00Z 2026-11-20T12:05:00Z 2026-11-20T12:35:00Z");
  CHECK(runs("0 6 * JAN,jul Mon", "2026-11-20T00:00:00Z", 1) == "2027-01-04T06:00:00Z");
  CHECK(parse_cron("0 0 * * 7").value().weekdays == parse_cron("0 0 * * sun").value().weekdays);
  CHECK(parse_cron("  0   23 * *  * ").value().text == "0 23 * * *");
}

TEST_CASE("a day of the month and a weekday together: one of them is enough") {
  CHECK(runs("0 0 1 * mon", "2026-11-25T00:00:00Z", 3) ==
        "2026-11-30T00:00:00Z 2026-12-01T00:00:00Z 2026-12-07T00:00:00Z");
  // A star restricts nothing, also with a step: both must then agree.
  CHECK(runs("0 0 */2 * mon", "2026-11-20T00:00:00Z", 2) ==
        "2026-11-23T00:00:00Z 2026-12-07T00:00:00Z");
}

TEST_CASE("29 February comes in leap years") {
  CHECK(runs("0 12 29 2 *", "2026-11-20T00:00:00Z", 2) ==
        "2028-02-29T12:00:00Z 2032-02-29T12:00:00Z");
  CHECK(runs("0 12 29 feb *", "2096-03-01T00:00:00Z", 1) == "2104-02-29T12:00:00Z");
}

TEST_CASE("what the clocks skip is due once, right behind the gap") {
  // On 29 March 02:00 becomes 03:00, which is 01:00 UTC.
  CHECK(runs("30 2 * * *", "2026-03-28T12:00:00Z", 2, berlin()) ==
        "2026-03-29T01:00:00Z 2026-03-30T00:30:00Z");
  CHECK(runs("*/10 2 * * *", "2026-03-28T12:00:00Z", 2, berlin()) ==
        "2026-03-29T01:00:00Z 2026-03-30T00:00:00Z");
}

TEST_CASE("what the clocks show twice is due the first time only") {
  // On 25 October 03:00 becomes 02:00; 02:30 is 00:30 and 01:30 UTC.
  CHECK(runs("30 2 * * *", "2026-10-24T12:00:00Z", 2, berlin()) ==
        "2026-10-25T00:30:00Z 2026-10-26T01:30:00Z");
  CHECK(runs("0 23 * * *", "2026-10-24T12:00:00Z", 2, berlin()) ==
        "2026-10-24T21:00:00Z 2026-10-25T22:00:00Z");
}

TEST_CASE("a schedule for every hour goes by real time through both") {
  CHECK(runs("30 * * * *", "2026-03-29T00:00:00Z", 3, berlin()) ==
        "2026-03-29T00:30:00Z 2026-03-29T01:30:00Z 2026-03-29T02:30:00Z");
  CHECK(runs("30 * * * *", "2026-10-25T00:00:00Z", 3, berlin()) ==
        "2026-10-25T00:30:00Z 2026-10-25T01:30:00Z 2026-10-25T02:30:00Z");
}

TEST_CASE("runs that were due while nobody looked are counted") {
  const auto cron = parse_cron("0 23 * * *").value();
  const auto since = parse_time("2026-11-17T23:00:00Z").value();
  const auto missed = missed_runs(cron, kUtc, since, parse_time("2026-11-20T22:00:00Z").value());
  CHECK(missed.count == 2);
  CHECK(to_string(missed.newest) == "2026-11-19T23:00:00Z");
  CHECK(missed_runs(cron, kUtc, since, since + hours(23)).count == 0);
  CHECK(missed_runs(cron, kUtc, since, since + hours(24)).count == 1);
  CHECK(missed_runs(parse_cron("* * * * *").value(), kUtc, since, since + hours(48)).count == 1000);
}

TEST_CASE("what is no schedule is refused in words that tell why") {
  CHECK(refused("0 23 * *") == "a schedule has five fields (minute hour day month weekday), not 4");
  CHECK(refused("") == "a schedule has five fields (minute hour day month weekday), not 0");
  CHECK(refused("@daily") == "write the five fields of cron, for example 0 23 * * *");
  CHECK(refused("60 23 * * *") == "minute 60 is not between 0 and 59");
  CHECK(refused("0 -1 * * *") == "'' is no hour");
  CHECK(refused("0 23 0 * *") == "day 0 is not between 1 and 31");
  CHECK(refused("0 23 * * mno") == "'mno' is no weekday (did you mean \"mon\"?)");
  CHECK(refused("0 18-8 * * *") == "'18-8' in hour runs backwards");
  CHECK(refused("*/0 * * * *") == "'/0' is no step of minute: write 1 to 59");
  CHECK(refused("5/10 * * * *") == "'5/10' in minute: a step follows * or a range, such as 5-59/5");
  CHECK(refused("1,,2 * * * *") == "a minute is missing beside a comma");
  CHECK(refused("0 0 31 2,4 *") == "there is no such day: it would never be due");
  CHECK(refused("0 0 31 2 mon") == "accepted");
}

TEST_CASE("whatever the schedule, the next run is due, later, and the first such minute") {
  rc::check([] {
    const auto number = [](int least, int most) {
      return std::to_string(*rc::gen::inRange(least, most + 1));
    };
    const auto field = [&](int least, int most) {
      return *rc::gen::element<std::string>("*", number(least, most), "*/" + number(1, most));
    };
    const auto text = field(0, 59) + " " + field(0, 23) + " * * " + field(0, 6);
    const auto cron = parse_cron(text).value();
    const Time after = Time(sys_days(year(2026) / 1 / 1)) +
                       std::chrono::seconds(*rc::gen::inRange(0, 365 * 86'400));
    const auto next = next_run(cron, kUtc, after).value();
    RC_ASSERT(next > after);
    const auto due = [&](Time time) {
      const auto day = std::chrono::floor<std::chrono::days>(time);
      const std::chrono::hh_mm_ss clock(time - day);
      return cron.minutes[static_cast<std::size_t>(clock.minutes().count())] &&
             cron.hours[static_cast<std::size_t>(clock.hours().count())] &&
             cron.weekdays[std::chrono::weekday(day).c_encoding()] &&
             clock.seconds().count() == 0 && clock.subseconds().count() == 0;
    };
    RC_ASSERT(due(next));
    auto minute = std::chrono::ceil<std::chrono::minutes>(after + Millis(1));
    for (; minute < next; minute += std::chrono::minutes(1))
      RC_ASSERT(!due(minute));
  });
}

}  // namespace lockkeeper
