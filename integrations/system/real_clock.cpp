// SPDX-License-Identifier: Apache-2.0
#include "integrations/system/real_clock.h"

#include <algorithm>

namespace lockkeeper::system {
namespace {

// Far below the range of steady_clock, which a Moment at the end of its range would overflow.
constexpr Millis kLongestWait = std::chrono::hours(24);

}  // namespace

RealClock::RealClock() : start_(std::chrono::steady_clock::now()) {}

Time RealClock::now() const {
  return std::chrono::floor<Millis>(std::chrono::system_clock::now());
}

Moment RealClock::moment() const {
  return {std::chrono::floor<Millis>(std::chrono::steady_clock::now() - start_)};
}

void RealClock::wait_until(Moment until) {
  const Moment latest = moment() + kLongestWait;
  const auto deadline = start_ + std::min(until, latest).since_start;
  std::unique_lock lock(mutex_);
  // Not stirs_: what was stirred before this call has to end it as well.
  const std::uint64_t seen = stirs_seen_;
  stirred_.wait_until(lock, deadline, [&] { return stirs_ != seen; });
  stirs_seen_ = stirs_;
}

void RealClock::stir() noexcept {
  {
    const std::lock_guard lock(mutex_);
    ++stirs_;
  }
  stirred_.notify_all();
}

Periodic::Periodic(Millis interval, std::function<void()> work)
    : interval_(std::min(interval, kLongestWait)),
      work_(std::move(work)),
      thread_([this] { run(); }) {}

Periodic::~Periodic() {
  stop();
}

void Periodic::soon() noexcept {
  {
    const std::lock_guard lock(mutex_);
    soon_ = true;
  }
  changed_.notify_all();
}

void Periodic::stop() noexcept {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Periodic::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    // Before the work, so that a request during it is not lost.
    soon_ = false;
    lock.unlock();
    work_();
    lock.lock();
    const auto deadline = std::chrono::steady_clock::now() + interval_;
    changed_.wait_until(lock, deadline, [this] { return soon_ || stopping_; });
  }
}

}  // namespace lockkeeper::system
