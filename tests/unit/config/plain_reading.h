// SPDX-License-Identifier: Apache-2.0
#pragma once

// A second reader of ini texts, written from the documentation alone and knowing nothing of what
// libinih bends: the judge of the strict one. Used by its properties and by its fuzz target.

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "config/ini.h"

namespace lockkeeper::testing {

using Pairs = std::vector<std::array<std::string, 3>>;  // section, key, value

inline std::string stripped(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// What the documentation says a text means; only asked for texts that were not refused.
inline Pairs plain_reading(std::string text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  Pairs pairs;
  std::string section;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = stripped(text.substr(at, end - at));
    at = end + 1;
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    if (line[0] == '[') {
      section = line.substr(1, line.find(']') - 1);
      continue;
    }
    const auto equals = line.find('=');
    pairs.push_back({section, stripped(line.substr(0, equals)), stripped(line.substr(equals + 1))});
  }
  return pairs;
}

/// What the strict reader understood.
inline Pairs pairs_of(const IniFile& file) {
  Pairs pairs;
  for (const auto& section : file.sections)
    for (const auto& entry : section.entries)
      pairs.push_back({section.name, entry.key, entry.value});
  return pairs;
}

}  // namespace lockkeeper::testing
