// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/cordon.h"

#include <fmt/format.h>

#include "integrations/kubernetes/names.h"
#include "integrations/kubernetes/objects.h"
#include "integrations/kubernetes/update.h"

namespace lockkeeper::kubernetes {
namespace {

std::string path_of(const CordonOrder& order) {
  return "/api/v1/nodes/" + encoded(order.node);
}

Outcome outcome(StepResult result, std::string detail, Notes notes = {}) {
  return {0, result, std::move(detail), std::move(notes)};
}

Outcome by_person(const CordonOrder& order) {
  return outcome(StepResult::done,
                 fmt::format("{}: a person had cordoned it; it will stay cordoned", order.node),
                 {{"cordoned_by_person", "true"}});
}

/// What stands in the way of touching this node at all.
std::string stranger(const CordonOrder& order, const NodeFacts& node) {
  if (order.uid.empty() || node.uid == order.uid) return {};
  return fmt::format("{}: it was re-created since the plan was made", order.node);
}

Json patch(const Json& unschedulable, const Json& run) {
  return {{"metadata", {{"annotations", {{kCordonedBy, run}}}}},
          {"spec", {{"unschedulable", unschedulable}}}};
}

// Who cordons twice says nothing with it, so a cordon without our mark is a person's, and one with
// another run's mark is what that run left behind.
Decision decide_cordon(const CordonOrder& order, const Json& json) {
  const auto node = node_of(json);
  if (auto why = stranger(order, node); !why.empty()) return {outcome(StepResult::failed, why), {}};
  if (node.unschedulable && node.cordoned_by.empty()) return {by_person(order), {}};
  if (node.unschedulable && node.cordoned_by == order.run)
    return {outcome(StepResult::done, fmt::format("{}: cordoned", order.node)), {}};
  return {std::nullopt, patch(true, order.run)};
}

// Our mark is the permission. Without it the node is not ours to open, whatever the journal says.
Decision decide_uncordon(const CordonOrder& order, const Json& json) {
  const auto node = node_of(json);
  if (auto why = stranger(order, node); !why.empty()) return {outcome(StepResult::failed, why), {}};
  if (!node.unschedulable && node.cordoned_by != order.run)
    return {outcome(StepResult::done, fmt::format("{}: schedulable", order.node)), {}};
  if (node.cordoned_by != order.run)
    return {outcome(StepResult::skipped,
                    fmt::format("{}: stays cordoned, {} had cordoned it", order.node,
                                node.cordoned_by.empty() ? "a person" : "run " + node.cordoned_by)),
            {}};
  return {std::nullopt, patch(nullptr, nullptr)};
}

}  // namespace

Outcome cordon(Client& client, const CordonOrder& order, const Patience& patience) {
  return update(client, {order.node, path_of(order)}, patience,
                [&](const Json& json) { return decide_cordon(order, json); });
}

Outcome uncordon(Client& client, const CordonOrder& order, const Patience& patience) {
  return update(client, {order.node, path_of(order)}, patience,
                [&](const Json& json) { return decide_uncordon(order, json); });
}

Observation observe_cordon(Client& client, const CordonOrder& order, const Patience& patience) {
  const auto json = client.get(path_of(order), patience);
  if (!json) return {Observed::unknown, order.node + ": " + json.error().what, {}};
  const auto decision = decide_cordon(order, *json);
  if (!decision.outcome) return {Observed::not_started, order.node + ": not cordoned by us", {}};
  const bool failed = decision.outcome->result == StepResult::failed;
  return {failed ? Observed::unknown : Observed::done, decision.outcome->detail,
          decision.outcome->notes};
}

Observation observe_uncordon(Client& client, const CordonOrder& order, const Patience& patience) {
  const auto json = client.get(path_of(order), patience);
  if (!json) return {Observed::unknown, order.node + ": " + json.error().what, {}};
  const auto decision = decide_uncordon(order, *json);
  if (!decision.outcome) return {Observed::not_started, order.node + ": still cordoned by us", {}};
  const bool failed = decision.outcome->result == StepResult::failed;
  return {failed ? Observed::unknown : Observed::done, decision.outcome->detail, {}};
}

std::vector<std::string> would_cordon(const CordonOrder& order) {
  return {fmt::format("PATCH {} spec.unschedulable=true {}={}", path_of(order), kCordonedBy,
                      order.run)};
}

std::vector<std::string> would_uncordon(const CordonOrder& order) {
  return {fmt::format("PATCH {} spec.unschedulable=null {}=null (only while it says {})",
                      path_of(order), kCordonedBy, order.run)};
}

}  // namespace lockkeeper::kubernetes
