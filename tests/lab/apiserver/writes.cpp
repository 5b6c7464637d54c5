// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/writes.h"

#include <fmt/format.h>

#include <algorithm>

#include "tests/lab/apiserver/wire_time.h"

namespace lockkeeper::lab {
namespace {

constexpr std::int64_t kPodGraceSeconds = 30;
constexpr std::string_view kForeground = "foregroundDeletion";
constexpr std::string_view kOrphan = "orphan";

/// New objects need a namespace that exists and is not on its way out.
std::optional<ApiError> namespace_fault(const Cluster& cluster, const Resource& resource,
                                        const Json& body) {
  if (!resource.namespaced) return std::nullopt;
  const std::string ns(namespace_of(body));
  const ObjectPtr home = cluster.store.get(lab::resource("namespaces"), {"", ns});
  if (!home) return not_found(lab::resource("namespaces"), ns);
  if (!is_deleting(home->body)) return std::nullopt;
  const std::string why = fmt::format(
      "unable to create new content in namespace {} because it is being terminated", ns);
  Json cause = {{"reason", "NamespaceTerminating"},
                {"message", fmt::format("namespace {} is being terminated", ns)},
                {"field", "metadata.namespace"}};
  return forbidden(
      fmt::format("{} \"{}\" is forbidden: {}", resource.plural, name_of(body), why),
      {{"name", name_of(body)}, {"kind", resource.plural}, {"causes", Json::array({cause})}});
}

bool is_finished(const Json& pod) {
  const auto phase = text_at(pod, "status/phase");
  return phase == "Succeeded" || phase == "Failed";
}

/// How long the object is to stay after the deletion, in seconds.
std::int64_t grace_of(const Resource& resource, const Json& body, const DeleteOptions& options) {
  if (resource.kind != "Pod") return 0;
  // Nobody runs it: there is nothing to stop gracefully.
  if (text_at(body, "spec/nodeName").empty() || is_finished(body)) return 0;
  const auto own = number_at(body, "spec/terminationGracePeriodSeconds", kPodGraceSeconds);
  return std::max<std::int64_t>(0, options.grace_seconds.value_or(own));
}

void add_finalizer(Json& body, std::string_view name) {
  Json& finalizers = place(body, "metadata/finalizers");
  if (!finalizers.is_array()) finalizers = Json::array();
  if (std::ranges::find(finalizers, Json(name)) == finalizers.end()) finalizers.push_back(name);
}

void mark_deleting(Json& body, std::int64_t grace_seconds) {
  const auto end = std::chrono::system_clock::now() + std::chrono::seconds(grace_seconds);
  const auto known = parse_time(text_at(body, "metadata/deletionTimestamp"));
  // A second deletion can only make it sooner.
  if (known && *known <= end) return;
  body["metadata"]["deletionTimestamp"] = to_seconds(end);
  body["metadata"]["deletionGracePeriodSeconds"] = grace_seconds;
}

std::optional<ApiError> precondition_fault(const Resource& resource, const Json& body,
                                           const DeleteOptions& options) {
  const Resource named = [&] {
    Resource copy = resource;  // the real server names the kind here, not the resource
    copy.plural = resource.kind;
    return copy;
  }();
  if (!options.uid.empty() && options.uid != uid_of(body)) {
    return conflict(named, name_of(body),
                    fmt::format("the UID in the precondition ({}) does not match the UID in record "
                                "({}). The object might have been deleted and then recreated",
                                options.uid, uid_of(body)));
  }
  const auto version = text_at(body, "metadata/resourceVersion");
  if (!options.resource_version.empty() && options.resource_version != version) {
    return conflict(
        named, name_of(body),
        fmt::format("the ResourceVersion in the precondition ({}) does not match the "
                    "ResourceVersion in record ({}). The object might have been modified",
                    options.resource_version, version));
  }
  return std::nullopt;
}

/// What a client may not change: identity, birth and the marks of deletion.
void keep_server_fields(const Json& old, Json& next) {
  for (const char* field : {"uid", "creationTimestamp", "deletionTimestamp", "generation",
                            "namespace", "deletionGracePeriodSeconds", "resourceVersion", "name"}) {
    const Json& metadata = old["metadata"];
    if (metadata.contains(field)) {
      next["metadata"][field] = metadata[field];
    } else {
      next["metadata"].erase(field);
    }
  }
}

void keep_other_part(const Resource& resource, const Json& old, Json& next, Part part) {
  if (part == Part::status) {
    Json merged = old;
    merged["status"] = next.value("status", Json::object());
    merged["metadata"] = next["metadata"];
    next = std::move(merged);
  } else if (resource.has("status")) {
    if (old.contains("status")) next["status"] = old["status"];
    if (!old.contains("status")) next.erase("status");
  }
}

}  // namespace

Outcome<ObjectPtr> create_object(Cluster& cluster, const Resource& resource, Json body,
                                 bool dry_run, bool verbatim) {
  Json& metadata = place(body, "metadata");
  if (name_of(body).empty() && !text_at(body, "metadata/generateName").empty()) {
    metadata["name"] = string_at(body, "metadata/generateName") + random_suffix();
  }
  if (!resource.namespaced) metadata.erase("namespace");
  metadata.erase("resourceVersion");
  if (!verbatim) {
    for (const char* field : {"uid", "creationTimestamp", "deletionTimestamp", "selfLink"})
      metadata.erase(field);
    if (resource.has("status")) body.erase("status");
    const auto faults = faults_of(resource, body, nullptr);
    if (!faults.empty()) return refuse(invalid(resource, name_of(body), faults));
  }
  if (auto fault = namespace_fault(cluster, resource, body)) return refuse(std::move(*fault));
  if (resource.counts_generation && !metadata.contains("generation")) metadata["generation"] = 1;
  if (uid_of(body).empty()) metadata["uid"] = new_uid();
  set_defaults(resource, body);
  if (dry_run) {
    if (cluster.store.get(resource, key_of(resource, body))) {
      return refuse(already_exists(resource, name_of(body)));
    }
    metadata["creationTimestamp"] = now_seconds();
    auto object = std::make_shared<Object>();
    object->body = std::move(body);
    return object;
  }
  return cluster.store.create(resource, std::move(body));
}

Outcome<ObjectPtr> update_object(Cluster& cluster, const Resource& resource, const Key& key,
                                 Json next, Part part, bool dry_run) {
  const ObjectPtr before = cluster.store.get(resource, key);
  if (!before) return refuse(not_found(resource, key.name));
  const Json& old = before->body;
  place(next, "metadata");
  const auto version = text_at(next, "metadata/resourceVersion");
  if (!version.empty() && version != text_at(old, "metadata/resourceVersion")) {
    return refuse(stale(resource, key.name));
  }
  const auto uid = text_at(next, "metadata/uid");
  if (!uid.empty() && uid != uid_of(old)) {
    return refuse(
        conflict(resource, key.name,
                 fmt::format("Precondition failed: UID in precondition: {}, UID in object meta: {}",
                             uid, uid_of(old))));
  }
  keep_server_fields(old, next);
  keep_other_part(resource, old, next, part);
  if (part == Part::main) {
    set_defaults(resource, next);
    const auto faults = faults_of(resource, next, &old);
    if (!faults.empty()) return refuse(invalid(resource, key.name, faults));
    const bool new_spec = next.value("spec", Json()) != old.value("spec", Json());
    if (resource.counts_generation && new_spec) {
      next["metadata"]["generation"] = number_at(old, "metadata/generation", 0) + 1;
    }
  }
  if (dry_run) {
    auto object = std::make_shared<Object>();
    object->body = std::move(next);
    object->revision = before->revision;
    return object;
  }
  const bool unheld = list_at(next, "metadata/finalizers").empty() &&
                      number_at(next, "metadata/deletionGracePeriodSeconds", 0) == 0;
  if (is_deleting(old) && unheld && list_at(next, "spec/finalizers").empty()) {
    cluster.store.replace(resource, key, std::move(next));
    return cluster.store.remove(resource, key);
  }
  return cluster.store.replace(resource, key, std::move(next));
}

Outcome<Deleted> delete_object(Cluster& cluster, const Resource& resource, const Key& key,
                               const DeleteOptions& options) {
  const ObjectPtr before = cluster.store.get(resource, key);
  if (!before) return refuse(not_found(resource, key.name));
  if (auto fault = precondition_fault(resource, before->body, options))
    return refuse(std::move(*fault));
  if (options.dry_run) return Deleted{.object = before, .gone = true};
  const std::int64_t grace = grace_of(resource, before->body, options);
  const bool is_namespace = resource.kind == "Namespace";
  Json body = before->body;
  if (options.propagation == "Foreground") add_finalizer(body, kForeground);
  if (options.propagation == "Orphan" && !cluster.store.owned_by(uid_of(body)).empty()) {
    add_finalizer(body, kOrphan);
  }
  const bool held = !list_at(body, "metadata/finalizers").empty() || is_namespace;
  if (grace == 0 && !held)
    return Deleted{.object = cluster.store.remove(resource, key), .gone = true};
  mark_deleting(body, grace);
  if (is_namespace) place(body, "status/phase") = "Terminating";
  return Deleted{.object = cluster.store.replace(resource, key, std::move(body)), .gone = false};
}

void end_grace(Cluster& cluster, const Resource& resource, const Key& key) {
  const ObjectPtr object = cluster.store.get(resource, key);
  if (!object || !is_deleting(object->body)) return;
  if (list_at(object->body, "metadata/finalizers").empty()) {
    cluster.store.remove(resource, key);
    return;
  }
  edit(cluster, resource, key,
       [](Json& body) { body["metadata"]["deletionGracePeriodSeconds"] = 0; });
}

Outcome<DeleteOptions> read_delete_options(const Json& json) {
  DeleteOptions options;
  if (json.is_null()) return options;
  if (!json.is_object()) return refuse(bad_request("the DeleteOptions are no JSON object"));
  const Json* grace = find(json, "gracePeriodSeconds");
  if (grace != nullptr && grace->is_number_integer())
    options.grace_seconds = grace->get<std::int64_t>();
  options.uid = string_at(json, "preconditions/uid");
  options.resource_version = string_at(json, "preconditions/resourceVersion");
  options.propagation = string_at(json, "propagationPolicy");
  if (flag_at(json, "orphanDependents")) options.propagation = "Orphan";
  options.dry_run = !list_at(json, "dryRun").empty();
  return options;
}

}  // namespace lockkeeper::lab
