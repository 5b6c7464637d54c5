// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/json.h"

#include <algorithm>
#include <array>

namespace lockkeeper::kubernetes {
namespace {

constexpr std::array<std::string_view, 4> kHeavy = {"managedFields", "images", "volumesInUse",
                                                    "volumesAttached"};

bool is_heavy(const std::string& key) {
  return std::ranges::find(kHeavy, key) != kHeavy.end();
}

}  // namespace

Json parse_json(std::string_view text) {
  return Json::parse(text, nullptr, false);
}

Json parse_lean(std::string_view text) {
  const auto keep = [](int, Json::parse_event_t event, Json& parsed) {
    return event != Json::parse_event_t::key || !is_heavy(parsed.get_ref<const std::string&>());
  };
  return Json::parse(text, keep, false);
}

std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const Json& value_at(const Json& json, JsonPath path) {
  static const Json nothing;
  const Json* at = &json;
  for (const char* name : path) {
    if (!at->is_object()) return nothing;
    const auto member = at->find(name);
    if (member == at->end()) return nothing;
    at = &*member;
  }
  return *at;
}

std::string text_at(const Json& json, JsonPath path) {
  const Json& value = value_at(json, path);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::int64_t number_at(const Json& json, JsonPath path, std::int64_t fallback) {
  const Json& value = value_at(json, path);
  return value.is_number_integer() ? value.get<std::int64_t>() : fallback;
}

bool flag_at(const Json& json, JsonPath path) {
  const Json& value = value_at(json, path);
  return value.is_boolean() && value.get<bool>();
}

const Json& items_at(const Json& json, JsonPath path) {
  static const Json none = Json::array();
  const Json& value = value_at(json, path);
  return value.is_array() ? value : none;
}

const Json& members_at(const Json& json, JsonPath path) {
  static const Json none = Json::object();
  const Json& value = value_at(json, path);
  return value.is_object() ? value : none;
}

}  // namespace lockkeeper::kubernetes
