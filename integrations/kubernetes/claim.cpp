// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/claim.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "integrations/kubernetes/names.h"
#include "integrations/kubernetes/objects.h"
#include "integrations/kubernetes/update.h"

namespace lockkeeper::kubernetes {
namespace {

UpdateTarget target_of(const std::string& own_namespace) {
  return {"namespace " + own_namespace, "/api/v1/namespaces/" + encoded(own_namespace)};
}

Outcome outcome(StepResult result, std::string detail, Notes notes = {}) {
  return {0, result, std::move(detail), std::move(notes)};
}

Json annotations(Json values) {
  return {{"metadata", {{"annotations", std::move(values)}}}};
}

std::int64_t fence_of(const Json& json) {
  const auto text = annotation_of(json, kFence);
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Outcome claimed_by_other(const std::string& own_namespace, const Json& json) {
  return outcome(
      StepResult::failed,
      fmt::format("namespace {}: run {} (to {}, since {}) claims the cluster; if it is over, "
                  "`/upgrade clear` takes its claim away",
                  own_namespace, annotation_of(json, kRun), annotation_of(json, kTarget),
                  annotation_of(json, kStarted)));
}

/// The new number is above the old one, and above every number of a namespace that was re-created.
Decision decide_claim(const std::string& own_namespace, const Plan& plan, Time now,
                      const Json& json) {
  const auto run = annotation_of(json, kRun);
  if (run == plan.run)
    return {outcome(StepResult::done, fmt::format("claimed for run {}", plan.run),
                    {{"fence", std::to_string(fence_of(json))}}),
            {}};
  if (!run.empty() && run != plan.takes_over) return {claimed_by_other(own_namespace, json), {}};
  const auto unix_seconds =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  const auto fence = std::max<std::int64_t>(fence_of(json) + 1, unix_seconds);
  return {std::nullopt, annotations({{kRun, plan.run},
                                     {kTarget, to_string(plan.target)},
                                     {kInFlight, "true"},
                                     {kStarted, to_string(now)},
                                     {kFence, std::to_string(fence)}})};
}

Decision decide_release(const std::string& run, const Json& json) {
  const auto claimant = annotation_of(json, kRun);
  if (claimant.empty()) return {outcome(StepResult::done, "the cluster is free again"), {}};
  if (claimant != run)
    return {outcome(StepResult::skipped, fmt::format("run {} claims the cluster now", claimant)),
            {}};
  return {std::nullopt,
          annotations(
              {{kRun, nullptr}, {kTarget, nullptr}, {kInFlight, nullptr}, {kStarted, nullptr}})};
}

Observation observed(const Decision& decision, const std::string& not_yet) {
  if (!decision.outcome) return {Observed::not_started, not_yet, {}};
  const bool failed = decision.outcome->result == StepResult::failed;
  return {failed ? Observed::not_started : Observed::done, decision.outcome->detail,
          decision.outcome->notes};
}

}  // namespace

Outcome claim(Client& client, const std::string& own_namespace, const Plan& plan,
              const Patience& patience) {
  const Time now = client.clock().now();
  return update(client, target_of(own_namespace), patience,
                [&](const Json& json) { return decide_claim(own_namespace, plan, now, json); });
}

Outcome release(Client& client, const std::string& own_namespace, const std::string& run,
                const Patience& patience) {
  return update(client, target_of(own_namespace), patience,
                [&](const Json& json) { return decide_release(run, json); });
}

Observation observe_claim(Client& client, const std::string& own_namespace, const Plan& plan,
                          const Patience& patience) {
  const auto target = target_of(own_namespace);
  const auto json = client.get(target.path, patience);
  if (!json) return {Observed::unknown, target.name + ": " + json.error().what, {}};
  return observed(decide_claim(own_namespace, plan, client.clock().now(), *json),
                  "the cluster is not claimed");
}

Observation observe_release(Client& client, const std::string& own_namespace,
                            const std::string& run, const Patience& patience) {
  const auto target = target_of(own_namespace);
  const auto json = client.get(target.path, patience);
  if (!json) return {Observed::unknown, target.name + ": " + json.error().what, {}};
  return observed(decide_release(run, *json), fmt::format("run {} still claims the cluster", run));
}

Outcome annotate_snapshot(Client& client, const std::string& own_namespace, const std::string& path,
                          const Patience& patience) {
  return update(client, target_of(own_namespace), patience, [&](const Json& json) -> Decision {
    if (annotation_of(json, kSnapshot) == path)
      return {outcome(StepResult::done, "the snapshot's path is annotated"), {}};
    return {std::nullopt, annotations({{kSnapshot, path}})};
  });
}

std::vector<std::string> would_claim(const std::string& own_namespace, const Plan& plan) {
  return {fmt::format("PATCH {} {}={} {}={}", target_of(own_namespace).path, kRun, plan.run,
                      kTarget, to_string(plan.target))};
}

std::vector<std::string> would_release(const std::string& own_namespace) {
  return {fmt::format("PATCH {} {}=null {}=null", target_of(own_namespace).path, kRun, kInFlight)};
}

}  // namespace lockkeeper::kubernetes
