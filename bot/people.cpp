// SPDX-License-Identifier: Apache-2.0
#include "bot/people.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "rules/text.h"

namespace lockkeeper {
namespace {

/// An entry with everything that is known about who is behind it.
struct Person {
  std::set<std::string_view> names;
  std::set<std::string_view> entries;
};

Person person_of(const Actor& actor, const AuthoritySettings& settings) {
  Person person{{}, {actor}};
  for (const std::string& line : settings.people) {
    const std::string_view text = line;
    const auto equals = std::min(text.find('='), text.size());
    const auto entries = split(text.substr(std::min(equals + 1, text.size())), '+');
    if (std::ranges::find(entries, actor) == entries.end()) continue;
    person.names.insert(text.substr(0, equals));
    person.entries.insert(entries.begin(), entries.end());
  }
  return person;
}

bool meet(const std::set<std::string_view>& one, const std::set<std::string_view>& other) {
  return std::ranges::any_of(one, [&](std::string_view item) { return other.contains(item); });
}

bool in_slack(const Person& person) {
  return std::ranges::any_of(person.entries,
                             [](std::string_view entry) { return entry.starts_with("slack:"); });
}

}  // namespace

Likeness likeness(const Actor& one, const Actor& other, const AuthoritySettings& settings) {
  const auto a = person_of(one, settings);
  const auto b = person_of(other, settings);
  if (meet(a.entries, b.entries) || meet(a.names, b.names)) return Likeness::same;
  const bool both_named = !a.names.empty() && !b.names.empty();
  return both_named || (in_slack(a) && in_slack(b)) ? Likeness::different : Likeness::unknown;
}

bool is_known(const Actor& actor, const AuthoritySettings& settings) {
  const auto person = person_of(actor, settings);
  return !person.names.empty() || in_slack(person);
}

}  // namespace lockkeeper
