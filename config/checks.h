// SPDX-License-Identifier: Apache-2.0
#pragma once

// What must hold between values that are each fine alone. Pure; any thread.

#include <map>
#include <string>

#include "config/error.h"
#include "config/settings.h"

namespace lockkeeper {

/// Where each value was given: "gate.blind_after" -> 12, and "client ops" -> 30 for a section. What
/// is not in it was not given.
using GivenLines = std::map<std::string, int, std::less<>>;

/// Adds an error, at the line of the value to blame, for each thing that is missing for a run and
/// for each contradiction.
void cross_check(const Settings& settings, const GivenLines& given, ErrorList& errors);

}  // namespace lockkeeper
