// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/drain_filters.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "integrations/kubernetes/names.h"
#include "rules/text.h"

namespace lockkeeper::kubernetes {
namespace {

constexpr std::size_t kNamedMax = 5;  // pods named per reason; the rest are counted

/// What one filter says: nothing when the pod passes on to the next.
using FilterAnswer = std::optional<PodFate>;

bool may_go(const Pod& pod, const DrainPolicy& policy) {
  return std::ranges::find(policy.unevictable_ok, pod.full_name()) != policy.unevictable_ok.end();
}

// A daemon pod tolerates the cordon and would be back at once. kubectl trusts the owner reference
// only after it has seen the DaemonSet, because a pod without one would be lost.
FilterAnswer daemon_filter(const Pod& pod, const DrainPolicy& policy, const DaemonSetLookup& lookup,
                           PodDecision& decision) {
  if (!pod.daemon() || pod.finished()) return std::nullopt;
  switch (lookup(pod.space, pod.controller->name)) {
    case DaemonSetState::exists:
      return PodFate::leave;
    case DaemonSetState::gone:
      if (may_go(pod, policy)) {
        decision.warnings.emplace_back("its DaemonSet does not exist any more");
        return std::nullopt;
      }
      decision.reason =
          "their DaemonSet does not exist, so nothing re-creates them "
          "(`unevictable_ok` in [upgrade] lets them go)";
      return PodFate::refuse;
    case DaemonSetState::unknown:
      break;
  }
  decision.reason = "their DaemonSet cannot be read";
  return PodFate::refuse;
}

// Any controller of any kind passes, as in kubectl: custom ones cannot be known.
FilterAnswer controller_filter(const Pod& pod, const DrainPolicy& policy, PodDecision& decision) {
  if (pod.controller || pod.finished()) return std::nullopt;
  if (may_go(pod, policy)) {
    decision.warnings.emplace_back("has no controller and will not come back");
    return std::nullopt;
  }
  decision.reason = "no controller re-creates them (`unevictable_ok` in [upgrade] lets them go)";
  return PodFate::refuse;
}

// Last, because these are policy: a mirror pod or a daemon pod with our mark stays anyway.
FilterAnswer own_filter(const Pod& pod, const DrainPolicy& policy, PodDecision& decision) {
  if (pod.full_name() == policy.own_pod) {
    decision.reason = "this bot's own pod runs here and would evict itself";
    return PodFate::refuse;
  }
  if (pod.is_protected && !pod.finished()) {
    decision.reason = fmt::format("annotated {}", kProtected);
    return PodFate::refuse;
  }
  if (!pod.safe_to_evict)
    decision.warnings.push_back(fmt::format("annotated {}=false", kSafeToEvict));
  return std::nullopt;
}

}  // namespace

PodDecision decide(const Pod& pod, const DrainPolicy& policy, const DaemonSetLookup& lookup) {
  PodDecision decision;
  const auto settled = [&](FilterAnswer answer) {
    if (answer) decision.fate = *answer;
    return answer.has_value();
  };
  if (settled(daemon_filter(pod, policy, lookup, decision))) return decision;
  if (pod.mirror) {
    decision.fate = PodFate::leave;
    return decision;
  }
  if (pod.empty_dir && !pod.finished()) decision.warnings.emplace_back("deletes emptyDir data");
  if (settled(controller_filter(pod, policy, decision))) return decision;
  settled(own_filter(pod, policy, decision));
  return decision;
}

DrainScope scope_of(const std::vector<Pod>& pods, const DrainPolicy& policy,
                    const DaemonSetLookup& lookup) {
  DrainScope scope;
  std::map<std::string, std::vector<std::string>> refused;  // by reason
  for (const auto& pod : pods) {
    auto decision = decide(pod, policy, lookup);
    for (const auto& warning : decision.warnings)
      scope.warnings.push_back(fmt::format("{}: {}", pod.full_name(), warning));
    if (decision.fate == PodFate::evict) scope.evict.push_back(pod);
    if (decision.fate == PodFate::leave) ++scope.left;
    if (decision.fate == PodFate::refuse) refused[decision.reason].push_back(pod.full_name());
  }
  for (auto& [reason, names] : refused) {
    std::ranges::sort(names);
    const std::size_t more = names.size() - std::min(names.size(), kNamedMax);
    names.resize(names.size() - more);
    scope.refusals.push_back(fmt::format(
        "{}{}: {}", joined(names), more > 0 ? fmt::format(" and {} more", more) : "", reason));
  }
  return scope;
}

}  // namespace lockkeeper::kubernetes
