// SPDX-License-Identifier: Apache-2.0
#include "config/apply.h"

#include <fmt/format.h>

#include "rules/text.h"

namespace lockkeeper {

std::string unknown_key(std::string_view section, const IniEntry& entry,
                        const std::vector<const KeyFacts*>& keys,
                        const std::vector<std::string_view>& later) {
  const std::string_view word = entry.key;
  const auto same_group = [&](const KeyFacts* key) { return key->secret && key->group == word; };
  if (std::ranges::any_of(keys, same_group)) {
    return fmt::format(
        "{} holds a secret and is never written here; use {}_file, {}_env, "
        "{}_credential or {}_secret",
        word, word, word, word, word);
  }
  const bool matcher = entry.value.starts_with('"');  // severity="critical", with match forgotten
  if (!matcher && std::ranges::find(later, word) != later.end()) {
    return fmt::format("key \"{}\" in [{}] is not supported yet", word, section);
  }
  std::vector<std::string_view> known(later.begin(), later.end());
  for (const auto* key : keys)
    known.push_back(key->name);
  return fmt::format("unknown key \"{}\" in [{}]{}", word, section,
                     matcher ? "; a matcher is written match = and the matcher"
                             : suggestion(word, known));
}

std::string more_than_one(std::string_view first, std::string_view second) {
  return fmt::format("{} and {} are both given; keep one of them", first, second);
}

}  // namespace lockkeeper
