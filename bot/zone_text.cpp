// SPDX-License-Identifier: Apache-2.0
#include "bot/zone_text.h"

#include <fmt/format.h>

namespace lockkeeper {
namespace {

using std::chrono::days;
using std::chrono::floor;

/// What a clock and a calendar on the wall there show.
struct Shown {
  explicit Shown(Time time, const Zone* zone) {
    const auto local = zone == nullptr ? Zone{}.local(time) : zone->local(time);
    const auto midnight = floor<days>(local);
    date = std::chrono::year_month_day(midnight);
    clock = std::chrono::hh_mm_ss(floor<std::chrono::seconds>(local - midnight));
  }

  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<std::chrono::seconds> clock;
};

}  // namespace

std::string day_text(Time time, const Zone* zone) {
  const Shown shown(time, zone);
  return fmt::format("{:02}-{:02}", unsigned{shown.date.month()}, unsigned{shown.date.day()});
}

std::string hour_text(Time time, const Zone* zone) {
  const Shown shown(time, zone);
  return fmt::format("{:02}:{:02}", shown.clock.hours().count(), shown.clock.minutes().count());
}

std::string second_text(Time time, const Zone* zone) {
  const Shown shown(time, zone);
  return fmt::format("{}:{:02}", hour_text(time, zone), shown.clock.seconds().count());
}

std::string minute_text(Time time, const Zone* zone) {
  const Shown shown(time, zone);
  return fmt::format("{}-{} {}", int{shown.date.year()}, day_text(time, zone),
                     hour_text(time, zone));
}

std::string zone_name(const Zone* zone) {
  return zone == nullptr ? Zone{}.name : zone->name;
}

}  // namespace lockkeeper
