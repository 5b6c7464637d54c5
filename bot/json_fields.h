// SPDX-License-Identifier: Apache-2.0
#pragma once

// Strict reading of JSON members for the journal: what is missing or of another type is a failure
// that names the member. Included by the journal's codec only; keep nlohmann/json out of other
// headers.

#include <concepts>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>

#include "rules/version.h"

namespace lockkeeper::json_fields {

using Json = nlohmann::ordered_json;

/// Thrown inside the codec and caught at its edge, where it becomes a Failure.
struct Malformed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Whether a number is one of T's: the library would read 1.5, true and 2^32 + 1 as 1.
template <typename T>
bool fits(const Json& member) {
  if constexpr (std::integral<T> && !std::same_as<T, bool>) {
    if (member.is_number_unsigned()) return std::in_range<T>(member.get<std::uint64_t>());
    return member.is_number_integer() && std::in_range<T>(member.get<std::int64_t>());
  }
  return true;
}

template <typename T>
T get(const Json& object, const char* name) {
  const auto member = object.is_object() ? object.find(name) : object.end();
  if (member == object.end()) throw Malformed(std::string("\"") + name + "\" is missing");
  const Malformed wrong_type(std::string("\"") + name + "\" has the wrong type");
  if (!fits<T>(*member)) throw wrong_type;
  try {
    return member->get<T>();
  } catch (const nlohmann::json::exception&) {
    throw wrong_type;
  }
}

/// The enumerator that a word stands for, found with one of the parse_* functions.
template <typename Parse>
auto get_word(const Json& object, const char* name, Parse parse) {
  const auto word = get<std::string>(object, name);
  const auto value = parse(word);
  if (!value) throw Malformed(std::string("\"") + name + "\" is '" + word + "', which is unknown");
  return *value;
}

inline Version get_version(const Json& object, const char* name) {
  auto version = parse_version(get<std::string>(object, name));
  if (!version) throw Malformed(version.error().what);
  return *version;
}

}  // namespace lockkeeper::json_fields
