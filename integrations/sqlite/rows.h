// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is read out of a journal's tables, for the one who writes it and for those who only look.
// Functions over an open database, under its owner's lock.

#include <optional>
#include <string>
#include <vector>

#include "bot/record.h"
#include "integrations/sqlite/database.h"

namespace lockkeeper::sqlite {

/// Whether the file is empty (true), a journal (false), or somebody else's (a failure).
Result<bool> is_new(Database& database);

/// All records of one run in order; fails at one that cannot be read.
Result<std::vector<Record>> read_run(Database& database, const std::string& run);

/// The run that was opened and not closed.
Result<std::optional<std::string>> read_open_run(Database& database);

/// The newest runs first.
Result<std::vector<std::string>> read_runs(Database& database, int count);

/// A text by name; "" when there is none, also in the file of an older bot.
Result<std::string> read_memory(Database& database, const std::string& name);

}  // namespace lockkeeper::sqlite
