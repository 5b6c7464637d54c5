// SPDX-License-Identifier: Apache-2.0
#pragma once

// Detection as a part of the daemon: the thread that looks for new versions when it is time, what
// of it shows in the metrics, and starting what the settings let it start. Part of the composition
// root; it has connections and a clock of its own, so that it neither waits for a run nor wakes
// one.

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "bot/desk.h"
#include "bot/detector.h"
#include "bot/gauges.h"
#include "integrations/metrics/metrics.h"
#include "integrations/system/real_clock.h"
#include "integrations/world/live_scout.h"

namespace lockkeeper {

class DetectionDuty {
 public:
  /// What it needs of the daemon; all of it outlives the duty.
  struct Parts {
    World& world;
    Journal& journal;
    Memory& memory;
    Chat& chat;
    metrics::Metrics& metrics;
    Gauges& gauges;
    std::function<Reply(const Actor&, const std::string&)> obey;
  };

  /// The way to the outside; dials nothing.
  struct Outside {
    system::RealClock clock;
    std::unique_ptr<LiveScout> scout;

    Status open(const Settings& settings);
  };

  DetectionDuty(Parts parts, Outside& outside, const Settings& settings);

  /// Begins to look by the schedule.
  void start();

  /// A person's `check`; any thread.
  void ask(bool forget);

  /// Ends a look that is under way, without a word about it, and joins.
  void stop();

 private:
  void tick();
  void take(const Check& check);
  void recall_last_check();
  void set_due(Time since);

  Parts parts_;
  Outside& outside_;
  const Settings& settings_;
  Detector detector_;
  std::optional<Check> found_;  // not yet tried to start; of the thread below
  std::unique_ptr<system::Periodic> thread_;
  std::atomic<bool> started_ = false;  // the thread is there
};

}  // namespace lockkeeper
