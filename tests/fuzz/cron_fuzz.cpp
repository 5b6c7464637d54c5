// SPDX-License-Identifier: Apache-2.0

// Whatever stands behind `schedule =`, it is refused in words, or it is due again and again: each
// time behind the one before, and at a minute and a month that it names.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rules/cron.h"
#include "tests/fuzz/fuzz.h"

namespace lockkeeper {
namespace {

constexpr Time kStart{Millis{1'795'262'400'000}};  // 2026-11-21T12:00:00Z
constexpr int kRuns = 4;

/// Clocks that are set forward by an hour in March and back in October, every year.
Zone changing_zone() {
  const auto at = [](int year, unsigned month, unsigned day) {
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                           std::chrono::day(day)};
    return std::chrono::sys_days(date) + std::chrono::hours(1);
  };
  Zone zone{"Somewhere", {}};
  for (int year = 2020; year < 2060; ++year) {
    zone.stretches.push_back({at(year, 3, 29), std::chrono::hours(2)});
    zone.stretches.push_back({at(year, 10, 25), std::chrono::hours(1)});
  }
  return zone;
}

void is_due_again(const Cron& cron, const Zone& zone) {
  Time at = kStart;
  for (int i = 0; i < kRuns; ++i) {
    const auto next = next_run(cron, zone, at);
    PROMISE(next && *next > at);
    at = *next;
    if (!zone.stretches.empty()) continue;
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const auto minutes = std::chrono::floor<std::chrono::minutes>(at - day).count();
    PROMISE(cron.minutes.test(static_cast<std::size_t>(minutes % 60)));
    PROMISE(cron.hours.test(static_cast<std::size_t>(minutes / 60)));
    PROMISE(cron.months.test(static_cast<unsigned>(std::chrono::year_month_day(day).month())));
  }
}

void read(std::string_view text) {
  const auto cron = parse_cron(text);
  if (!cron) {
    PROMISE(!cron.error().what.empty());
    return;
  }
  const auto again = parse_cron(cron->text);
  PROMISE(again && *again == *cron);
  static const Zone changing = changing_zone();
  is_due_again(*cron, Zone{});
  is_due_again(*cron, changing);
}

}  // namespace
}  // namespace lockkeeper

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lockkeeper::read({reinterpret_cast<const char*>(data), size});
  return 0;
}
