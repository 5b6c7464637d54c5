// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/budget.h"

#include <fmt/format.h>

#include <algorithm>

#include "tests/lab/apiserver/controllers/workload.h"
#include "tests/lab/apiserver/selector.h"
#include "tests/lab/apiserver/wire_time.h"
#include "tests/lab/apiserver/writes.h"

namespace lockkeeper::lab {
namespace {

constexpr std::size_t kDisruptedPodsMax = 2000;
constexpr int kObservedLaterSeconds = 10;
constexpr std::string_view kViolates =
    "Cannot evict pod as it would violate the pod's disruption budget.";

ApiError exhausted(int retry_after_seconds, std::string why) {
  return too_many_requests(std::string(kViolates), retry_after_seconds,
                           {{"DisruptionBudget", std::move(why)}});
}

/// Pending, finished and already terminating pods cost no budget.
bool ignores_budgets(const Json& pod) {
  const auto phase = text_at(pod, "status/phase");
  return phase == "Pending" || phase == "Succeeded" || phase == "Failed" || is_deleting(pod);
}

/// An unready pod may go without spending budget, if its policy lets it.
bool unhealthy_may_go(const Json& pod, const Json& budget) {
  if (is_ready(pod)) return false;
  if (text_at(budget, "spec/unhealthyPodEvictionPolicy") == "AlwaysAllow") return true;
  const auto desired = number_at(budget, "status/desiredHealthy", 0);
  return desired > 0 && number_at(budget, "status/currentHealthy", 0) >= desired;
}

/// Takes one disruption from the budget, or says why not.
std::optional<ApiError> spend(Cluster& cluster, const Json& budget, std::string_view pod,
                              bool dry_run) {
  const Resource& budgets = resource("poddisruptionbudgets");
  const std::string name(name_of(budget));
  const auto denied = [&](std::string_view why) {
    return forbidden(fmt::format("poddisruptionbudgets.policy \"{}\" is forbidden: {}", name, why),
                     {{"name", name}, {"group", "policy"}, {"kind", "poddisruptionbudgets"}});
  };
  if (number_at(budget, "status/observedGeneration", 0) <
      number_at(budget, "metadata/generation", 0)) {
    return exhausted(
        kObservedLaterSeconds,
        fmt::format("The disruption budget {} is still being processed by the server.", name));
  }
  const auto allowed = number_at(budget, "status/disruptionsAllowed", 0);
  if (allowed < 0) return denied("pdb disruptions allowed is negative");
  if (map_at(budget, "status/disruptedPods").size() > kDisruptedPodsMax) {
    return denied("DisruptedPods map too big - too many evictions not confirmed by PDB controller");
  }
  if (allowed == 0) {
    const Json* condition =
        entry_with(list_at(budget, "status/conditions"), "type", "DisruptionAllowed");
    if (condition != nullptr && text_at(*condition, "reason") == "SyncFailed") {
      return exhausted(
          0, fmt::format("The disruption budget {} does not allow evicting pods currently "
                         "because it failed sync: {}",
                         name, text_at(*condition, "message")));
    }
    return exhausted(
        0, fmt::format("The disruption budget {} needs {} healthy pods and has {} currently", name,
                       number_at(budget, "status/desiredHealthy", 0),
                       number_at(budget, "status/currentHealthy", 0)));
  }
  if (dry_run) return std::nullopt;
  edit(cluster, budgets, key_of(budgets, budget), [&](Json& body) {
    body["status"]["disruptionsAllowed"] = allowed - 1;
    if (allowed == 1) set_condition(body, "DisruptionAllowed", "False", "InsufficientPods", "");
    place(body, "status/disruptedPods")[std::string(pod)] = now_seconds();
  });
  return std::nullopt;
}

Json success() {
  return {{"kind", "Status"},
          {"apiVersion", "v1"},
          {"metadata", Json::object()},
          {"status", "Success"},
          {"code", 201}};
}

}  // namespace

Allowance allowance(const Json& spec, const BudgetCount& count) {
  Allowance result;
  if (const Json* most = find(spec, "maxUnavailable"); most != nullptr) {
    result.desired = std::max<std::int64_t>(0, count.expected - scaled(most, count.expected, true));
  } else {
    result.desired = scaled(find(spec, "minAvailable"), count.expected, true);
  }
  if (count.expected > 0)
    result.allowed = std::max<std::int64_t>(0, count.healthy - result.desired);
  return result;
}

std::vector<ObjectPtr> budgets_of(const Cluster& cluster, const Json& pod) {
  std::vector<ObjectPtr> found;
  const std::string ns(namespace_of(pod));
  const auto& shelf = cluster.store.all(resource("poddisruptionbudgets"));
  for (auto at = shelf.lower_bound({ns, ""}); at != shelf.end() && at->first.ns == ns; ++at) {
    // policy/v1: an absent selector matches nothing, an empty one everything.
    const Json* selector = find(at->second->body, "spec/selector");
    if (selector == nullptr || !selector->is_object()) continue;
    if (LabelSelector::of(*selector).matches(map_at(pod, "metadata/labels")))
      found.push_back(at->second);
  }
  return found;
}

Outcome<Json> evict(Cluster& cluster, const Key& key, const Json& eviction, bool dry_run) {
  const Resource& pods = resource("pods");
  const auto named = text_at(eviction, "metadata/name");
  if (named.empty()) return refuse(bad_request("name must be provided"));
  if (named != key.name) {
    return refuse(bad_request("name in URL does not match name in Eviction object"));
  }
  auto options = read_delete_options(eviction.value("deleteOptions", Json()));
  if (!options) return std::unexpected(options.error());
  options->dry_run = options->dry_run || dry_run;
  const ObjectPtr pod = cluster.store.get(pods, key);
  if (!pod) return refuse(not_found(pods, key.name));
  if (!ignores_budgets(pod->body)) {
    const auto budgets = budgets_of(cluster, pod->body);
    if (budgets.size() > 1) {
      return refuse({.code = 500,
                     .message =
                         "This pod has more than one PodDisruptionBudget, which the eviction "
                         "subresource does not support."});
    }
    if (budgets.size() == 1 && !unhealthy_may_go(pod->body, budgets.front()->body)) {
      auto denied = spend(cluster, budgets.front()->body, key.name, options->dry_run);
      if (denied) return refuse(std::move(*denied));
    }
  }
  // The budget is spent before the precondition is looked at, as in the real server.
  auto deleted = delete_object(cluster, pods, key, *options);
  if (!deleted) return std::unexpected(deleted.error());
  return success();
}

}  // namespace lockkeeper::lab
