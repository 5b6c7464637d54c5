// SPDX-License-Identifier: Apache-2.0
#pragma once

// The real clock behind the Clock port, and the two small things that are built on waiting: a wait
// that can be cut short, and a thread that does something every so often. This folder is the only
// one that reads a clock, sleeps or handles a signal; everybody else is given one of these.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "bot/ports.h"

namespace lockkeeper::system {

/// Wall time from the system's clock, durations from the monotonic one. Any thread may call
/// everything.
class RealClock : public Clock {
 public:
  RealClock();

  [[nodiscard]] Time now() const override;
  [[nodiscard]] Moment moment() const override;

  /// A stir that came while nobody was waiting ends the next wait at once, so an order that arrives
  /// between a look at the inbox and the wait is not slept over. Threads that wait at the same time
  /// all wake. One wait never lasts longer than a day.
  void wait_until(Moment until) override;

  /// Ends the wait that is under way, or the next one.
  void stir() noexcept;

 private:
  std::chrono::steady_clock::time_point start_;
  std::mutex mutex_;
  std::condition_variable stirred_;
  std::uint64_t stirs_ = 0;
  std::uint64_t stirs_seen_ = 0;
};

/// A thread that calls `work` at once, then `interval` after each call has returned, and whenever
/// somebody asks for it soon. It joins when it is destroyed: `work` must be bounded.
class Periodic {
 public:
  /// `work` must not throw.
  Periodic(Millis interval, std::function<void()> work);
  ~Periodic();
  Periodic(const Periodic&) = delete;
  Periodic& operator=(const Periodic&) = delete;

  /// Work again without waiting for the interval; several requests at once count as one.
  void soon() noexcept;

  /// Ends after the call that may be under way, and joins. A second call does nothing.
  void stop() noexcept;

 private:
  void run();

  Millis interval_;
  std::function<void()> work_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool soon_ = false;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace lockkeeper::system
