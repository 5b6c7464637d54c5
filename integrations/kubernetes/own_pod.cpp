// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/own_pod.h"

#include <fmt/format.h>

#include <algorithm>

#include "integrations/kubernetes/eviction.h"
#include "integrations/kubernetes/objects.h"

namespace lockkeeper::kubernetes {
namespace {

constexpr Millis kAskAgain{5'000};

Outcome ended(StepResult result, std::string detail) {
  return {0, result, std::move(detail), {}};
}

std::string path_of(const StepAsideOrder& order) {
  Pod pod;
  const auto slash = order.own_pod.find('/');
  pod.space = order.own_pod.substr(0, slash);
  pod.name = slash == std::string::npos ? "" : order.own_pod.substr(slash + 1);
  return pod_path(pod);
}

/// Why there is nothing to do or nothing that can be done; nothing when the pod may be evicted, or
/// has been.
std::optional<Outcome> settled(const StepAsideOrder& order, const ApiResult<Json>& json) {
  if (!json && json.error().trouble == Trouble::not_found)
    return ended(StepResult::done, fmt::format("pod {} is gone", order.own_pod));
  if (!json) return ended(StepResult::failed, json.error().what);
  const Pod pod = pod_of(*json);
  if (pod.node != order.node)
    return ended(StepResult::done, fmt::format("pod {} is not on {}", order.own_pod, order.node));
  if (!pod.leaving() && !pod.controller)
    return ended(
        StepResult::failed,
        fmt::format("pod {} has no controller: nobody would start it elsewhere", order.own_pod));
  return std::nullopt;
}

Outcome held(const StepAsideOrder& order, const std::string& why) {
  return ended(StepResult::failed,
               fmt::format("pod {} cannot be moved off {}: {}", order.own_pod, order.node, why));
}

}  // namespace

// With one request at a time: our own end may come between any two lines. It is waited for here,
// because the drain that follows would find our own pod in its way.
Outcome step_aside(Client& client, const StepAsideOrder& order, Watch& watch) {
  if (order.own_pod.empty()) return ended(StepResult::done, "not running in a pod");
  const Moment until = client.clock().moment() + order.limit;
  std::string holds = "it was asked to move and has not gone";
  while (true) {
    const auto json = client.get(path_of(order), {until - client.clock().moment(), &watch});
    if (auto outcome = settled(order, json)) return *outcome;
    const Pod pod = pod_of(*json);
    Millis pause = kAskAgain;
    if (!pod.leaving()) {
      const auto request = eviction_request(pod, client.timeout());
      const auto verdict = judge_eviction(client.judge(request, client.transport().call(request)));
      const bool moving =
          verdict.answer == EvictionAnswer::accepted || verdict.answer == EvictionAnswer::gone;
      if (!moving) holds = verdict.why;
      if (verdict.answer == EvictionAnswer::impossible) return held(order, holds);
      pause = std::max(pause, verdict.retry_after);
    }
    if (client.clock().moment() >= until) return held(order, holds);
    if (!client.rest(pause, &watch))
      return ended(StepResult::interrupted, fmt::format("pod {} stays for now", order.own_pod));
  }
}

Observation observe_step_aside(Client& client, const StepAsideOrder& order,
                               const Patience& patience) {
  if (order.own_pod.empty()) return {Observed::done, "not running in a pod", {}};
  const auto json = client.get(path_of(order), patience);
  if (!json && json.error().trouble != Trouble::not_found)
    return {Observed::unknown, json.error().what, {}};
  const bool here = json && text_at(*json, {"spec", "nodeName"}) == order.node;
  return {here ? Observed::not_started : Observed::done,
          fmt::format("pod {} is {}on {}", order.own_pod, here ? "" : "not ", order.node),
          {}};
}

std::vector<std::string> would_step_aside(const StepAsideOrder& order) {
  if (order.own_pod.empty()) return {};
  return {fmt::format("POST {}/eviction (our own pod)", path_of(order))};
}

}  // namespace lockkeeper::kubernetes
