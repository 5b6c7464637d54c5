// SPDX-License-Identifier: Apache-2.0
#include "integrations/node/node_scripts.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "integrations/node/script_files.h"
#include "integrations/ssh/shell.h"

namespace lockkeeper::node {
namespace {

using Words = std::vector<std::string>;

constexpr std::string_view kManagedPackages = "kubeadm kubelet kubectl cri-tools kubernetes-cni";

std::string_view role_word(Role role) {
  switch (role) {
    case Role::control_plane_first:
      return "master-first";
    case Role::control_plane:
      return "master";
    case Role::worker:
      return "worker";
  }
  return "worker";
}

/// The scripts count in whole seconds. The runner watches on after them.
std::string steady_seconds(const UpgradeSettings& settings) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(settings.service_steady).count());
}

/// "--": what follows belongs to kubeadm.
Words with_kubeadm_flags(Words words, const UpgradeSettings& settings) {
  words.emplace_back("--");
  for (const auto flag : split(settings.kubeadm_flags, ' ')) {
    if (!flag.empty()) words.emplace_back(flag);
  }
  return words;
}

Words upgrade_words(const PlannedNode& node, const Plan& plan, const UpgradeSettings& settings) {
  return with_kubeadm_flags({"--role", std::string(role_word(node.role)), "--release",
                             to_string(plan.target), "--steady", steady_seconds(settings)},
                            settings);
}

std::string call(const Words& words) {
  return "main " + ssh::shell_words(words) + "\n";
}

std::string program(std::string_view script, const std::string& calls) {
  return std::string(common_sh) + std::string(sources_sh) + std::string(script) + calls;
}

/// The commands that run on a node after its upgrade, in this order.
Words hooks_of(const PlannedNode& node, const UpgradeSettings& settings) {
  Words hooks;
  if (node.role != Role::worker && !settings.after_control_plane.empty())
    hooks.push_back(settings.after_control_plane);
  if (!settings.after_node.empty()) hooks.push_back(settings.after_node);
  return hooks;
}

std::string hook_calls(const PlannedNode& node, const Plan& plan, const UpgradeSettings& settings) {
  std::string calls;
  for (const auto& hook : hooks_of(node, settings)) {
    calls += call({"--node", node.name, "--role", node.role == Role::worker ? "worker" : "master",
                   "--release", to_string(plan.target), hook});
  }
  return calls;
}

Words prune_words(const PreflightSettings& settings) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(settings.scratch_age);
  return {"--older-than", std::to_string(minutes.count()), "--keep",
          std::to_string(settings.scratch_kept)};
}

Result<const PlannedNode*> node_of(const StepContext& context) {
  const PlannedNode* node = context.plan.node(context.step.node);
  if (node == nullptr)
    return fail(fmt::format("the plan does not know node '{}'", context.step.node));
  return node;
}

std::string kubeadm_line(const PlannedNode& node, const Plan& plan,
                         const UpgradeSettings& settings) {
  const Words flags = with_kubeadm_flags({}, settings);
  const std::string shown = ssh::shell_words(std::span(flags).subspan(1));
  const std::string command = node.role == Role::control_plane_first
                                  ? fmt::format("apply v{} --yes", to_string(plan.target))
                                  : std::string("node");
  return fmt::format("kubeadm upgrade {}{}{}", command, shown.empty() ? "" : " ", shown);
}

Words upgrade_lines(const PlannedNode& node, const Plan& plan, const UpgradeSettings& settings) {
  const std::string release = to_string(plan.target);
  return {fmt::format("apt-mark unhold, and hold again at the end, what is held of {}",
                      kManagedPackages),
          fmt::format("apt-get install --no-remove kubeadm={}-*", release),
          kubeadm_line(node, plan, settings),
          fmt::format("apt-get install --no-remove kubelet={0}-* kubectl={0}-*", release),
          "systemctl daemon-reload && systemctl restart kubelet"};
}

Words lines_of(Action action, const PlannedNode& node, const Plan& plan, const Settings& settings) {
  switch (action) {
    case Action::upgrade:
      return upgrade_lines(node, plan, settings.upgrade);
    case Action::containerd:
      return {fmt::format("apt-get install --no-remove containerd.io={}-*, held again if it was",
                          plan.containerd_target),
              "systemctl restart containerd"};
    case Action::repository:
      return {fmt::format("point apt's source of Kubernetes to v{} (the old file is kept in "
                          "/var/lib/lockkeeper/backup)",
                          minor_name(plan.target)),
              "apt-get update, that source only"};
    case Action::prune:
      return {
          fmt::format("rm -rf kubeadm-backup-etcd-*, kubeadm-backup-manifests-* and "
                      "kubeadm-kubelet-config* in /etc/kubernetes/tmp older than {}, the "
                      "newest {} of each kept",
                      to_string(settings.preflight.scratch_age), settings.preflight.scratch_kept)};
    case Action::hook:
      return hooks_of(node, settings.upgrade);
    default:
      return {};
  }
}

