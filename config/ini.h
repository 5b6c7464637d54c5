// SPDX-License-Identifier: Apache-2.0
#pragma once

// The strict reading of an ini file. The parser is libinih, which bends what it does not like: its
// default build cuts a line after 199 bytes and reads the tail as a new line, cuts a value at " ;",
// joins duplicates, glues an indented line to the key above, ends a line at NUL, and takes a
// directory for an empty file. So the text is checked first and refused where any of that could
// happen, and what libinih then delivers is compared with what the check understood; a difference
// is an error too. Pure but for the file itself; any thread.

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/error.h"

namespace lockkeeper {

/// `key = value`, both without the blanks around them.
struct IniEntry {
  std::string key;
  std::string value;
  int line = 0;
  std::size_t column = 0;  // where the value begins, in characters from 1

  bool operator==(const IniEntry&) const = default;
};

struct IniSection {
  std::string name;
  int line = 0;
  std::vector<IniEntry> entries;  // in the order of the file

  bool operator==(const IniSection&) const = default;
};

/// What could be understood, in the order of the file, and what is wrong. Only a file without
/// errors may be used; the sections of a bad one serve to find more errors in the same go.
struct IniFile {
  std::vector<IniSection> sections;
  ErrorList errors;
};

/// Limits of a file. The line limit is ours; a libinih that cannot be told to read lines of that
/// length (its limit is fixed at compile time everywhere but in Debian) lowers it.
inline constexpr std::size_t kIniBytesMax = 1UL << 20;
inline constexpr std::size_t kIniLineBytesMax = 64UL << 10;
/// libinih holds names in 50 bytes and cuts longer ones without a word.
inline constexpr std::size_t kIniNameBytesMax = 49;

/// Reads a text. `file` is only for the errors; a key may stand several times in one section when
/// it is one of `repeatable`.
IniFile parse_ini(std::string_view text, std::string file,
                  std::span<const std::string_view> repeatable = {});

/// Reads a regular file of at most kIniBytesMax.
IniFile read_ini(const std::filesystem::path& path,
                 std::span<const std::string_view> repeatable = {});

}  // namespace lockkeeper
