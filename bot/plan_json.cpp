// SPDX-License-Identifier: Apache-2.0
#include "bot/plan_json.h"

#include "bot/json_fields.h"

namespace lockkeeper {
namespace {

using json_fields::get;
using json_fields::get_version;
using json_fields::get_word;
using json_fields::Json;
using json_fields::Malformed;

std::optional<Role> parse_role(std::string_view text) {
  for (const auto role : {Role::control_plane_first, Role::control_plane, Role::worker}) {
    if (to_string(role) == text) return role;
  }
  return std::nullopt;
}

std::optional<UpgradeKind> parse_kind(std::string_view text) {
  if (text == "patch") return UpgradeKind::patch;
  if (text == "minor") return UpgradeKind::minor;
  return std::nullopt;
}

Json to_json(const PlannedNode& node) {
  return {{"name", node.name},
          {"uid", node.uid},
          {"address", node.address},
          {"role", to_string(node.role)},
          {"kubelet", to_string(node.kubelet)},
          {"containerd", node.containerd},
          {"finish_only", node.finish_only}};
}

Json to_json(const Step& step) {
  return {{"number", step.number},
          {"stage", to_string(step.stage)},
          {"action", to_string(step.action)},
          {"node", step.node},
          {"limit_ms", step.limit.count()}};
}

PlannedNode node_from(const Json& json) {
  PlannedNode node;
  node.name = get<std::string>(json, "name");
  node.uid = get<std::string>(json, "uid");
  node.address = get<std::string>(json, "address");
  node.role = get_word(json, "role", parse_role);
  node.kubelet = get_version(json, "kubelet");
  node.containerd = get<std::string>(json, "containerd");
  node.finish_only = get<bool>(json, "finish_only");
  return node;
}

Step step_from(const Json& json) {
  return {get<int>(json, "number"), get_word(json, "stage", parse_stage),
          get_word(json, "action", parse_action), get<std::string>(json, "node"),
          Millis(get<std::int64_t>(json, "limit_ms"))};
}

Plan plan_from(const Json& json) {
  Plan plan;
  plan.run = get<std::string>(json, "run");
  plan.cluster = get<std::string>(json, "cluster");
  plan.from = get_version(json, "from");
  plan.target = get_version(json, "target");
  plan.kind = get_word(json, "kind", parse_kind);
  plan.dry_run = get<bool>(json, "dry_run");
  plan.takes_over = get<std::string>(json, "takes_over");
  plan.containerd_target = get<std::string>(json, "containerd_target");
  if (json.contains("ignore_alerts")) {
    plan.ignore_alerts = get<std::vector<std::string>>(json, "ignore_alerts");
    plan.ignore_for = Millis(get<std::int64_t>(json, "ignore_for_ms"));
  }
  for (const auto& node : get<Json::array_t>(json, "nodes"))
    plan.nodes.push_back(node_from(node));
  for (const auto& step : get<Json::array_t>(json, "steps"))
    plan.steps.push_back(step_from(step));
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    if (plan.steps[i].number != static_cast<int>(i) + 1) throw Malformed("steps are out of order");
  }
  return plan;
}

}  // namespace

std::string encode_plan(const Plan& plan) {
  Json nodes = Json::array();
  for (const auto& node : plan.nodes)
    nodes.push_back(to_json(node));
  Json steps = Json::array();
  for (const auto& step : plan.steps)
    steps.push_back(to_json(step));
  Json json = {{"run", plan.run},
               {"cluster", plan.cluster},
               {"from", to_string(plan.from)},
               {"target", to_string(plan.target)},
               {"kind", to_string(plan.kind)},
               {"dry_run", plan.dry_run},
               {"takes_over", plan.takes_over},
               {"containerd_target", plan.containerd_target},
               {"nodes", std::move(nodes)},
               {"steps", std::move(steps)}};
  // Only where there are any, so that the digest of every other plan is what it always was.
  if (!plan.ignore_alerts.empty()) {
    json["ignore_alerts"] = plan.ignore_alerts;
    json["ignore_for_ms"] = plan.ignore_for.count();
  }
  // Invalid UTF-8 is replaced rather than thrown at, as in every record.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Plan> decode_plan(std::string_view text) {
  const auto json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return fail("the plan is not JSON");
  try {
    return plan_from(json);
  } catch (const Malformed& why) {
    return fail(std::string("the plan is malformed: ") + why.what());
  }
}

}  // namespace lockkeeper
