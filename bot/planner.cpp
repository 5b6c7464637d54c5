// SPDX-License-Identifier: Apache-2.0
#include "bot/planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "bot/skew.h"
#include "bot/worker_order.h"

namespace lockkeeper {
namespace {

// Short API calls of the cluster-wide steps; a longer outage is the cluster's, not the step's.
constexpr Millis kAnnotateLimit = std::chrono::minutes(2);
constexpr Millis kPruneLimit = std::chrono::minutes(5);

/// Builds the steps one after the other, numbering them.
class Steps {
 public:
  explicit Steps(Plan& plan) : plan_(plan) {}

  void add(Stage stage, Action action, const std::string& node, Millis limit) {
    plan_.steps.push_back({static_cast<int>(plan_.steps.size()) + 1, stage, action, node, limit});
  }

 private:
  Plan& plan_;
};

PlannedNode planned(const NodeFacts& node, Role role, bool finish_only) {
  return {node.name,  node.uid, node.address, role, *node.kubelet, containerd_version(node.runtime),
          finish_only};
}

/// On the target, but still cordoned by an earlier run of ours, which failed or was lost: only the
/// end of its work is left.
bool left_behind(const NodeFacts& node, const Version& target) {
  return node.kubelet == target && node.unschedulable && !node.cordoned_by.empty();
}

/// The control planes that still need work, in order, with their roles. `kubeadm upgrade apply`
/// runs once in a cluster: where another control plane is on the target, it has been done.
std::vector<PlannedNode> control_planes(const ClusterFacts& facts, const Version& target) {
  std::vector<NodeFacts> all;
  std::ranges::copy_if(facts.nodes, std::back_inserter(all), &NodeFacts::control_plane);
  std::ranges::sort(all, {}, &NodeFacts::name);
  const auto there = [&](const NodeFacts& node) { return node.kubelet == target; };
  // Kubelets on the target under an older API server: somebody upgraded packages by hand.
  const bool only_kubelets = std::ranges::all_of(all, there) && *facts.api_server != target;
  bool applied = std::ranges::any_of(all, there) && !only_kubelets;
  std::vector<PlannedNode> result;
  for (const auto& node : all) {
    const bool finish_only = !only_kubelets && left_behind(node, target);
    if (there(node) && !only_kubelets && !finish_only) continue;
    const Role role = applied ? Role::control_plane : Role::control_plane_first;
    result.push_back(planned(node, role, finish_only));
    applied = true;
  }
  return result;
}

std::vector<PlannedNode> workers(const ClusterFacts& facts, const Version& target,
                                 const UpgradeSettings& settings) {
  std::vector<PlannedNode> result;
  for (const auto& node : in_worker_order(facts.nodes, settings)) {
    const bool finish_only = left_behind(node, target);
    if (node.kubelet == target && !finish_only) continue;
    result.push_back(planned(node, Role::worker, finish_only));
  }
  return result;
}

void add_node_block(Steps& steps, Stage stage, Action work, const PlannedNode& node,
                    const Settings& settings) {
  const auto& upgrade = settings.upgrade;
  const Millis api = settings.kubernetes.outage_limit;
  steps.add(stage, Action::cordon, node.name, api);
  if (!node.finish_only) {
    // On every node: the bot may have moved onto this one when an earlier one was drained.
    if (!settings.kubernetes.own_pod.empty()) {
      steps.add(stage, Action::step_aside, node.name, upgrade.drain_timeout);
    }
    steps.add(stage, Action::drain, node.name, upgrade.drain_timeout);
    steps.add(stage, work, node.name, upgrade.script_timeout);
  }
  steps.add(stage, Action::await_ready, node.name, upgrade.ready_timeout);
  steps.add(stage, Action::uncordon, node.name, api);
  const bool control_plane = node.role != Role::worker;
  const bool hooked =
      !upgrade.after_node.empty() || (control_plane && !upgrade.after_control_plane.empty());
  if (work == Action::upgrade && hooked) {
    steps.add(stage, Action::hook, node.name, upgrade.hook_timeout);
  }
  steps.add(stage, Action::soak, node.name, upgrade.soak_limit);
}

bool older_containerd(const PlannedNode& node, const std::string& goal) {
  const auto have = parse_version(node.containerd);
  const auto want = parse_version(goal);
  return have && want && *have < *want;
}

void add_steps(Plan& plan, const UpgradeRequest& request, const Settings& settings) {
  Steps steps(plan);
  const bool changes = std::ranges::any_of(request.stages, [](Stage stage) {
    return stage != Stage::preflight && stage != Stage::postflight;
  });
  const auto is_master = [](const PlannedNode& node) { return node.role != Role::worker; };
  if (request.has(Stage::preflight)) {
    steps.add(Stage::preflight, Action::check, "", settings.preflight.limit);
  }
  if (changes) steps.add(Stage::preflight, Action::claim, "", kAnnotateLimit);
  if (request.has(Stage::master)) {
    for (const auto& node : plan.nodes | std::views::filter(is_master)) {
      steps.add(Stage::preflight, Action::prune, node.name, kPruneLimit);
    }
  }
  if (request.has(Stage::snapshot)) {
    steps.add(Stage::snapshot, Action::snapshot, "", settings.snapshot.timeout);
  }
  if (!plan.containerd_target.empty()) {
    for (const auto& node : plan.nodes | std::views::filter(is_master)) {
      if (node.finish_only || !older_containerd(node, plan.containerd_target)) continue;
      add_node_block(steps, Stage::containerd, Action::containerd, node, settings);
    }
  }
  if (request.has(Stage::repo) && plan.kind == UpgradeKind::minor) {
    for (const auto& node : plan.nodes) {
      if (node.finish_only) continue;
      steps.add(Stage::repo, Action::repository, node.name, settings.upgrade.script_timeout);
    }
  }
  for (const auto& node : plan.nodes) {
    const Stage stage = is_master(node) ? Stage::master : Stage::workers;
    if (request.has(stage)) add_node_block(steps, stage, Action::upgrade, node, settings);
  }
  if (request.has(Stage::postflight)) {
    steps.add(Stage::postflight, Action::confirm, "", settings.postflight.limit);
  }
  if (changes) steps.add(Stage::postflight, Action::release, "", kAnnotateLimit);
}

}  // namespace

std::expected<Plan, Refusal> make_plan(const ClusterFacts& facts, const UpgradeRequest& request,
                                       const Settings& settings, const std::string& run) {
  auto refusal = skew_refusal(facts, request);
  for (auto& reason : order_refusals(facts.nodes, settings)) {
    refusal.reasons.push_back(std::move(reason));
  }
  if (!refusal.reasons.empty()) return std::unexpected(std::move(refusal));

  Plan plan;
  plan.run = run;
  plan.cluster = settings.cluster.name;
  plan.from = oldest_version(facts);
  plan.target = request.target;
  plan.kind = derived_kind(facts, request.target);
  plan.dry_run = request.dry_run;
  plan.takes_over = facts.run;
  plan.ignore_alerts = request.ignore_alerts;
  if (!plan.ignore_alerts.empty()) plan.ignore_for = request.ignore_for;
  if (request.has(Stage::containerd)) plan.containerd_target = containerd_goal(facts);
  plan.nodes = control_planes(facts, request.target);
  for (auto& worker : workers(facts, request.target, settings.upgrade)) {
    plan.nodes.push_back(std::move(worker));
  }
  add_steps(plan, request, settings);
  return plan;
}

std::string containerd_goal(const ClusterFacts& facts) {
  std::optional<Version> control_plane;
  std::optional<Version> goal;
  const auto version_of = [](const NodeFacts& node) {
    return parse_version(containerd_version(node.runtime));
  };
  for (const auto& node : facts.nodes) {
    const auto version = version_of(node);
    if (!node.control_plane || !version) continue;
    if (!control_plane || *version < *control_plane) control_plane = *version;
  }
  for (const auto& node : facts.nodes) {
    const auto version = version_of(node);
    if (node.control_plane || !version || !control_plane || *version <= *control_plane) continue;
    if (!goal || *version < *goal) goal = *version;
  }
  return goal ? to_string(*goal) : std::string();
}

std::string make_run_id(Time now) {
  constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuvwxyz";
  auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  std::string text;
  for (; seconds > 0; seconds /= 36)
    text += digits[static_cast<std::size_t>(seconds % 36)];
  std::ranges::reverse(text);
  return "r-" + text;
}

std::string containerd_version(const std::string& runtime) {
  constexpr std::string_view scheme = "containerd://";
  return runtime.starts_with(scheme) ? runtime.substr(scheme.size()) : std::string();
}

}  // namespace lockkeeper
