// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/controllers/workload.h"

#include <charconv>

namespace lockkeeper::lab {

Json owner_reference(const Resource& resource, const Json& owner) {
  return {{"apiVersion", resource.api_version},
          {"kind", resource.kind},
          {"name", name_of(owner)},
          {"uid", uid_of(owner)},
          {"controller", true},
          {"blockOwnerDeletion", true}};
}

Json pod_from_template(const Resource& resource, const Json& owner) {
  Json pod = map_at(owner, "spec/template");
  Json metadata = {{"namespace", namespace_of(owner)},
                   {"generateName", std::string(name_of(owner)) + "-"},
                   {"ownerReferences", Json::array({owner_reference(resource, owner)})}};
  for (const char* field : {"labels", "annotations"}) {
    const Json& given = map_at(pod, std::string("metadata/") + field);
    if (!given.empty()) metadata[field] = given;
  }
  pod["metadata"] = std::move(metadata);
  return pod;
}

std::vector<ObjectPtr> children_of(const Cluster& cluster, const Json& owner,
                                   const Resource& kind) {
  std::vector<ObjectPtr> children;
  for (const auto& place : cluster.store.owned_by(uid_of(owner))) {
    if (place.resource != &kind) continue;
    ObjectPtr child = cluster.store.get(kind, place.key);
    const Json* controller = child ? controller_of(child->body) : nullptr;
    if (controller != nullptr && text_at(*controller, "uid") == uid_of(owner)) {
      children.push_back(std::move(child));
    }
  }
  return children;
}

bool is_active(const Json& pod) {
  const auto phase = text_at(pod, "status/phase");
  return !is_deleting(pod) && phase != "Succeeded" && phase != "Failed";
}

bool is_ready(const Json& pod) {
  return condition_of(pod, "Ready") == "True";
}

std::string template_hash(const Json& owner) {
  constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  std::size_t hash = std::hash<std::string>{}(map_at(owner, "spec/template").dump());
  std::string text;
  for (int i = 0; i < 10; ++i, hash /= kLetters.size())
    text += kLetters[hash % kLetters.size()];
  return text;
}

ObjectPtr live(const Cluster& cluster, const Resource& resource, const Key& key) {
  ObjectPtr object = cluster.store.get(resource, key);
  return object && !is_deleting(object->body) ? object : nullptr;
}

std::int64_t scaled(const Json* value, std::int64_t whole, bool round_up) {
  if (value == nullptr) return 0;
  if (value->is_number()) return value->get<std::int64_t>();
  if (!value->is_string()) return 0;
  const auto& text = value->get_ref<const std::string&>();
  std::int64_t percent = 0;
  std::from_chars(text.data(), text.data() + text.size(), percent);
  return text.ends_with('%') ? (whole * percent + (round_up ? 99 : 0)) / 100 : percent;
}

void write_status(Cluster& cluster, const Resource& resource, const Key& key, Json status) {
  edit(cluster, resource, key, [&](Json& body) { body["status"] = std::move(status); });
}

}  // namespace lockkeeper::lab
