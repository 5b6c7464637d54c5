// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <map>
#include <set>

#include "integrations/kubernetes/cluster.h"
#include "integrations/kubernetes/list.h"
#include "integrations/kubernetes/objects.h"

namespace lockkeeper::kubernetes {
namespace {

constexpr int kPodPage = 500;            // a pod is 4-8 KB of text
constexpr std::size_t kOwnersMax = 200;  // read for pods that are not Ready; beyond, they count

/// "/apis/apps/v1/namespaces/shop/replicasets/web-5d", or "" for kinds that cannot be switched off.
std::string owner_path(const std::string& space, const Controller& owner) {
  static const std::map<std::string, std::string> places = {
      {"apps/v1 ReplicaSet", "/apis/apps/v1/namespaces/{}/replicasets/{}"},
      {"apps/v1 StatefulSet", "/apis/apps/v1/namespaces/{}/statefulsets/{}"},
      {"batch/v1 Job", "/apis/batch/v1/namespaces/{}/jobs/{}"},
  };
  const auto place = places.find(owner.api_version + " " + owner.kind);
  if (place == places.end()) return {};
  return fmt::format(fmt::runtime(place->second), encoded(space), encoded(owner.name));
}

/// Whether an owner wants none of its pods to run.
// An owner that is gone wants nothing either; one that cannot be read counts as wanting its pods,
// which is the answer that keeps a soak waiting.
bool is_switched_off(const ApiResult<Json>& owner) {
  if (!owner) return owner.error().trouble == Trouble::not_found;
  const bool scaled = value_at(*owner, {"spec", "replicas"}).is_number_integer();
  return flag_at(*owner, {"spec", "suspend"}) ||
         (scaled && number_at(*owner, {"spec", "replicas"}) == 0);
}

/// The pods that are not Ready, counted by owner.
struct Laggards {
  std::string space;
  std::optional<Controller> owner;
  int count = 0;
  bool pending = false;
};

void take_pod(const Pod& pod, WorkloadFacts& facts, std::map<std::string, Laggards>& laggards) {
  if (pod.finished() || pod.leaving()) return;
  ++facts.pods_wanted;
  if (pod.ready) {
    ++facts.pods_ready;
    return;
  }
  const auto key = pod.controller ? fmt::format("{}/{}/{}", pod.space, pod.controller->kind,
                                                pod.controller->name)
                                  : fmt::format("{}/Pod/{}", pod.space, pod.name);
  auto& entry = laggards[key];
  entry.space = pod.space;
  entry.owner = pod.controller;
  ++entry.count;
  entry.pending = entry.pending || pod.phase == "Pending";
}

}  // namespace

Result<WorkloadFacts> workloads(Client& client, const Patience& patience) {
  WorkloadFacts facts;
  std::map<std::string, Laggards> laggards;  // by "shop/ReplicaSet/web-5d"
  // Finished pods stay behind in the server: of no interest, and in old clusters most of them.
  const auto listed =
      list(client,
           {"/api/v1/pods", "fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed",
            kPodPage},
           patience,
           {[&](const Json& item) { take_pod(pod_of(item), facts, laggards); },
            [&] {
              facts = {};
              laggards.clear();
            }});
  if (!listed) return std::unexpected(failure_of(listed.error()));
  std::size_t read = 0;
  for (const auto& [name, entry] : laggards) {
    const auto path = entry.owner ? owner_path(entry.space, *entry.owner) : std::string();
    const bool off = !path.empty() && ++read <= kOwnersMax && is_switched_off(client.get(path));
    if (off) facts.pods_wanted -= entry.count;
    if (!off && entry.pending) facts.pending.push_back(name);
  }
  return facts;
}

}  // namespace lockkeeper::kubernetes
