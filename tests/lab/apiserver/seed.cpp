// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/seed.h"

#include <fmt/format.h>

#include <fstream>

#include "tests/lab/apiserver/writes.h"

namespace lockkeeper::lab {
namespace {

constexpr std::size_t kPodsPerNamespace = 5'000;

void ensure_namespace(Cluster& cluster, const std::string& name) {
  const Resource& namespaces = resource("namespaces");
  if (name.empty() || cluster.store.get(namespaces, {"", name})) return;
  (void)create_object(cluster, namespaces, {{"metadata", {{"name", name}}}});
  (void)create_object(cluster, resource("serviceaccounts"),
                      {{"metadata", {{"name", "default"}, {"namespace", name}}}});
}

Status sow_object(Cluster& cluster, const Json& object) {
  const auto kind = text_at(object, "kind");
  const Resource* resource = resource_of_kind(text_at(object, "apiVersion"), kind);
  if (resource == nullptr) {
    return fail(fmt::format("the seed's {} {} {} is no resource of the lab",
                            text_at(object, "apiVersion"), kind, name_of(object)));
  }
  Json body = inward(*resource, object);
  if (resource->namespaced && namespace_of(body).empty())
    place(body, "metadata/namespace") = "default";
  ensure_namespace(cluster, string_at(body, "metadata/namespace"));
  const auto created = create_object(cluster, *resource, std::move(body), false, true);
  if (!created)
    return fail(
        fmt::format("the seed's {} {}: {}", kind, name_of(object), created.error().message));
  return {};
}

Json crowd_pod(const std::string& ns, const std::string& name, const std::string& node,
               const Json& owner) {
  return {{"metadata",
           {{"name", name},
            {"namespace", ns},
            {"labels", {{"app", "crowd"}}},
            {"ownerReferences", Json::array({owner})}}},
          {"spec",
           {{"nodeName", node},
            {"restartPolicy", "Always"},
            {"containers", Json::array({{{"name", "main"}, {"image", "pause"}}})}}},
          {"status",
           {{"phase", "Running"},
            {"conditions", Json::array({{{"type", "Ready"}, {"status", "True"}}})}}}};
}

/// One ReplicaSet for each node's worth of pods, which finds its pods complete.
void generate(Cluster& cluster, std::size_t node_count, std::size_t pods_per_node) {
  std::size_t made = 0;
  for (std::size_t i = 0; i < node_count; ++i) {
    const std::string node = fmt::format("crowd-{:05}", i);
    (void)create_object(
        cluster, resource("nodes"),
        {{"metadata", {{"name", node}, {"annotations", {{"lab/kubelet", "simulated"}}}}}}, false,
        true);
    if (pods_per_node == 0) continue;
    const std::string ns = fmt::format("crowd-{:03}", made / kPodsPerNamespace);
    ensure_namespace(cluster, ns);
    const Json labels = {{"app", "crowd"}};
    const auto set = create_object(cluster, resource("replicasets"),
                                   {{"metadata", {{"name", node}, {"namespace", ns}}},
                                    {"spec",
                                     {{"replicas", pods_per_node},
                                      {"selector", {{"matchLabels", labels}}},
                                      {"template", {{"metadata", {{"labels", labels}}}}}}}},
                                   false, true);
    const Json owner = {{"apiVersion", "apps/v1"},
                        {"kind", "ReplicaSet"},
                        {"name", node},
                        {"uid", uid_of((*set)->body)},
                        {"controller", true}};
    for (std::size_t k = 0; k < pods_per_node; ++k, ++made) {
      // Straight into the store: defaults would double the size of a large world.
      (void)cluster.store.create(resource("pods"),
                                 crowd_pod(ns, fmt::format("{}-{:03}", node, k), node, owner));
    }
  }
}

}  // namespace

Result<Json> read_seed(const std::filesystem::path& file) {
  std::ifstream stream(file);
  if (!stream) return fail(fmt::format("{}: cannot be read", file.string()));
  Json seed = Json::parse(stream, nullptr, false);
  if (!seed.is_object()) return fail(fmt::format("{}: is no JSON object", file.string()));
  for (const auto& [name, value] : seed.items()) {
    const bool known =
        name == "version" || name == "objects" || name == "rbac" || name == "options";
    if (!known) return fail(fmt::format("{}: '{}' is no part of a seed", file.string(), name));
  }
  return seed;
}

Status sow(Cluster& cluster, const Json& seed) {
  auto options = read_options(map_at(seed, "options"));
  if (!options) return fail(options.error().message);
  cluster.options = std::move(*options);
  if (!text_at(seed, "version").empty()) cluster.version = string_at(seed, "version");
  cluster.store.set_history_limit(cluster.options.history_changes);
  cluster.watches.set_bookmark_period(cluster.options.bookmark_period);
  for (const char* name : {"default", "kube-system", "kube-public", "kube-node-lease"})
    ensure_namespace(cluster, name);
  for (const auto& object : list_at(seed, "objects")) {
    const bool exists =
        text_at(object, "kind") == "Namespace" &&
        cluster.store.get(resource("namespaces"), {"", string_at(object, "metadata/name")});
    if (exists) {
      edit(cluster, resource("namespaces"), {"", string_at(object, "metadata/name")},
           [&](Json& body) { body.merge_patch(inward(resource("namespaces"), object)); });
      continue;
    }
    if (auto sown = sow_object(cluster, object); !sown) return sown;
  }
  generate(cluster, cluster.options.generate_nodes, cluster.options.generate_pods_per_node);
  return {};
}

}  // namespace lockkeeper::lab
