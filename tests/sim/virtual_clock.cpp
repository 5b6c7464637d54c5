// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/virtual_clock.h"

#include <algorithm>

namespace lockkeeper::sim {
namespace {

// Waiting costs at least this much, so that code which polls without waiting still moves time.
constexpr Millis kWaitMin{1};

}  // namespace

void VirtualClock::wait_until(Moment until) {
  ++waits_;
  until = std::max(until, moment_ + kWaitMin);
  stirred_ = false;
  while (!events_.empty() && events_.begin()->first <= until) {
    run_next();
    if (stirred_) return;
  }
  moment_ = until;
}

void VirtualClock::pass(Millis span) {
  const Moment until = moment_ + span;
  while (!events_.empty() && events_.begin()->first <= until)
    run_next();
  moment_ = until;
}

void VirtualClock::at(Moment when, Event event) {
  events_.emplace(std::max(when, moment_), std::move(event));
}

void VirtualClock::run_next() {
  auto next = events_.extract(events_.begin());
  moment_ = std::max(moment_, next.key());
  next.mapped()();
}

}  // namespace lockkeeper::sim
