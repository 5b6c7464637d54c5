// SPDX-License-Identifier: Apache-2.0
#pragma once

// Virtual time: a queue of events. Waiting runs the world forward to the awaited moment, event by
// event, so a six-hour upgrade takes microseconds and every run of a seed is the same. One thread.

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "bot/ports.h"

namespace lockkeeper::sim {

class VirtualClock : public Clock {
 public:
  using Event = std::function<void()>;

  [[nodiscard]] Time now() const override { return wall_at_start_ + moment_.since_start; }
  [[nodiscard]] Moment moment() const override { return moment_; }
  void wait_until(Moment until) override;

  /// Runs `event` when the time has come, unless the queue is cleared before.
  void at(Moment when, Event event);
  void after(Millis delay, Event event) { at(moment_ + delay, std::move(event)); }

  /// Ends the wait that is under way, once its current event is over.
  void stir() { stirred_ = true; }

  /// The time on the API server's own clock, which nobody steps.
  [[nodiscard]] Time cluster_now() const { return kWallAtStart + moment_.since_start; }

  /// Moves the wall clock alone, as an operator or NTP would.
  void step_wall(Millis by) { wall_at_start_ += by; }

  /// Lets time pass without anybody waiting (the bot is dead).
  void pass(Millis span);

  [[nodiscard]] std::uint64_t waits() const { return waits_; }

 private:
  void run_next();

  // 2026-11-20T00:00:00Z: a fixed start keeps transcripts readable.
  static constexpr Time kWallAtStart{Millis(1'795'132'800'000)};
  Time wall_at_start_ = kWallAtStart;
  Moment moment_;
  std::multimap<Moment, Event> events_;  // equal moments keep the order in which they were added
  bool stirred_ = false;
  std::uint64_t waits_ = 0;
};

}  // namespace lockkeeper::sim
