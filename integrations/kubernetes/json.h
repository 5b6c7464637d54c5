// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reading JSON that somebody else wrote: a member that is missing or of another type reads as
// empty, never as an exception, and what is not needed is not kept. Pure functions for any thread.

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace lockkeeper::kubernetes {

using Json = nlohmann::json;

/// The whole document; `is_discarded()` when it is no JSON.
Json parse_json(std::string_view text);

/// The same without what makes lists large and is of no use here: managedFields everywhere, a
/// node's images and volumes. A node of 15 KB becomes one of 3 KB before it is ever in memory.
Json parse_lean(std::string_view text);

/// Compact text; bytes that are no UTF-8 are replaced, never thrown about.
std::string dumped(const Json& json);

/// A path of member names from an object downwards.
using JsonPath = std::initializer_list<const char*>;

/// The value there, or a null.
const Json& value_at(const Json& json, JsonPath path);

/// The text there, or "".
std::string text_at(const Json& json, JsonPath path);

/// The integer there, or `fallback`.
std::int64_t number_at(const Json& json, JsonPath path, std::int64_t fallback = 0);

/// True only for a true there.
bool flag_at(const Json& json, JsonPath path);

/// The array there, or an empty one; for range loops.
const Json& items_at(const Json& json, JsonPath path);

/// The object there, or an empty one; for loops over `.items()`.
const Json& members_at(const Json& json, JsonPath path);

}  // namespace lockkeeper::kubernetes
