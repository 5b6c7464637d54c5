// SPDX-License-Identifier: Apache-2.0
#pragma once

// Looking at the cluster: the reads behind World::look, examine and workloads. Lists are read page
// by page and only the facts are kept. Nothing here changes anything. Any thread may call.

#include <string>
#include <vector>

#include "bot/facts.h"
#include "bot/plan.h"
#include "config/settings.h"
#include "integrations/kubernetes/client.h"
#include "rules/result.h"

namespace lockkeeper::kubernetes {

/// Every node with its Lease, the server's version, and what our namespace's annotations say. A
/// namespace that does not exist is a fact; one that may not be read is a failure.
Result<ClusterFacts> look(Client& client, const KubernetesSettings& settings,
                          const Patience& patience = kBriefly);

/// One node: its facts, the DaemonSet pods on it, and (on a control plane of kubeadm) the static
/// pods, which have to be Ready and, but for etcd, of the plan's target version.
Result<NodeHealth> examine(Client& client, const std::string& node, const Plan& plan,
                           const Patience& patience = kBriefly);

/// All pods that should run: neither finished nor being deleted, nor owned by what is switched off
/// (a suspended Job, a ReplicaSet or StatefulSet scaled to nothing). Owners are read only for pods
/// that are not Ready.
Result<WorkloadFacts> workloads(Client& client, const Patience& patience = kBriefly);

/// "/readyz" says ok, etcd included. 401 and 403 count as ready: it answers, but keeps the page to
/// itself, and the other reads of the same moment speak for it.
bool ready(Client& client);

}  // namespace lockkeeper::kubernetes
