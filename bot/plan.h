// SPDX-License-Identifier: Apache-2.0
#pragma once

// A run's plan: a frozen list of steps. It is data: the planner makes it, the journal keeps it, the
// runner walks it, nobody edits it. Values only.

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rules/text.h"
#include "rules/version.h"

namespace lockkeeper {

/// The fixed order of a run (requirement A2).
enum class Stage { preflight, snapshot, containerd, repo, master, workers, postflight };

/// Whether the target lies in the running minor or in the next one.
enum class UpgradeKind { patch, minor };

enum class Role { control_plane_first, control_plane, worker };

/// What one step does. The runner watches and decides; the world only touches.
enum class Action {
  check,        ///< runner: every preflight check, all findings together
  claim,        ///< world: annotate our namespace with this run, take the next fencing number
  prune,        ///< world: remove kubeadm's old scratch copies on a control plane
  snapshot,     ///< world: a one-shot Job from the backup CronJob, verified
  cordon,       ///< world: mark unschedulable with this run's annotation
  step_aside,   ///< world: evict our own pod, so that another node carries on
  drain,        ///< world: evict the node's pods within their budgets
  containerd,   ///< world: node script, brings containerd level with the workers
  repository,   ///< world: node script, points apt at the target minor
  upgrade,      ///< world: node script, kubeadm and kubelet
  await_ready,  ///< runner: the kubelet proven to run the target, the node Ready
  uncordon,     ///< world: schedulable again, unless a person had cordoned it
  soak,         ///< runner: continuous good health for a while
  hook,         ///< world: the operator's command on a node
  confirm,      ///< runner: the three proofs of success
  release,      ///< world: take this run's annotations off our namespace
};

struct Step {
  int number = 0;  // from 1, in the order of execution
  Stage stage = Stage::preflight;
  Action action = Action::check;
  std::string node;  // empty for steps of the whole cluster
  Millis limit{};    // every wait is bounded: the step fails when this has passed

  bool operator==(const Step&) const = default;
};

struct PlannedNode {
  std::string name;
  std::string uid;      // a node re-created under the same name is another node
  std::string address;  // InternalIP, where SSH goes
  Role role = Role::worker;
  Version kubelet;           // what it ran when the plan was made
  std::string containerd;    // "1.7.27", or empty when the runtime is another one
  bool finish_only = false;  // on the target, but an earlier run left it cordoned

  bool operator==(const PlannedNode&) const = default;
};

struct Plan {
  std::string run;      // unique for ever, for example "r-t9xk2a": job folders on nodes bear it
  std::string cluster;  // the configured name, for messages
  Version from;         // the oldest version in the cluster
  Version target;
  UpgradeKind kind = UpgradeKind::patch;
  bool dry_run = false;
  std::string takes_over;         // a closed run whose claim was never given back, or empty
  std::string containerd_target;  // the version that stage `containerd` brings, or empty
  std::vector<std::string> ignore_alerts{};  // set aside as far as they fire when the run is opened
  Millis ignore_for{};                       // and for how long; 0 when there are none
  std::vector<PlannedNode> nodes;            // in the order in which they are worked on
  std::vector<Step> steps;

  bool operator==(const Plan&) const = default;
  [[nodiscard]] const PlannedNode* node(std::string_view name) const;
};

/// Eight hexadecimal digits that stand for everything but the run's id: two plans with the same
/// digest do the same. A confirmation carries it, so nobody confirms what they have not seen.
std::string digest(const Plan& plan);

/// "step 12: drain worker-2 (5m)".
std::string to_string(const Step& step);

std::string_view to_string(Stage stage);
std::string_view to_string(Action action);
std::string_view to_string(UpgradeKind kind);
std::string_view to_string(Role role);
std::optional<Stage> parse_stage(std::string_view text);
std::optional<Action> parse_action(std::string_view text);
const std::vector<Stage>& all_stages();

/// Whether the step changes the cluster or a node; a dry run prints it instead.
bool is_mutating(Action action);

/// Whether the world acts it out; otherwise the runner itself watches and decides.
bool is_world_action(Action action);

/// Whether it is a node script: long, detached on its host, followed over SSH.
bool is_remote_job(Action action);

}  // namespace lockkeeper
