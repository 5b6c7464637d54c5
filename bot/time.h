// SPDX-License-Identifier: Apache-2.0
#pragma once

// The two times of the project. Wall time (rules/time.h) is for people, records and the windows of
// rules; every duration, limit and quiet time is measured in monotonic time, so a stepped system
// clock can neither shorten a soak nor end a pause. Values only.

#include "rules/time.h"

namespace lockkeeper {

/// A point of monotonic time: since the process (or the simulation) began.
struct Moment {
  Millis since_start{};

  auto operator<=>(const Moment&) const = default;
  friend Moment operator+(Moment at, Millis by) { return {at.since_start + by}; }
  friend Millis operator-(Moment a, Moment b) { return a.since_start - b.since_start; }
};

}  // namespace lockkeeper
