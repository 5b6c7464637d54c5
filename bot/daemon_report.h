// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reports as a part of the daemon: who makes them, and the thread that says one when it is due.
// Part of the composition root. It only reads, so it never keeps a run waiting.

#include <functional>
#include <memory>
#include <string>

#include "bot/morning.h"
#include "bot/reporter.h"
#include "integrations/system/real_clock.h"

namespace lockkeeper {

class ReportDuty {
 public:
  /// What it needs of the daemon; all of it outlives the duty.
  struct Parts {
    World& world;
    Journal& journal;
    Memory& memory;
    const Clock& clock;
    const Gate& gate;
    Chat& chat;
  };

  ReportDuty(Parts parts, const Settings& settings);

  [[nodiscard]] Reporter& reporter() { return reporter_; }

  /// Begins to report by the schedule.
  void start();

  /// Joins; a report that is being made is said first.
  void stop();

 private:
  Parts parts_;
  Reporter reporter_;
  MorningReport morning_;
  std::unique_ptr<system::Periodic> thread_;
};

}  // namespace lockkeeper
