// SPDX-License-Identifier: Apache-2.0
#pragma once

// The program's own log: one line each on stderr, as key=value pairs that both people and log
// collectors read:
//
//   time=2026-11-20T17:35:37.123Z level=warn msg="prometheus: no answer within 10s"
//
// It is for operators of the bot; what concerns the run goes to the chat and the journal. Any
// thread may log, nothing throws, and no secret is ever given to it.

#include <string_view>

#include "rules/result.h"

namespace lockkeeper::system {

enum class Level { trace, debug, info, warn, error };

/// The word of `[log] level`; the failure names the nearest one.
Result<Level> parse_level(std::string_view word);

/// Lines below this level are dropped from now on. The default is info.
void set_log_level(Level level) noexcept;

/// Writes one line. Quotes, backslashes and control characters in `text` are escaped, so that
/// nothing a peer says can forge a line; a text over 4 KiB is cut.
void log(Level level, std::string_view text) noexcept;

}  // namespace lockkeeper::system
