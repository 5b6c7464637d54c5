// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/json.h"

#include "tests/lab/apiserver/wire_time.h"

namespace lockkeeper::lab {
namespace {

template <typename Object>
Object* walk(Object& object, std::string_view path) {
  Object* at = &object;
  while (!path.empty()) {
    const std::string_view key = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), key.size() + 1));
    if (!at->is_object()) return nullptr;
    const auto next = at->find(key);
    if (next == at->end()) return nullptr;
    at = &*next;
  }
  return at;
}

std::string_view text_of(const Json* value) {
  if (value == nullptr || !value->is_string()) return {};
  return value->get_ref<const std::string&>();
}

}  // namespace

const Json* find(const Json& object, std::string_view path) {
  return walk(object, path);
}

Json* find(Json& object, std::string_view path) {
  return walk(object, path);
}

Json& place(Json& object, std::string_view path) {
  Json* at = &object;
  while (!path.empty()) {
    const std::string_view key = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), key.size() + 1));
    if (!at->is_object()) *at = Json::object();
    at = &(*at)[std::string(key)];
  }
  return *at;
}

void erase_at(Json& object, std::string_view path) {
  const std::size_t slash = path.rfind('/');
  Json* parent = slash == std::string_view::npos ? &object : find(object, path.substr(0, slash));
  if (parent == nullptr || !parent->is_object()) return;
  parent->erase(std::string(slash == std::string_view::npos ? path : path.substr(slash + 1)));
}

std::string_view text_at(const Json& object, std::string_view path) {
  return text_of(find(object, path));
}

std::string string_at(const Json& object, std::string_view path) {
  return std::string(text_at(object, path));
}

std::int64_t number_at(const Json& object, std::string_view path, std::int64_t otherwise) {
  const Json* value = find(object, path);
  return value != nullptr && value->is_number() ? value->get<std::int64_t>() : otherwise;
}

bool flag_at(const Json& object, std::string_view path) {
  const Json* value = find(object, path);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

const Json& list_at(const Json& object, std::string_view path) {
  static const Json kEmpty = Json::array();
  const Json* value = find(object, path);
  return value != nullptr && value->is_array() ? *value : kEmpty;
}

const Json& map_at(const Json& object, std::string_view path) {
  static const Json kEmpty = Json::object();
  const Json* value = find(object, path);
  return value != nullptr && value->is_object() ? *value : kEmpty;
}

std::string_view label_of(const Json& object, std::string_view name) {
  const Json& labels = map_at(object, "metadata/labels");
  const auto at = labels.find(name);
  return at == labels.end() ? std::string_view() : text_of(&*at);
}

std::string_view annotation_of(const Json& object, std::string_view name) {
  const Json& annotations = map_at(object, "metadata/annotations");
  const auto at = annotations.find(name);
  return at == annotations.end() ? std::string_view() : text_of(&*at);
}

const Json* entry_with(const Json& list, std::string_view key, std::string_view value) {
  if (!list.is_array()) return nullptr;
  for (const auto& entry : list) {
    if (text_at(entry, key) == value) return &entry;
  }
  return nullptr;
}

std::string_view condition_of(const Json& object, std::string_view type) {
  const Json* condition = entry_with(list_at(object, "status/conditions"), "type", type);
  return condition == nullptr ? std::string_view() : text_at(*condition, "status");
}

bool set_condition(Json& object, std::string_view type, std::string_view status,
                   std::string_view reason, std::string_view message) {
  Json& conditions = place(object, "status/conditions");
  if (!conditions.is_array()) conditions = Json::array();
  Json wanted = {{"type", type}, {"status", status}, {"lastTransitionTime", now_seconds()}};
  if (!reason.empty()) wanted["reason"] = reason;
  if (!message.empty()) wanted["message"] = message;
  for (auto& condition : conditions) {
    if (text_at(condition, "type") != type) continue;
    const bool moved = text_at(condition, "status") != status;
    const bool changed =
        moved || text_at(condition, "reason") != reason || text_at(condition, "message") != message;
    if (!moved && condition.contains("lastTransitionTime")) {
      wanted["lastTransitionTime"] = condition["lastTransitionTime"];
    }
    for (const auto& [key, value] : wanted.items())
      condition[key] = value;
    return changed;
  }
  conditions.push_back(std::move(wanted));
  return true;
}

const Json* controller_of(const Json& object) {
  for (const auto& owner : list_at(object, "metadata/ownerReferences")) {
    if (flag_at(owner, "controller")) return &owner;
  }
  return nullptr;
}

}  // namespace lockkeeper::lab
