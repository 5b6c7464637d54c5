// SPDX-License-Identifier: Apache-2.0
#pragma once

// The names that we write into the cluster, and the well-known ones that we read. Constants only.

#include <string_view>

namespace lockkeeper::kubernetes {

// On nodes: which run cordoned it. Without it a cordon is a person's and is never lifted.
inline constexpr std::string_view kCordonedBy = "lockkeeper.io/cordoned-by";

// On our own namespace: who works on the cluster, and what the next bot has to know.
inline constexpr std::string_view kRun = "lockkeeper.io/run";
inline constexpr std::string_view kTarget = "lockkeeper.io/target";
inline constexpr std::string_view kInFlight = "lockkeeper.io/in-flight";
inline constexpr std::string_view kStarted = "lockkeeper.io/started";
inline constexpr std::string_view kFence = "lockkeeper.io/fence";        // stays after a run
inline constexpr std::string_view kSnapshot = "lockkeeper.io/snapshot";  // stays after a run
inline constexpr std::string_view kKillSwitch = "lockkeeper.io/kill-switch";

// On pods, by people: this pod is never evicted; the drain is refused before it begins.
inline constexpr std::string_view kProtected = "lockkeeper.io/protected";

// Kubernetes' own.
inline constexpr std::string_view kMirrorPod = "kubernetes.io/config.mirror";
inline constexpr std::string_view kControlPlaneLabel = "node-role.kubernetes.io/control-plane";
inline constexpr std::string_view kSafeToEvict = "cluster-autoscaler.kubernetes.io/safe-to-evict";

}  // namespace lockkeeper::kubernetes
