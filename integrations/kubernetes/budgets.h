// SPDX-License-Identifier: Apache-2.0
#pragma once

// PodDisruptionBudgets that can never allow an eviction, found before a drain runs into them. A
// budget that is only exhausted just now (a replica is starting elsewhere) is none of them. Any
// thread may call.

#include <string>
#include <vector>

#include "bot/facts.h"
#include "integrations/kubernetes/client.h"
#include "integrations/kubernetes/objects.h"
#include "rules/result.h"

namespace lockkeeper::kubernetes {

/// Why the budget can never allow an eviction, as far as it tells by itself; "" when it can. A
/// selector that matches no pod blocks nothing.
std::string permanent_block(const Budget& budget);

/// Every such budget of the cluster, and every pair of budgets that covers one pod (the server
/// answers 500 to its eviction). Reads the labels of pods only in namespaces with two budgets.
Result<std::vector<BlockingBudget>> blocking_budgets(Client& client,
                                                     const Patience& patience = kBriefly);

}  // namespace lockkeeper::kubernetes
