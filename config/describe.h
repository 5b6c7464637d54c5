// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the configuration means, in the words of its own keys: for the operator who asks whether it
// was understood. Reads the files that secrets name, to say whether they can be read, and nothing
// else; called from the main thread.

#include <optional>
#include <string>

#include "config/settings.h"

namespace lockkeeper {

/// Every effective value by section, the rules numbered in the order in which they are tried, and
/// the findings of findings.h at the end. Never the value of a secret. `now` is wall time.
std::string describe(const Settings& settings, std::optional<Time> now = {});

/// One rule in a few lines: name, place, effect, matchers. `number` stands in front.
std::string describe(const Rule& rule, std::size_t number);

}  // namespace lockkeeper
