// SPDX-License-Identifier: Apache-2.0
#include "config/apply.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"
#include "rules/text.h"

namespace lockkeeper {
namespace {

/// What is to be said of a key that the table does not have: it is misspelt, or a secret written
/// inline, or a word of the language to come.
template <class T>
std::string unknown_key(const Table<T>& table, std::string_view section, const IniEntry& entry) {
  const std::string_view word = entry.key;
  if (std::ranges::find(table.secrets, word, &SecretKey<T>::name) != table.secrets.end()) {
    return fmt::format(
        "{} holds a secret and is never written here; use {}_file, {}_env, "
        "{}_credential or {}_secret",
        word, word, word, word, word);
  }
  // severity="critical" as a line of its own: the word match was forgotten.
  if (section.starts_with("rule ") && entry.value.starts_with('"')) {
    return fmt::format("unknown key \"{}\" in [{}]; a matcher is written match = and the matcher",
                       word, section);
  }
  // A severity of a rule would be read as a condition by everybody who knows Prometheus.
  if (section.starts_with("rule ") && word == "severity") {
    return fmt::format(
        "unknown key \"severity\" in [{}]; it is a label of alerts: match = "
        "severity={}",
        section, lockkeeper::quoted(clipped(entry.value, 40)));
  }
  if (std::ranges::find(table.later, word) != table.later.end()) {
    return fmt::format("key \"{}\" in [{}] is not supported yet", word, section);
  }
  std::vector<std::string_view> known(table.later.begin(), table.later.end());
  for (const auto& key : table.keys)
    known.push_back(key.name);
  return fmt::format("unknown key \"{}\" in [{}]{}", word, section, suggestion(word, known));
}

}  // namespace

template <class T>
void apply(const Table<T>& table, const IniSection& section, const std::filesystem::path& folder,
           T& target, ErrorList& errors) {
  std::map<std::string_view, const IniEntry*> given_of_group;
  for (const auto& entry : section.entries) {
    const auto key = std::ranges::find(table.keys, entry.key, &Key<T>::name);
    if (key == table.keys.end()) {
      errors.add(entry.line, unknown_key(table, section.name, entry));
      continue;
    }
    // `key =` is as good as no key where the table says what nothing means.
    if (entry.value.empty()) {
      if (key->empty_means.empty()) errors.add(entry.line, key->name + " needs a value");
      continue;
    }
    if (!key->group.empty()) {
      const auto [first, fresh] = given_of_group.emplace(key->group, &entry);
      if (!fresh) {
        errors.add(entry.line, fmt::format("{} and {} are both given; keep one of them",
                                           first->second->key, entry.key));
      }
    }
    if (auto read = key->read(target, entry.value, folder); !read) {
      const auto& error = read.error();
      errors.add(entry.line, key->name + ": " + error.what,
                 error.column == 0 ? 0 : entry.column + error.column - 1);
    }
  }
}

// Everything that a section can fill.
template void apply(const Table<Settings>&, const IniSection&, const std::filesystem::path&,
                    Settings&, ErrorList&);
template void apply(const Table<ClientSettings>&, const IniSection&, const std::filesystem::path&,
                    ClientSettings&, ErrorList&);
template void apply(const Table<PrometheusSettings>&, const IniSection&,
                    const std::filesystem::path&, PrometheusSettings&, ErrorList&);
template void apply(const Table<CompatOverride>&, const IniSection&, const std::filesystem::path&,
                    CompatOverride&, ErrorList&);
template void apply(const Table<Rule>&, const IniSection&, const std::filesystem::path&, Rule&,
                    ErrorList&);
template void apply(const Table<Window>&, const IniSection&, const std::filesystem::path&, Window&,
                    ErrorList&);

}  // namespace lockkeeper
