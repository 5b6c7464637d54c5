// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/drain.h"

#include <fmt/format.h>

#include <algorithm>

#include "integrations/kubernetes/drain_run.h"
#include "integrations/kubernetes/list.h"

namespace lockkeeper::kubernetes {
namespace {

Result<std::vector<Pod>> pods_of_node(Client& client, const std::string& node,
                                      const Patience& patience) {
  std::vector<Pod> pods;
  const auto listed =
      list(client, {"/api/v1/pods", pods_on_node(node)}, patience,
           {[&](const Json& item) { pods.push_back(pod_of(item)); }, [&] { pods.clear(); }});
  if (!listed) return fail(fmt::format("{}: {}", node, listed.error().what));
  return pods;
}

}  // namespace

// Fifty nodes share a handful of DaemonSets, and each node's drain asks once for each of them.
DaemonSetState DaemonSets::operator()(const std::string& space, const std::string& name) {
  const auto key = space + "/" + name;
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  const auto set = client_.get(
      fmt::format("/apis/apps/v1/namespaces/{}/daemonsets/{}", encoded(space), encoded(name)),
      patience_);
  auto state = DaemonSetState::exists;
  if (!set) {
    const bool gone = set.error().trouble == Trouble::not_found;
    state = gone ? DaemonSetState::gone : DaemonSetState::unknown;
  }
  known_[key] = state;
  return state;
}

Result<NodeFacts> drainable_node(Client& client, const DrainOrder& order,
                                 const Patience& patience) {
  const auto json = client.get("/api/v1/nodes/" + encoded(order.node), patience);
  if (!json) return fail(fmt::format("{}: {}", order.node, json.error().what));
  auto node = node_of(*json);
  if (!order.uid.empty() && node.uid != order.uid)
    return fail(fmt::format("{}: it was re-created since the plan was made", order.node));
  if (!node.unschedulable)
    return fail(fmt::format("{}: it is not cordoned, so evicted pods could come back", order.node));
  return node;
}

std::string pods_on_node(const std::string& node) {
  return "fieldSelector=spec.nodeName%3D" + encoded(node);
}

Outcome drain(Client& client, const DrainOrder& order, Watch& watch) {
  return DrainRun(client, order, watch).run();
}

// Asked without budgets in the way: a plain DELETE, as kubectl falls back to, is no alternative.
Status evictions_offered(Client& client, const Patience& patience) {
  const auto resources = client.get("/api/v1", patience);
  if (!resources) return std::unexpected(failure_of(resources.error()));
  for (const auto& each : items_at(*resources, {"resources"}))
    if (text_at(each, {"name"}) == "pods/eviction" && text_at(each, {"group"}) == "policy" &&
        text_at(each, {"version"}) == "v1")
      return {};
  return fail("the API server offers no policy/v1 evictions (Kubernetes 1.22 and later do)");
}

// "Nothing to evict" proves a drain only where nothing new can arrive: on a cordoned node.
Observation observe_drain(Client& client, const DrainOrder& order, const Patience& patience) {
  const auto json = client.get("/api/v1/nodes/" + encoded(order.node), patience);
  if (!json) return {Observed::unknown, order.node + ": " + json.error().what, {}};
  const auto pods = pods_of_node(client, order.node, patience);
  if (!pods) return {Observed::unknown, pods.error().what, {}};
  DaemonSets daemons(client, patience);
  const auto scope = scope_of(*pods, order.policy, std::ref(daemons));
  const auto leaving = std::ranges::count_if(scope.evict, &Pod::leaving);
  if (scope.evict.empty() && scope.refusals.empty() && flag_at(*json, {"spec", "unschedulable"}))
    return {Observed::done, fmt::format("{}: nothing left to evict", order.node), {}};
  const auto detail = fmt::format("{}: {} pods to evict, {} of them leaving", order.node,
                                  scope.evict.size(), leaving);
  return {leaving > 0 ? Observed::underway : Observed::not_started, detail, {}};
}

Result<std::vector<std::string>> would_drain(Client& client, const DrainOrder& order) {
  const auto pods = pods_of_node(client, order.node, kBriefly);
  if (!pods) return std::unexpected(pods.error());
  DaemonSets daemons(client, kBriefly);
  auto scope = scope_of(*pods, order.policy, std::ref(daemons));
  std::ranges::sort(scope.evict, {},
                    [](const Pod& pod) { return std::tuple(pod.priority, pod.space, pod.name); });
  std::vector<std::string> lines;
  for (const auto& refusal : scope.refusals)
    lines.push_back(fmt::format("refuse to drain {}: {}", order.node, refusal));
  for (const auto& pod : scope.evict)
    lines.push_back(fmt::format("POST {}/eviction", pod_path(pod)));
  for (const auto& warning : scope.warnings)
    lines.push_back("note " + warning);
  return lines;
}

}  // namespace lockkeeper::kubernetes
