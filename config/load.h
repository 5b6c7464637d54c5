// SPDX-License-Identifier: Apache-2.0
#pragma once

// From an ini file to checked Settings. Nothing is guessed: what is unknown, misspelt, doubled or
// contradictory is refused, and everything that is wrong is told in one go. Reads the file, its
// rules file and the environment variables that it names, nothing else; that a path exists is for
// `findings`. Called from the main thread, at start and when the configuration is read again.

#include <expected>
#include <filesystem>
#include <vector>

#include "config/error.h"
#include "config/settings.h"

namespace lockkeeper {

/// Reads and checks a configuration with its rules. The rules stand in the order in which they are
/// tried: the built-in ones, those of the file itself, those of its rules file. The errors of the
/// file come first, then those of the rules file, each in line order.
std::expected<Settings, std::vector<ConfigError>> load(const std::filesystem::path& path);

/// The same for the tools that try rules: reads the rules, [gate], [prometheus] and [upgrade] only,
/// so that what a run needs besides may be missing. A file that has nothing but rules is a rules
/// file; it stands alone.
std::expected<Settings, std::vector<ConfigError>> load_rules(const std::filesystem::path& path);

}  // namespace lockkeeper
