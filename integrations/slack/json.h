// SPDX-License-Identifier: Apache-2.0
#pragma once

// How this room reads and writes JSON. Internal to the room, because it brings nlohmann/json.
// Reading is lenient, as Slack's contract asks: what is absent or of another type reads as empty,
// and nothing throws. Any thread.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace lockkeeper::slack {

using Json = nlohmann::ordered_json;

/// Values nested deeper are refused: writing them again would need as much stack.
inline constexpr int kDepthMax = 64;

/// The value, or nothing for malformed JSON, trailing text, or nesting beyond the limit.
std::optional<Json> parsed(std::string_view text);

/// The text, with invalid UTF-8 replaced rather than thrown at.
std::string dumped(const Json& value);

/// The member of that name, or a null that lives as long as the program.
const Json& member(const Json& object, std::string_view name);

/// The member as a string; "" when it is absent or no string.
std::string text_of(const Json& object, std::string_view name);

/// The member as a whole number, or `otherwise`.
std::int64_t number_of(const Json& object, std::string_view name, std::int64_t otherwise = 0);

/// Whether the member is true. Slack writes some booleans as strings: "true" counts.
bool truth_of(const Json& object, std::string_view name);

}  // namespace lockkeeper::slack