bool is_soft_hook(const StepContext& context, const Settings& settings) {
  return context.step.action == Action::hook && !settings.upgrade.hook_failure_stops;
}

/// What a person needs to know about a node script that did not end well.
std::string advice(const StepContext& context, const Notes& notes, const std::string& job) {
  std::string text =
      fmt::format("; the whole log is there in /var/lib/lockkeeper/jobs/{}/log", job);
  const auto holds = notes.find("holds");
  if (holds != notes.end() && !holds->second.empty())
    text += fmt::format("; held before: {} (`apt-mark showhold` should list them)", holds->second);
  if (context.step.action == Action::upgrade)
    text += "; a new start goes on from here, finished parts are not repeated";
  return text;
}

}  // namespace

Result<NodeScript> script_for(const StepContext& context, const Settings& settings) {
  const auto found = node_of(context);
  if (!found) return std::unexpected(found.error());
  const PlannedNode& node = **found;
  const Plan& plan = context.plan;
  const std::string put_back = std::string(common_sh) + "put_things_back\n";
  switch (context.step.action) {
    case Action::upgrade:
      return NodeScript{program(upgrade_sh, call(upgrade_words(node, plan, settings.upgrade))),
                        put_back};
    case Action::containerd:
      return NodeScript{
          program(containerd_sh, call({"--version", plan.containerd_target, "--steady",
                                       steady_seconds(settings.upgrade)})),
          put_back};
    case Action::repository:
      return NodeScript{program(repository_sh, call({"--minor", minor_name(plan.target)})), {}};
    case Action::prune:
      return NodeScript{program(prune_sh, call(prune_words(settings.preflight))), {}};
    case Action::hook: {
      const std::string calls = hook_calls(node, plan, settings.upgrade);
      if (calls.empty()) return fail(node.name + ": no hook is configured for it");
      return NodeScript{program(hook_sh, calls), {}};
    }
    default:
      return fail(fmt::format("{} is no node script", to_string(context.step)));
  }
}

Result<std::vector<std::string>> would_lines(const StepContext& context, const Settings& settings) {
  const auto node = node_of(context);
  if (!node) return std::unexpected(node.error());
  Words lines = lines_of(context.step.action, **node, context.plan, settings);
  for (auto& line : lines)
    line = fmt::format("on {}: {}", (*node)->name, line);
  return lines;
}

std::string probe_program(const PlannedNode& node, const Plan& plan, const Settings& settings) {
  Words words = {"--role", std::string(role_word(node.role)), "--release", to_string(plan.target)};
  if (node.role != Role::worker && !settings.preflight.snapshot_target.empty()) {
    words.insert(words.end(), {"--snapshot-target", settings.preflight.snapshot_target});
  }
  return program(probe_sh, call(with_kubeadm_flags(std::move(words), settings.upgrade)));
}

Outcome with_advice(Outcome outcome, const StepContext& context, const Settings& settings,
                    const std::string& job) {
  if (outcome.result != StepResult::failed) return outcome;
  outcome.detail += advice(context, outcome.notes, job);
  if (is_soft_hook(context, settings)) {
    outcome.result = StepResult::done;
    outcome.detail = "the hook failed, going on as on_hook_failure = warn says: " + outcome.detail;
    outcome.notes["hook_failed"] = "true";
  }
  return outcome;
}

Observation with_advice(Observation observation, const StepContext& context,
                        const Settings& settings, const std::string& job) {
  if (observation.state != Observed::failed && observation.state != Observed::unknown)
    return observation;
  const bool failed = observation.state == Observed::failed;
  const bool traced = failed || !observation.notes.empty();
  if (traced) observation.detail += advice(context, observation.notes, job);
  if (failed && is_soft_hook(context, settings)) {
    observation.state = Observed::done;
    observation.detail =
        "the hook failed, going on as on_hook_failure = warn says: " + observation.detail;
    observation.notes["hook_failed"] = "true";
  }
  return observation;
}

}  // namespace lockkeeper::node
