// SPDX-License-Identifier: Apache-2.0
#pragma once

// The arithmetic of PodDisruptionBudgets and the eviction subresource that spends them. The order
// of the checks and the texts are those of pkg/registry/core/pod/storage/eviction.go. The Cluster's
// mutex is held.

#include <cstdint>
#include <string>
#include <vector>

#include "tests/lab/apiserver/cluster.h"

namespace lockkeeper::lab {

/// What the disruption controller counts for one budget.
struct BudgetCount {
  std::int64_t expected = 0;  ///< Pods that there should be.
  std::int64_t healthy = 0;   ///< Ready, not being deleted and not on their way out by an eviction.
};

/// status.disruptionsAllowed and status.desiredHealthy for a budget's spec.
struct Allowance {
  std::int64_t allowed = 0;
  std::int64_t desired = 0;
};
Allowance allowance(const Json& spec, const BudgetCount& count);

/// The budgets of the pod's namespace whose selector matches it. An empty selector matches all.
std::vector<ObjectPtr> budgets_of(const Cluster& cluster, const Json& pod);

/// POST .../pods/NAME/eviction. The success is a 201; everything else a refusal.
Outcome<Json> evict(Cluster& cluster, const Key& pod, const Json& eviction, bool dry_run);

}  // namespace lockkeeper::lab
