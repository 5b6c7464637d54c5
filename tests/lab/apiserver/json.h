// SPDX-License-Identifier: Apache-2.0
#pragma once

// The JSON of Kubernetes objects and the few ways in which the simulator looks into it. A path is
// written "spec/template/metadata"; keys that contain a slash themselves (labels, annotations) have
// functions of their own. Looking never throws and never adds; a wrong type counts as absent.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace lockkeeper::lab {

using Json = nlohmann::json;

/// What stands at `path`, or null when something on the way is missing or no object.
const Json* find(const Json& object, std::string_view path);
Json* find(Json& object, std::string_view path);

/// The place of `path`; makes the objects on the way.
Json& place(Json& object, std::string_view path);

/// Removes the last key of `path` when it is there.
void erase_at(Json& object, std::string_view path);

/// The string at `path`, or "". The view lives as long as the object is not changed.
std::string_view text_at(const Json& object, std::string_view path);
std::string string_at(const Json& object, std::string_view path);
std::int64_t number_at(const Json& object, std::string_view path, std::int64_t otherwise);
bool flag_at(const Json& object, std::string_view path);
/// The array or object at `path`, or an empty value of that kind.
const Json& list_at(const Json& object, std::string_view path);
const Json& map_at(const Json& object, std::string_view path);

/// One label or annotation of an object (or of a template), or "".
std::string_view label_of(const Json& object, std::string_view name);
std::string_view annotation_of(const Json& object, std::string_view name);

inline std::string_view name_of(const Json& object) {
  return text_at(object, "metadata/name");
}
inline std::string_view namespace_of(const Json& object) {
  return text_at(object, "metadata/namespace");
}
inline std::string_view uid_of(const Json& object) {
  return text_at(object, "metadata/uid");
}
inline bool is_deleting(const Json& object) {
  return !text_at(object, "metadata/deletionTimestamp").empty();
}

/// The entry of an array of objects whose `key` has `value`, or null.
const Json* entry_with(const Json& list, std::string_view key, std::string_view value);

/// The status of the condition of that type: "True", "False", "Unknown", or "" when there is none.
std::string_view condition_of(const Json& object, std::string_view type);

/// Sets a condition under status/conditions; lastTransitionTime moves only when its status does.
/// Gives true when anything but the times has changed.
bool set_condition(Json& object, std::string_view type, std::string_view status,
                   std::string_view reason, std::string_view message);

/// The owner that has controller=true, or null.
const Json* controller_of(const Json& object);

}  // namespace lockkeeper::lab
