// SPDX-License-Identifier: Apache-2.0
#pragma once

// The two times of the project. Wall time is for people and records; every duration, limit and
// quiet window is measured in monotonic time, so a stepped system clock can neither shorten a soak
// nor end a pause. Values only.

#include <chrono>
#include <string>
#include <string_view>

#include "rules/result.h"
#include "rules/text.h"

namespace lockkeeper {

/// Wall-clock time, UTC, in milliseconds.
using Time = std::chrono::sys_time<Millis>;

/// A point of monotonic time: since the process (or the simulation) began.
struct Moment {
  Millis since_start{};

  auto operator<=>(const Moment&) const = default;
  friend Moment operator+(Moment at, Millis by) { return {at.since_start + by}; }
  friend Millis operator-(Moment a, Moment b) { return a.since_start - b.since_start; }
};

/// RFC 3339 with 0-9 fraction digits and Z or an offset, as Kubernetes and Alertmanager write it.
/// A text that does not parse is a failure, never "long ago": a quiet-baseline check in the wild
/// silently passed for months because its dates failed to parse.
Result<Time> parse_time(std::string_view text);

/// "2026-11-20T17:35:37Z".
std::string to_string(Time time);

/// "17:35", what a chat line shows.
std::string clock_text(Time time);

}  // namespace lockkeeper
