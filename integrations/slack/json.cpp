// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/json.h"

namespace lockkeeper::slack {

std::optional<Json> parsed(std::string_view text) {
  // The parser keeps its own stack, so only a value that is kept can be too deep.
  bool too_deep = false;
  const auto look = [&](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kDepthMax;
    return !too_deep;
  };
  Json value = Json::parse(text.begin(), text.end(), look, false);
  if (too_deep || value.is_discarded()) return std::nullopt;
  return value;
}

std::string dumped(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const Json& member(const Json& object, std::string_view name) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(name);
  return found == object.end() ? none : *found;
}

std::string text_of(const Json& object, std::string_view name) {
  const Json& value = member(object, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::int64_t number_of(const Json& object, std::string_view name, std::int64_t otherwise) {
  const Json& value = member(object, name);
  return value.is_number_integer() ? value.get<std::int64_t>() : otherwise;
}

bool truth_of(const Json& object, std::string_view name) {
  const Json& value = member(object, name);
  return value.is_boolean() ? value.get<bool>() : value.is_string() && value == "true";
}

}  // namespace lockkeeper::slack
