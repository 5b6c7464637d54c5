// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a node wrote, made fit for a chat line: no control characters, no colours, valid UTF-8, a
// bounded length. Everything that comes from a node and reaches a person goes through here. Pure
// functions for any thread.

#include <cstddef>
#include <string>
#include <string_view>

namespace lockkeeper::ssh {

/// `text` with invalid bytes as '?', terminal escapes removed and control characters other than
/// newline as blanks. Of a line that a progress bar rewrote with carriage returns, the last state.
std::string printable(std::string_view text);

/// The last line that is not blank, printable, at most `bytes_max` bytes; "" when there is none.
std::string last_line(std::string_view text, std::size_t bytes_max = 200);

/// The last lines that are not blank, at most `lines_max`, joined by " | " into one line of at most
/// `bytes_max` bytes: how a log's end is shown inside a sentence. What is cut is cut at the front.
std::string last_lines(std::string_view text, std::size_t lines_max = 6,
                       std::size_t bytes_max = 900);

}  // namespace lockkeeper::ssh
