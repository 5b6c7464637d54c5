// SPDX-License-Identifier: Apache-2.0
#pragma once

// The grammar of `/upgrade ...`: one table of verbs, and the reading of a typed line. Pure.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bot/authority.h"
#include "rules/result.h"

namespace lockkeeper {

struct VerbRow {
  std::string_view name;
  Act act;
  std::string_view usage;  // behind the verb
  std::string_view help;   // one line
};

/// Every verb, in the order in which help lists them.
std::span<const VerbRow> verbs();

/// A typed line, understood as far as the verb.
struct Command {
  const VerbRow* verb = nullptr;
  std::vector<std::string> words;  // behind the verb, quotes resolved
  std::string rest;                // behind the verb, as typed: a JSON payload
};

/// Reads "start 1.34.7 --dry-run", with or without "/upgrade" in front; a bare JSON object means
/// start. Curly quotes and long dashes, which phones make, are read as plain ones. The failure
/// suggests the nearest verb.
Result<Command> parse_command(std::string_view line);

/// Whether the line changes nothing, whoever gives it, as far as its verb tells.
bool only_reads(std::string_view line);

/// All verbs, or one in detail.
std::string help_text(std::string_view verb = {});

}  // namespace lockkeeper
