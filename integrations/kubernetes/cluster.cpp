// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/cluster.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "integrations/kubernetes/list.h"
#include "integrations/kubernetes/names.h"
#include "integrations/kubernetes/objects.h"

namespace lockkeeper::kubernetes {
namespace {

constexpr std::string_view kLeases =
    "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
constexpr int kNodePage = 200;  // a node is 10-20 KB of text, most of it image names
constexpr int kLeasePage = 500;

struct ServerVersion {
  std::string text;
  std::optional<Version> version;
};

ApiResult<ServerVersion> server_version(Client& client, const Patience& patience) {
  const auto json = client.get("/version", patience);
  if (!json) return std::unexpected(json.error());
  ServerVersion server{text_at(*json, {"gitVersion"}), std::nullopt};
  if (auto version = parse_version(server.text)) server.version = *version;
  return server;
}

/// The renewTime of each node's Lease. They are the live signal, but not vital: who may not read
/// them gets none.
ApiResult<std::map<std::string, std::string>> leases(Client& client, const Patience& patience) {
  std::map<std::string, std::string> renewed;
  const auto listed = list(client, {std::string(kLeases), "", kLeasePage}, patience,
                           {[&](const Json& item) {
                              renewed[text_at(item, {"metadata", "name"})] =
                                  text_at(item, {"spec", "renewTime"});
                            },
                            [&] { renewed.clear(); }});
  if (!listed && listed.error().trouble != Trouble::forbidden)
    return std::unexpected(listed.error());
  return renewed;
}

ApiResult<void> take_namespace(Client& client, const std::string& name, const Patience& patience,
                               ClusterFacts& facts) {
  const auto json = client.get("/api/v1/namespaces/" + encoded(name), patience);
  if (!json && json.error().trouble == Trouble::not_found) return {};
  if (!json) return std::unexpected(json.error());
  facts.namespace_found = true;
  facts.run = annotation_of(*json, kRun);
  facts.kill = annotation_of(*json, kKillSwitch);
  return {};
}

// etcd has a version of its own; kubeadm's other static pods carry the release in their image's
// tag.
void take_pod(const Pod& pod, const Plan& plan, NodeHealth& health) {
  if (pod.daemon() && !pod.finished() && !pod.ready)
    health.daemons_not_ready.push_back(pod.full_name());
  const auto component = pod.labels.find("component");
  if (!pod.mirror || component == pod.labels.end()) return;
  if (!pod.ready) {
    health.control_plane_not_ready.push_back(pod.full_name());
    return;
  }
  if (!component->second.starts_with("kube-") || pod.images.empty()) return;
  // "registry:5000/kube-apiserver:v1.34.7@sha256:..."
  const auto image = pod.images.front().substr(0, pod.images.front().find('@'));
  const auto tag = image.substr(image.rfind(':') + 1);
  const auto version = parse_version(tag);
  if (!version || *version != plan.target)
    health.control_plane_outdated.push_back(fmt::format("{} ({})", pod.full_name(), tag));
}

}  // namespace

// Small reads first: a refusal or a dead server is told before thousands of nodes are read.
Result<ClusterFacts> look(Client& client, const KubernetesSettings& settings,
                          const Patience& patience) {
  ClusterFacts facts;
  facts.taken = client.clock().now();
  const auto server = server_version(client, patience);
  if (!server) return std::unexpected(failure_of(server.error()));
  facts.api_server_text = server->text;
  facts.api_server = server->version;
  const auto space = take_namespace(client, settings.own_namespace, patience, facts);
  if (!space) return std::unexpected(failure_of(space.error()));
  const auto renewed = leases(client, patience);
  if (!renewed) return std::unexpected(failure_of(renewed.error()));
  const auto listed = list(client, {"/api/v1/nodes", "", kNodePage}, patience,
                           {[&](const Json& item) { facts.nodes.push_back(node_of(item)); },
                            [&] { facts.nodes.clear(); }});
  if (!listed) return std::unexpected(failure_of(listed.error()));
  for (auto& node : facts.nodes)
    if (const auto lease = renewed->find(node.name); lease != renewed->end())
      node.lease_renewed = lease->second;
  return facts;
}

Result<NodeHealth> examine(Client& client, const std::string& node, const Plan& plan,
                           const Patience& patience) {
  NodeHealth health;
  const auto json = client.get("/api/v1/nodes/" + encoded(node), patience);
  if (!json) return fail(fmt::format("{}: {}", node, json.error().what));
  health.node = node_of(*json);
  if (const auto lease = client.get(fmt::format("{}/{}", kLeases, encoded(node)), patience))
    health.node.lease_renewed = text_at(*lease, {"spec", "renewTime"});
  const auto listed =
      list(client, {"/api/v1/pods", "fieldSelector=spec.nodeName%3D" + encoded(node)}, patience,
           {[&](const Json& item) { take_pod(pod_of(item), plan, health); },
            [&] {
              health.daemons_not_ready.clear();
              health.control_plane_not_ready.clear();
              health.control_plane_outdated.clear();
            }});
  if (!listed) return fail(fmt::format("{}: {}", node, listed.error().what));
  const auto server = server_version(client, patience);
  if (!server) return fail(fmt::format("{}: {}", node, server.error().what));
  health.api_server = server->version;
  health.api_ready = ready(client);
  return health;
}

// /healthz and /livez stay ok while a server shuts down; only /readyz tells (metalk8s#5126).
bool ready(Client& client) {
  ApiRequest request;
  request.path = "/readyz";
  request.accept = "*/*";
  request.timeout = client.timeout();
  const auto reply = client.read(request, {});
  return reply || reply.error().code == 401 || reply.error().code == 403;
}

}  // namespace lockkeeper::kubernetes
