// SPDX-License-Identifier: Apache-2.0
#pragma once

// A backtest's report for people and for programs. Pure functions; any thread.

#include <string>

#include "bot/replay/backtest.h"

namespace lockkeeper::replay {

/// The report as it is printed, with the picture at its end. Long lists show their first lines and
/// how many more there are.
std::string report_text(const BacktestReport& report);

/// Everything as one JSON object. Times are RFC 3339, durations are seconds and named
/// `..._seconds`.
std::string report_json(const BacktestReport& report);

}  // namespace lockkeeper::replay
