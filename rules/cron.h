// SPDX-License-Identifier: Apache-2.0
#pragma once

// Schedules as cron writes them: "0 23 * * *", by the clocks of a zone. The zone is a plain table
// (window.h) and wall time always comes in as an argument, so a schedule is judged without a clock
// or a file. Values only, any thread.
// The language is that of crontab(5) without its nicknames and extensions.

#include <bitset>
#include <optional>
#include <string>
#include <string_view>

#include "rules/result.h"
#include "rules/time.h"
#include "rules/window.h"

namespace lockkeeper {

/// Five fields, read: each bit is a value at which it is due.
struct Cron {
  std::string text;         // as written, blanks evened out
  std::bitset<60> minutes;  // 0-59
  std::bitset<24> hours;    // 0-23
  std::bitset<32> days;     // of the month, 1-31
  std::bitset<13> months;   // 1-12
  std::bitset<7> weekdays;  // by weekday::c_encoding(): Sunday is 0
  bool either_day = false;  // both kinds of day are restricted: one of them is enough
  bool every_hour = false;  // the hour field is "*": it follows real time, not the clocks

  bool operator==(const Cron&) const = default;
};

/// Reads "MINUTE HOUR DAY MONTH WEEKDAY": numbers, ranges, lists, steps behind "*" or a range,
/// and names (jan-dec, sun-sat; 7 is Sunday, too). A schedule that is never due (31 February) is
/// refused, because a check that never runs looks like one that finds nothing.
Result<Cron> parse_cron(std::string_view text);

/// The first moment behind `after` at which it is due; nothing only for a schedule that
/// parse_cron would refuse.
///
/// When the clocks are set forward, what was due in the hour that is not there is due once, right
/// behind it. When they are set back, what is due in the hour that is there twice is due the first
/// time only. A schedule for every hour ("*") goes by real time through both.
std::optional<Time> next_run(const Cron& cron, const Zone& zone, Time after);

/// What was due and did not happen.
struct MissedRuns {
  int count = 0;  // counted up to a thousand
  Time newest{};  // without meaning when the count is 0
};

/// The runs that were due behind `since` and until `now`.
MissedRuns missed_runs(const Cron& cron, const Zone& zone, Time since, Time now);

}  // namespace lockkeeper
