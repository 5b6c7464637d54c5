// SPDX-License-Identifier: Apache-2.0
#pragma once

// A journal with a known past: a run that failed, one that a person aborted, one that preflight
// refused, and one that went through with pauses of every kind.

#include <vector>

#include "bot/report.h"

namespace lockkeeper::test {

/// The morning after: 2026-11-21T06:07:00Z.
inline constexpr Time kMorning{Millis(1'795'241'220'000)};

/// The records of each run, the newest run first.
std::vector<std::vector<Record>> known_past();

std::vector<RunReport> reports_of(const std::vector<std::vector<Record>>& runs, Time now);

}  // namespace lockkeeper::test
