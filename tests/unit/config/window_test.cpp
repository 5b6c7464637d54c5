// SPDX-License-Identifier: Apache-2.0

// Windows in configurations, and the clocks of real zones on the days when they are set.

#include <doctest/doctest.h>

#include "config/zone.h"
#include "tests/unit/config/loading.h"

namespace lockkeeper {
namespace {

using testing::kRequired;

Window window(std::string_view days, std::string_view time, std::string_view zone) {
  Window made;
  made.days = parse_days(days).value();
  std::tie(made.from, made.to) = parse_day_time(time).value();
  made.zone = load_zone(zone).value();
  return made;
}

/// The stretches of UTC in which it is open on the day of `from` and the next, by the minute.
std::vector<std::string> open_times(const Window& one, std::string_view from) {
  std::vector<std::string> times;
  const auto start = parse_time(from).value();
  bool was = one.open_at(start - 1min);
  for (auto at = start; at <= start + 24h; at += 1min) {
    const bool is = one.open_at(at);
    if (is != was) times.push_back((is ? "opens " : "closes ") + clock_text(at));
    was = is;
  }
  return times;
}

using Times = std::vector<std::string>;

std::string refused(std::string_view text) {
  return testing::refusal(kRequired + std::string(text));
}

/// The rule's window stands in line 9, its value from column 10 on.
std::string refused_window(std::string_view value) {
  return refused("[rule x]\nmatch = a=\"b\"\naction = pause\nactive = " + std::string(value) +
                 "\n");
}

}  // namespace

TEST_CASE("Berlin: an hour is skipped in March and repeated in October") {
  CHECK(open_times(window("any", "08:00-18:00", "Europe/Berlin"), "2026-03-28T00:00:00Z") ==
        Times{"opens 07:00", "closes 17:00"});
  CHECK(open_times(window("any", "08:00-18:00", "Europe/Berlin"), "2026-03-29T00:00:00Z") ==
        Times{"opens 06:00", "closes 16:00"});
  // 02:00-03:00 is not there; what reaches into it ends where the clocks jump.
  CHECK(open_times(window("Sun", "02:15-02:45", "Europe/Berlin"), "2026-03-29T00:00:00Z").empty());
  CHECK(open_times(window("Sun", "01:30-02:30", "Europe/Berlin"), "2026-03-29T00:00:00Z") ==
        Times{"opens 00:30", "closes 01:00"});
  CHECK(open_times(window("Sun", "02:30-03:30", "Europe/Berlin"), "2026-03-29T00:00:00Z") ==
        Times{"opens 01:00", "closes 01:30"});
  // 02:00-03:00 comes twice.
  CHECK(open_times(window("Sun", "02:15-02:45", "Europe/Berlin"), "2026-10-25T00:00:00Z") ==
        Times{"opens 00:15", "closes 00:45", "opens 01:15", "closes 01:45"});
  CHECK(open_times(window("Sat", "22:00-05:00", "Europe/Berlin"), "2026-10-24T12:00:00Z") ==
        Times{"opens 20:00", "closes 04:00"});
}

TEST_CASE("New York: the same by its own calendar") {
  CHECK(
      open_times(window("Sun", "02:15-02:45", "America/New_York"), "2026-03-08T00:00:00Z").empty());
  CHECK(open_times(window("Sun", "01:15-01:45", "America/New_York"), "2026-11-01T00:00:00Z") ==
        Times{"opens 05:15", "closes 05:45", "opens 06:15", "closes 06:45"});
  // Sunday there begins when it is Sunday morning in UTC, and ends on Monday.
  CHECK(open_times(window("Sun", "20:00-24:00", "America/New_York"), "2026-07-05T12:00:00Z") ==
        Times{"opens 00:00", "closes 04:00"});
}

TEST_CASE("Lord Howe: the clocks are set by half an hour") {
  CHECK(open_times(window("Sun", "02:00-02:30", "Australia/Lord_Howe"), "2026-10-03T12:00:00Z")
            .empty());
  CHECK(open_times(window("Sun", "01:30-02:00", "Australia/Lord_Howe"), "2026-04-04T12:00:00Z") ==
        Times{"opens 14:30", "closes 15:30"});
}

TEST_CASE("offsets hold for as long as the data tells") {
  CHECK(open_times(window("any", "12:00-13:00", "America/New_York"), "2036-07-01T00:00:00Z") ==
        Times{"opens 16:00", "closes 17:00"});
  CHECK(open_times(window("any", "12:00-13:00", "Asia/Kolkata"), "2026-07-01T00:00:00Z") ==
        Times{"opens 06:30", "closes 07:30"});
}

TEST_CASE("a zone that is not there names the nearest") {
  CHECK(load_zone("Europe/Berln").error().what ==
        "'Europe/Berln' is not a time zone (did you mean \"Europe/Berlin\"?)");
  CHECK_FALSE(load_zone("CEST-7").has_value());
  CHECK(load_zone("UTC").value()->stretches.empty());
}

TEST_CASE("an inline window is refused at the column of its wrong word") {
  CHECK(refused_window("Mon-Fri 08:00-18:00 Europe/Berlin") == "accepted");
  CHECK(refused_window("Mon-Fri 08:00-18:00") ==
        "l.ini:9: active: write a window as Mon-Fri 08:00-18:00 Europe/Berlin, with its time "
        "zone\n");
  CHECK(refused_window("Mon-Fry 08:00-18:00 UTC").starts_with("l.ini:9:10: active: 'Fry' is none"));
  CHECK(refused_window("Mon 08:00-18:60 UTC").starts_with("l.ini:9:14: active: '08:00-18:60' is"));
  CHECK(refused_window("Mon 08:00-18:00 Utopia/Here")
            .starts_with("l.ini:9:26: active: 'Utopia/Here' is not a time zone"));
}

TEST_CASE("rules name windows that may stand anywhere, several times") {
  const std::string rule =
      "[rule x]\nmatch = a=\"b\"\naction = pause\nactive = nightly, lunch\nactive = Wed "
      "08:00-09:00 UTC\n";
  const std::string windows =
      "[window nightly]\ndays = Sat,Sun\ntime = 22:00-05:00\nzone = Europe/Berlin\n"
      "end_action = pause\n[window lunch]\ndays = any\ntime = 12:00-13:00\nzone = UTC\n";
  const auto settings = testing::loaded(kRequired + rule + windows);
  const auto& active = settings.rules.rules.back().active;
  REQUIRE(active.size() == 3);
  CHECK(to_string(active[0]) == "nightly (Sat,Sun 22:00-05:00 Europe/Berlin)");
  CHECK(active[0].end_action == EndAction::pause);
  CHECK(active[1].end_action == EndAction::release);
  CHECK(to_string(active[2]) == "Wed 08:00-09:00 UTC");
  CHECK(refused(rule + "[window night]\ndays = any\ntime = 22:00-05:00\nzone = UTC\n") ==
        "l.ini:9: active: there is no [window nightly] (did you mean \"night\"?)\n"
        "l.ini:9: active: there is no [window lunch]\n");
}

TEST_CASE("a window has days, a time and a zone") {
  CHECK(refused("[window w]\n") ==
        "l.ini:6: window w has no days\n"
        "l.ini:6: window w has no time\n"
        "l.ini:6: window w has no zone\n");
  CHECK(refused("[window w]\ndays = Mon\ntime = 8-9\nzone = UTC\nend_action = paus\n") ==
        "l.ini:8: time: '8-9' is not a time of day such as 08:00-18:00\n"
        "l.ini:10: end_action: 'paus' is none of release, pause (did you mean \"pause\"?)\n");
  CHECK(refused("[window]\n") == "l.ini:6: [window] needs a name: [window NAME]\n");
}

}  // namespace lockkeeper
