// SPDX-License-Identifier: Apache-2.0
#pragma once

// Wall-clock time as records, people and rules with windows know it. Nothing here asks a clock: the
// time always comes in as an argument. Values only, any thread.

#include <chrono>
#include <string>
#include <string_view>

#include "rules/result.h"
#include "rules/text.h"

namespace lockkeeper {

/// Wall-clock time, UTC, in milliseconds.
using Time = std::chrono::sys_time<Millis>;

/// RFC 3339 with 0-9 fraction digits and Z or an offset, as Kubernetes and Alertmanager write it.
/// A text that does not parse is a failure, never "long ago": a quiet-baseline check in the wild
/// silently passed for months because its dates failed to parse.
Result<Time> parse_time(std::string_view text);

/// "2026-11-20T17:35:37Z".
std::string to_string(Time time);

/// "17:35", what a chat line shows.
std::string clock_text(Time time);

}  // namespace lockkeeper
