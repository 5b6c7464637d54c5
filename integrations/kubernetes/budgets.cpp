// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/budgets.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <utility>

#include "integrations/kubernetes/list.h"
#include "rules/text.h"

namespace lockkeeper::kubernetes {
namespace {

using BudgetsBySpace = std::map<std::string, std::vector<Budget>>;

/// Pairs of budgets of one namespace that both cover a pod, with one such pod as the example.
using Pairs = std::map<std::pair<std::string, std::string>, std::string>;

// One example for each pair is enough to find the overlap; a Deployment would give a hundred.
void find_pairs(const Pod& pod, const std::vector<Budget>& budgets, Pairs& pairs) {
  const Budget* first = nullptr;
  for (const auto& budget : budgets) {
    if (!budget.covers(pod)) continue;
    if (first != nullptr) pairs.try_emplace({first->name, budget.name}, pod.name);
    if (first == nullptr) first = &budget;
  }
}

ApiResult<Pairs> pairs_of(Client& client, const std::string& space,
                          const std::vector<Budget>& budgets, const Patience& patience) {
  Pairs pairs;
  const ListQuery query{fmt::format("/api/v1/namespaces/{}/pods", encoded(space)),
                        "fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed", 500,
                        true};
  const auto listed = list(client, query, patience,
                           {[&](const Json& item) { find_pairs(pod_of(item), budgets, pairs); },
                            [&] { pairs.clear(); }});
  if (!listed) return std::unexpected(listed.error());
  return pairs;
}

}  // namespace

std::string permanent_block(const Budget& budget) {
  if (budget.max_unavailable == "0" || budget.max_unavailable == "0%")
    return fmt::format("maxUnavailable {} never allows an eviction", budget.max_unavailable);
  if (budget.min_available == "100%") return "minAvailable 100% never allows an eviction";
  if (!budget.sync_failure.empty())
    return fmt::format("its numbers cannot be computed: {}", clipped(budget.sync_failure, 160));
  // The status speaks of the present spec, and even with every pod healthy nothing may go.
  if (!budget.current || budget.expected == 0 || budget.desired < budget.expected) return {};
  const auto pods = budget.expected == 1 ? std::string("its only pod")
                                         : fmt::format("all {} pods", budget.expected);
  return fmt::format("minAvailable {} needs {} healthy", budget.min_available, pods);
}

Result<std::vector<BlockingBudget>> blocking_budgets(Client& client, const Patience& patience) {
  BudgetsBySpace by_space;
  const auto listed = list(client, {"/apis/policy/v1/poddisruptionbudgets", "", 500}, patience,
                           {[&](const Json& item) {
                              auto budget = budget_of(item);
                              by_space[budget.space].push_back(std::move(budget));
                            },
                            [&] { by_space.clear(); }});
  if (!listed) return std::unexpected(failure_of(listed.error()));
  std::vector<BlockingBudget> blocking;
  for (const auto& [space, budgets] : by_space) {
    for (const auto& budget : budgets)
      if (auto why = permanent_block(budget); !why.empty() && budget.expected > 0)
        blocking.push_back({budget.full_name(), std::move(why)});
    if (budgets.size() < 2) continue;
    const auto pairs = pairs_of(client, space, budgets, patience);
    if (!pairs) return std::unexpected(failure_of(pairs.error()));
    for (const auto& [names, pod] : *pairs)
      blocking.push_back(
          {space + "/" + names.first,
           fmt::format(
               "pod {}/{} is also covered by budget {}/{}; a pod with two budgets cannot be "
               "evicted",
               space, pod, space, names.second)});
  }
  return blocking;
}

}  // namespace lockkeeper::kubernetes
