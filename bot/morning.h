// SPDX-License-Identifier: Apache-2.0
#pragma once

// The report that is said by itself, by the schedule of [report] (requirement D4). Which one was
// said last is remembered before it is said: a bot that is killed in between owes a report, and
// never says one twice. What was missed while the bot was away is said once, with a word about how
// many there were. Meets the world through ports only; one thread calls tick().

#include <functional>
#include <optional>
#include <string>

#include "bot/detector.h"
#include "bot/report.h"

namespace lockkeeper {

/// Under which name the memory keeps when a report was last due and said.
inline const std::string kReportMemory = "report";

class MorningReport {
 public:
  /// Everything outlives it. `make` gives the report of what has happened since the one before.
  MorningReport(Memory& memory, const Clock& clock, Chat& chat, const Settings& settings,
                std::function<Result<Report>(std::optional<Time> since)> make);

  /// Says the report when it is due. A bot that has never said one waits for its hour.
  void tick();

  /// The next one; nothing without a schedule.
  [[nodiscard]] std::optional<Time> next() const { return next_; }

 private:
  [[nodiscard]] std::optional<Time> following(Time after) const;
  void begin();
  void say(Time due);

  Memory& memory_;
  const Clock& clock_;
  Chat& chat_;
  const Settings& settings_;
  std::function<Result<Report>(std::optional<Time> since)> make_;
  bool begun_ = false;
  std::optional<Time> next_;
  std::optional<Time> last_;  // due time of the one that was said last
  int missed_ = 0;            // while nobody was there, the one to be said included
};

}  // namespace lockkeeper
