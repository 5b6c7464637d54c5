// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/patch.h"

#include <algorithm>
#include <array>

namespace lockkeeper::lab {
namespace {

constexpr std::string_view kSupported =
    "application/json-patch+json, application/merge-patch+json, "
    "application/strategic-merge-patch+json, application/apply-patch+yaml";

struct ListKey {
  std::string_view field;
  std::string_view key;
};

// From the patchMergeKey tags of k8s.io/api. Taints and tolerations are not among them: they are
// replaced as a whole.
constexpr std::array kListKeys = {
    ListKey{"containers", "name"},
    ListKey{"initContainers", "name"},
    ListKey{"ephemeralContainers", "name"},
    ListKey{"env", "name"},
    ListKey{"volumes", "name"},
    ListKey{"volumeMounts", "mountPath"},
    ListKey{"volumeDevices", "devicePath"},
    ListKey{"imagePullSecrets", "name"},
    ListKey{"hostAliases", "ip"},
    ListKey{"topologySpreadConstraints", "topologyKey"},
    ListKey{"conditions", "type"},
    ListKey{"addresses", "type"},
    ListKey{"ownerReferences", "uid"},
    ListKey{"secrets", "name"},
    ListKey{"podIPs", "ip"},
    ListKey{"hostIPs", "ip"},
    ListKey{"finalizers", "="},
};

constexpr std::string_view kOrder = "$setElementOrder/";
constexpr std::string_view kDeletePlain = "$deleteFromPrimitiveList/";

bool is_directive(std::string_view key) {
  return key.starts_with('$');
}

/// The patch without its directives, for places where there is nothing to merge into.
Json without_directives(const Json& patch) {
  if (patch.is_array()) {
    Json list = Json::array();
    for (const auto& entry : patch) {
      if (entry.is_object() && text_at(entry, "$patch") == "delete") continue;
      list.push_back(without_directives(entry));
    }
    return list;
  }
  if (!patch.is_object()) return patch;
  Json object = Json::object();
  for (const auto& [key, value] : patch.items()) {
    if (!is_directive(key) && !value.is_null()) object[key] = without_directives(value);
  }
  return object;
}

Json::iterator with_key(Json& list, std::string_view key, const Json& wanted) {
  return std::ranges::find_if(list, [&](const Json& entry) {
    const Json* value = find(entry, key);
    return value != nullptr && *value == wanted;
  });
}

void merge_list(Json& list, const Json& patch, std::string_view key) {
  for (const auto& entry : patch) {
    if (key == "=") {
      if (std::ranges::find(list, entry) == list.end()) list.push_back(entry);
      continue;
    }
    const Json* wanted = find(entry, key);
    if (wanted == nullptr) continue;
    const auto at = with_key(list, key, *wanted);
    if (text_at(entry, "$patch") == "delete") {
      if (at != list.end()) list.erase(at);
    } else if (at != list.end()) {
      *at = strategic_merge(*at, entry);
    } else {
      list.push_back(without_directives(entry));
    }
  }
}

bool replaces_list(const Json& patch) {
  return std::ranges::any_of(patch, [](const Json& entry) {
    return entry.is_object() && text_at(entry, "$patch") == "replace";
  });
}

/// Entries in the order that the patch names; those it does not know keep their order behind them.
void order_list(Json& list, const Json& order, std::string_view key) {
  const auto rank = [&](const Json& entry) {
    const Json& name = key == "=" ? entry : (entry.contains(key) ? entry[std::string(key)] : entry);
    const auto at = std::ranges::find_if(order, [&](const Json& item) {
      const Json* value = item.is_object() ? find(item, key) : &item;
      return value != nullptr && *value == name;
    });
    return at - order.begin();
  };
  std::vector<Json> entries(list.begin(), list.end());
  std::ranges::stable_sort(entries, {}, rank);
  list = entries;
}

void apply_list_directives(Json& object, const Json& patch) {
  for (const auto& [key, value] : patch.items()) {
    if (key.starts_with(kDeletePlain) && value.is_array()) {
      const auto at = object.find(key.substr(kDeletePlain.size()));
      if (at == object.end() || !at->is_array()) continue;
      Json kept = Json::array();
      for (const auto& entry : *at) {
        if (std::ranges::find(value, entry) == value.end()) kept.push_back(entry);
      }
      *at = std::move(kept);
    }
    if (key.starts_with(kOrder) && value.is_array()) {
      const std::string field = key.substr(kOrder.size());
      const auto at = object.find(field);
      if (at == object.end() || !at->is_array() || at->empty()) continue;
      const std::string_view list_key = merge_key(field, at->front());
      if (!list_key.empty()) order_list(*at, value, list_key);
    }
  }
}

void retain_keys(Json& object, const Json& patch) {
  const auto retain = patch.find("$retainKeys");
  if (retain == patch.end() || !retain->is_array()) return;
  for (auto at = object.begin(); at != object.end();) {
    const bool keep = std::ranges::find(*retain, Json(at.key())) != retain->end();
    at = keep ? std::next(at) : object.erase(at);
  }
}

Outcome<Json> json_patched(const Json& object, const Json& patch) {
  if (!patch.is_array()) return refuse(bad_request("the patch is no array of operations"));
  try {
    return object.patch(patch);
  } catch (const Json::parse_error&) {
    return refuse(bad_request("error decoding patch: an operation is malformed"));
  } catch (const Json::exception&) {
    return refuse({.code = 422,
                   .reason = "Invalid",
                   .message = "the server rejected our request due to an error in our request",
                   .details = Json::object()});
  }
}

}  // namespace

std::string_view merge_key(std::string_view field, const Json& entry) {
  if (field == "ports")
    return entry.is_object() && entry.contains("containerPort") ? "containerPort" : "port";
  const auto at = std::ranges::find(kListKeys, field, &ListKey::field);
  if (at == kListKeys.end()) return {};
  // Several kinds have a list of plain strings under a name that is keyed elsewhere.
  if (at->key != "=" && !entry.is_object()) return {};
  return at->key;
}

Json strategic_merge(Json object, const Json& patch) {
  if (!patch.is_object()) return patch;
  if (!object.is_object()) object = Json::object();
  const auto directive = text_at(patch, "$patch");
  if (directive == "replace") return without_directives(patch);
  if (directive == "delete") return Json::object();
  for (const auto& [key, value] : patch.items()) {
    if (is_directive(key)) continue;
    if (value.is_null()) {
      object.erase(key);
    } else if (value.is_array() && !value.empty() && !merge_key(key, value.front()).empty() &&
               !replaces_list(value)) {
      if (!object[key].is_array()) object[key] = Json::array();
      merge_list(object[key], value, merge_key(key, value.front()));
    } else if (value.is_object() && object.contains(key)) {
      object[key] = strategic_merge(std::move(object[key]), value);
    } else {
      object[key] = without_directives(value);
    }
  }
  retain_keys(object, patch);
  apply_list_directives(object, patch);
  return object;
}

Outcome<Json> patched(const Json& object, std::string_view content_type, const Json& patch) {
  content_type = content_type.substr(0, content_type.find(';'));
  if (content_type == "application/json-patch+json") return json_patched(object, patch);
  if (!patch.is_object()) return refuse(bad_request("the patch is no JSON object"));
  if (content_type == "application/merge-patch+json") {
    Json merged = object;
    merged.merge_patch(patch);
    return merged;
  }
  if (content_type == "application/strategic-merge-patch+json")
    return strategic_merge(object, patch);
  return refuse(unsupported_media_type(content_type, kSupported));
}

}  // namespace lockkeeper::lab
