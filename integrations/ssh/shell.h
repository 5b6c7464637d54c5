// SPDX-License-Identifier: Apache-2.0
#pragma once

// Composing POSIX shell text that cannot be misread: words are quoted, files travel as here
// documents, and a program that arrives only in part does nothing. Pure functions for any thread.

#include <map>
#include <span>
#include <string>
#include <string_view>

namespace lockkeeper::ssh {

/// `text` as exactly one word of a POSIX shell: in single quotes unless it is harmless as it is.
/// NUL bytes, which no shell can hold, are dropped.
std::string shell_word(std::string_view text);

/// Words separated by blanks, each quoted where it needs it.
std::string shell_words(std::span<const std::string> words);

/// `NAME='value'` lines. Names are ours, values may be anything.
std::string assignments(const std::map<std::string, std::string>& values);

/// A function `name` that prints `content`, which may hold anything but NUL. A newline is added
/// when the content does not end with one.
std::string printing_function(std::string_view name, std::string_view content);

/// `program` in braces: a shell reads it to the closing brace before it runs the first command, so
/// a connection that breaks in the middle of sending it has run nothing.
std::string all_or_nothing(std::string_view program);

/// What is run over SSH so that the program on its standard input runs as root: by `sudo -n`, or
/// directly for a login that is root already.
std::string_view root_shell();

}  // namespace lockkeeper::ssh
