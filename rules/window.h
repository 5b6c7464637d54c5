// SPDX-License-Identifier: Apache-2.0
#pragma once

// Weekly windows in the local time of a zone: "Mon-Fri 08:00-18:00 Europe/Berlin". A zone is a
// plain table of its offsets that config/ has filled when it loaded the rules, so that judging an
// alert touches no file. Wall time always comes in as an argument. Values only, any thread.

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/result.h"
#include "rules/time.h"

namespace lockkeeper {

/// A time zone: since when which offset from UTC has been in force.
struct Zone {
  struct Stretch {
    std::chrono::sys_seconds since;
    std::chrono::seconds offset{};  // local time is UTC plus this
  };

  std::string name = "UTC";        // by IANA
  std::vector<Stretch> stretches;  // in order; empty: UTC all the time

  /// What the clocks there show.
  [[nodiscard]] std::chrono::local_time<Millis> local(Time time) const;
};

/// What becomes of a pause whose alert still fires when the window of its rule ends.
enum class EndAction {
  release,  ///< the rule is skipped outside of its windows, as if it were not there
  pause,    ///< the rule goes on holding what it held, until that alert is gone
};

/// On some days of each week, from a minute to a minute, by the clocks of a zone. The clocks alone
/// decide, also when they are set: an hour that they skip is not there, and one that they repeat is
/// there twice.
struct Window {
  std::string name;            // of its [window NAME]; empty where it was written inline
  std::array<bool, 7> days{};  // by weekday::c_encoding(): Sunday is 0
  std::chrono::minutes from{};
  std::chrono::minutes to{};         // 24:00 at most; before `from`: over midnight
  std::shared_ptr<const Zone> zone;  // shared by every rule that names it: some hundred stretches
  EndAction end_action = EndAction::release;

  /// Whether it is open. What lies behind midnight belongs to the day on which the window began.
  [[nodiscard]] bool open_at(Time time) const;
};

/// Reads "Sat,Sun", "Mon-Fri", "Fri-Mon" (which goes over Sunday) or "any".
Result<std::array<bool, 7>> parse_days(std::string_view text);

/// "08:00-18:00" as two times of day. "24:00" may stand behind the dash. Two equal times are
/// refused: nobody can tell whether they mean never or always.
Result<std::pair<std::chrono::minutes, std::chrono::minutes>> parse_day_time(std::string_view text);

/// "Mon-Fri", "Sat,Sun", "any", as parse_days reads it.
std::string days_text(const std::array<bool, 7>& days);

/// "08:00-18:00".
std::string day_time_text(std::chrono::minutes from, std::chrono::minutes to);

/// "Mon-Fri 08:00-18:00 Europe/Berlin", with the name in front where it has one.
std::string to_string(const Window& window);

std::string_view to_string(EndAction action);

}  // namespace lockkeeper
