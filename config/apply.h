// SPDX-License-Identifier: Apache-2.0
#pragma once

// Filling a struct from one section of an ini file by its table. Every entry is looked at, so all
// findings of a section come together. Pure but for the environment variables that a `*_env` key of
// a plain value names; any thread.

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/ini.h"
#include "config/table.h"

namespace lockkeeper {

/// "unknown key "slektor" in [ssh] (did you mean "selector"?)", or what else is to be said of a key
/// that the table does not have: a secret written inline, or a word of the language to come.
std::string unknown_key(std::string_view section, const IniEntry& entry,
                        const std::vector<const KeyFacts*>& keys,
                        const std::vector<std::string_view>& later);

/// "token_file, token_env and token_file: give one of them".
std::string more_than_one(std::string_view first, std::string_view second);

/// Reads every entry of the section into the target. What is wrong goes to `errors`; the target
/// then holds what could be read and must not be used.
template <class T>
void apply(const Table<T>& table, const IniSection& section, const std::filesystem::path& folder,
           T& target, ErrorList& errors) {
  std::map<std::string_view, const IniEntry*> given_of_group;
  for (const auto& entry : section.entries) {
    const auto key = std::ranges::find(table.keys, entry.key, &Key<T>::name);
    if (key == table.keys.end()) {
      std::vector<const KeyFacts*> facts;
      for (const auto& known : table.keys)
        facts.push_back(&known);
      errors.add(entry.line, unknown_key(section.name, entry, facts, table.later));
      continue;
    }
    if (entry.value.empty()) {
      if (key->empty_means.empty()) errors.add(entry.line, key->name + " needs a value");
      continue;
    }
    if (!key->group.empty()) {
      const auto [first, fresh] = given_of_group.emplace(key->group, &entry);
      if (!fresh) errors.add(entry.line, more_than_one(first->second->key, entry.key));
    }
    if (auto read = key->read(target, entry.value, folder); !read) {
      const auto& error = read.error();
      errors.add(entry.line, key->name + ": " + error.what,
                 error.column == 0 ? 0 : entry.column + error.column - 1);
    }
  }
}

}  // namespace lockkeeper
