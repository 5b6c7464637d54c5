// SPDX-License-Identifier: Apache-2.0
#pragma once

// All controllers of the simulated cluster, each in a file named after its object. Together they do
// what kube-controller-manager, kube-scheduler and the kubelets do to the objects that the lab
// uses, within tens of milliseconds.
//
// Annotations steer them. On a Node: `lab/kubelet: simulated` (its kubelet is in here),
// `lab/kubelet-version: 1.34.7`, `lab/ready: "false"`, `lab/control-plane-version`. On a Pod or its
// template: `lab/log` ({{now}} and {{unix}} become its start), `lab/run-seconds`, `lab/exit-code`,
// `lab/ready: never`, `lab/finalizer-stuck: "true"`.

#include <memory>

#include "tests/lab/apiserver/controllers/loop.h"

namespace lockkeeper::lab {

using NewController = std::unique_ptr<Controller> (*)(Cluster&, Loop&);

/// Deployment -> ReplicaSets, rolling from one template to the next.
std::unique_ptr<Controller> deployments(Cluster& cluster, Loop& loop);
/// ReplicaSet -> Pods; an evicted pod is replaced at once.
std::unique_ptr<Controller> replica_sets(Cluster& cluster, Loop& loop);
/// StatefulSet -> Pods with fixed names, one after the other.
std::unique_ptr<Controller> stateful_sets(Cluster& cluster, Loop& loop);
/// DaemonSet -> one Pod for each node, cordoned or not.
std::unique_ptr<Controller> daemon_sets(Cluster& cluster, Loop& loop);
/// Job -> Pods, retries, Complete or Failed, removal after its time to live.
std::unique_ptr<Controller> jobs(Cluster& cluster, Loop& loop);
/// Gives pods a node.
std::unique_ptr<Controller> scheduler(Cluster& cluster, Loop& loop);
/// Starts, ends and removes the pods of all nodes that are Ready.
std::unique_ptr<Controller> pod_kubelet(Cluster& cluster, Loop& loop);
/// Node conditions, taints, leases of simulated nodes.
std::unique_ptr<Controller> nodes(Cluster& cluster, Loop& loop);
/// Static pods of control-plane nodes, as their mirror in the API.
std::unique_ptr<Controller> mirror_pods(Cluster& cluster, Loop& loop);
/// The status of PodDisruptionBudgets.
std::unique_ptr<Controller> budgets(Cluster& cluster, Loop& loop);
/// Removes what has lost its owner, and empties namespaces that are deleted.
std::unique_ptr<Controller> garbage(Cluster& cluster, Loop& loop);

/// Adds all of them.
void add_controllers(Cluster& cluster, Loop& loop);

}  // namespace lockkeeper::lab
