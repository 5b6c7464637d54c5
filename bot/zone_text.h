// SPDX-License-Identifier: Apache-2.0
#pragma once

// Wall time by the clocks of people: the journal and the log keep UTC, reports and pictures show
// the zone of [report]. Pure functions.

#include <string>

#include "rules/window.h"

namespace lockkeeper {

/// "2026-11-20 23:05". Without a zone: UTC.
std::string minute_text(Time time, const Zone* zone);

/// "23:05", "23:05:17", "11-20".
std::string hour_text(Time time, const Zone* zone);
std::string second_text(Time time, const Zone* zone);
std::string day_text(Time time, const Zone* zone);

/// "UTC", "Europe/Berlin".
std::string zone_name(const Zone* zone);

}  // namespace lockkeeper
