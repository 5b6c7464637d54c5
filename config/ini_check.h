// SPDX-License-Identifier: Apache-2.0
#pragma once

// The check of an ini text before libinih sees it: our own understanding of every line, and a
// finding for each line on which libinih's could be another. Pure; any thread.

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "config/error.h"
#include "config/ini.h"

namespace lockkeeper {

/// The first finding of a line is the only one of that line.
///
/// Reads the text (without byte order mark) and adds what is wrong with it to `errors`. Lines that
/// are wrong are left out of the result.
std::vector<IniSection> check_ini(std::string_view text, std::size_t line_bytes_max,
                                  std::span<const std::string_view> repeatable, ErrorList& errors);

}  // namespace lockkeeper
