// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which pods of a node a drain evicts, which it leaves, and which make it refuse to begin. The
// filters and their order are those of kubectl (pkg/drain/filters.go) with emptyDir data given up
// and DaemonSets left, and ours behind them. Warnings are collected: in kubectl the last filter's
// answer hides the emptyDir warning of an earlier one. Pure functions but for the look-up given in.

#include <functional>
#include <string>
#include <vector>

#include "integrations/kubernetes/objects.h"

namespace lockkeeper::kubernetes {

enum class PodFate {
  evict,
  leave,   ///< stays on the node: a mirror pod, a DaemonSet's pod
  refuse,  ///< the whole drain is refused before its first eviction
};

struct PodDecision {
  PodFate fate = PodFate::evict;
  std::string reason;                 // for refuse: one for which pods can be grouped
  std::vector<std::string> warnings;  // "deletes emptyDir data"
};

enum class DaemonSetState { exists, gone, unknown };

struct DrainPolicy {
  std::string own_pod;                      // namespace/name of the pod that we run in, or empty
  std::vector<std::string> unevictable_ok;  // namespace/name of pods without controller that may go
};

/// Answers whether the DaemonSet that a pod names exists; asked for unfinished DaemonSet pods only.
using DaemonSetLookup =
    std::function<DaemonSetState(const std::string& space, const std::string& name)>;

PodDecision decide(const Pod& pod, const DrainPolicy& policy, const DaemonSetLookup& lookup);

/// A node's pods after the filters.
struct DrainScope {
  std::vector<Pod> evict;
  int left = 0;                       // pods that stay
  std::vector<std::string> warnings;  // "shop/web-1: deletes emptyDir data"
  std::vector<std::string> refusals;  // one per reason: "REASON: shop/a, shop/b"
};

DrainScope scope_of(const std::vector<Pod>& pods, const DrainPolicy& policy,
                    const DaemonSetLookup& lookup);

}  // namespace lockkeeper::kubernetes
