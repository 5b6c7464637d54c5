// SPDX-License-Identifier: Apache-2.0
#pragma once

// Small text functions that every room needs: durations as people write them, quoting, and the
// nearest known word for a misspelt one. Pure functions for any thread.

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/result.h"

namespace lockkeeper {

using Millis = std::chrono::milliseconds;

/// Reads a duration in Prometheus' way: "1h30m", "90s", "250ms", "2d", "1w". A bare number is
/// refused, because nobody can tell its unit. Zero is written "0s".
Result<Millis> parse_duration(std::string_view text);

/// "1h30m", "2m", "12s", "250ms": at most two units, the way people read it in chat.
std::string to_string(Millis duration);

/// A double-quoted string with `\`, `"` and newline escaped: what both matcher dialects accept.
std::string quoted(std::string_view text);

/// Removes blanks and tabs at both ends.
std::string_view trimmed(std::string_view text);

/// Splits at every `separator`; the pieces are trimmed. "" gives no piece.
std::vector<std::string_view> split(std::string_view text, char separator);

/// "a, b and c".
std::string joined(std::span<const std::string> words, std::string_view separator = ", ");

/// "1 finding", "3 findings": a count with its noun.
std::string counted(std::size_t count, std::string_view noun);

/// The known word nearest to `word`, when it is near enough to be a slip of the finger; else "".
std::string nearest(std::string_view word, std::span<const std::string_view> known);

/// ` (did you mean "X"?)` for the nearest known word, or "" when none is near.
std::string suggestion(std::string_view word, std::span<const std::string_view> known);

/// `text` cut to at most `bytes_max` bytes without splitting a UTF-8 character, "..." appended when
/// something was cut.
std::string clipped(std::string_view text, std::size_t bytes_max);

}  // namespace lockkeeper
