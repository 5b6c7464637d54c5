// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the table of a rule cannot say: which keys it needs, which need each other, and which
// contradict each other. Pure, one thread.

#include "config/error.h"
#include "config/ini.h"
#include "rules/rule.h"

namespace lockkeeper {

/// Adds an error, with its line, for each key that is missing or cannot stand as it does.
void check_rule(const Rule& rule, const IniSection& section, ErrorList& errors);

}  // namespace lockkeeper
