// SPDX-License-Identifier: Apache-2.0
#pragma once

// The little that is needed of UTF-8: validity, counting characters for columns, and Unicode's
// white space. Pure functions for any thread.

#include <cstddef>
#include <string_view>

namespace lockkeeper {

/// The offset of the first byte that is not valid UTF-8, or text.size() when all of it is.
std::size_t invalid_utf8_at(std::string_view text);

/// The length of the character that begins at `at`, in bytes; at least 1, and never past the end.
std::size_t character_bytes(std::string_view text, std::size_t at);

/// How many characters (code points) a valid text has.
std::size_t character_count(std::string_view text);

/// Whether this one character is white space in Unicode's sense (the White_Space property).
bool is_space(std::string_view character);

}  // namespace lockkeeper
