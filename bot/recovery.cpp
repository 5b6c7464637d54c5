// SPDX-License-Identifier: Apache-2.0
#include "bot/recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace lockkeeper {
namespace {

const StepRecord& record_of(const Progress& progress, const Step& step) {
  return progress.steps[static_cast<std::size_t>(step.number - 1)];
}

bool done(const StepRecord& record) {
  return record.outcome && record.outcome->result == StepResult::done;
}

/// Whether the step may have touched its node: a script that was skipped behind its Intent had not
/// begun.
bool touched(const StepRecord& record) {
  return record.begun && !(record.outcome && record.outcome->result == StepResult::skipped);
}

/// The node whose script was begun and whose health was not proven, if there is one.
const PlannedNode* half_done_node(const Progress& progress) {
  const PlannedNode* found = nullptr;
  for (const auto& step : progress.plan->steps) {
    const bool work = step.action == Action::upgrade || step.action == Action::containerd;
    if (work && touched(record_of(progress, step))) found = progress.plan->node(step.node);
    if (step.action == Action::await_ready && done(record_of(progress, step))) found = nullptr;
  }
  return found;
}

void add_package_lines(const Progress& progress, const PlannedNode& node,
                       std::vector<std::string>& lines) {
  std::string packages;
  for (const auto* name : {"kubeadm", "kubelet", "kubectl"}) {
    const auto previous = progress.note(node.name, fmt::format("previous_{}", name));
    if (!previous.empty()) packages += fmt::format(" {}={}", name, previous);
  }
  if (packages.empty()) return;
  lines.push_back(fmt::format("{}: previous packages:{}", node.name, packages));
  if (node.role != Role::worker) return;
  lines.push_back(
      fmt::format("to put its packages back: ssh {} 'sudo apt-get install -y --allow-downgrades "
                  "--allow-change-held-packages{} && sudo systemctl restart kubelet'",
                  node.address, packages));
}

}  // namespace

std::vector<std::string> still_cordoned(const Progress& progress) {
  std::set<std::string> nodes;
  for (const auto& step : progress.plan->steps) {
    const auto& record = record_of(progress, step);
    const bool by_person = progress.note(step.node, "cordoned_by_person") == "true";
    if (step.action == Action::cordon && record.begun && !by_person) nodes.insert(step.node);
    if (step.action == Action::uncordon && done(record)) nodes.erase(step.node);
  }
  return {nodes.begin(), nodes.end()};
}

std::vector<std::string> recovery_lines(const Progress& progress) {
  std::vector<std::string> lines;
  const auto snapshot = progress.note("", "snapshot");
  if (!snapshot.empty()) lines.push_back(fmt::format("etcd snapshot of this run: {}", snapshot));
  if (const PlannedNode* node = half_done_node(progress)) {
    lines.push_back(
        fmt::format("look at it: ssh {} sudo journalctl -u kubelet -n 100", node->address));
    lines.push_back(
        // Only root may see into that folder, so the star must be root's.
        fmt::format("its script's log: ssh {} \"sudo sh -c 'tail -n 100 "
                    "/var/lib/lockkeeper/jobs/{}-*/log'\"",
                    node->address, progress.run));
    add_package_lines(progress, *node, lines);
    if (node->role != Role::worker && !snapshot.empty()) {
      lines.push_back(
          fmt::format("last resort, on the control plane, API server and etcd stopped: etcdutl "
                      "snapshot restore "
                      "{} --data-dir /var/lib/etcd-restored, then point the etcd manifest at it",
                      snapshot));
    }
  }
  for (const auto& node : still_cordoned(progress)) {
    lines.push_back(
        fmt::format("{} stays cordoned; once it is healthy: kubectl uncordon {}", node, node));
  }
  lines.push_back(fmt::format("to carry on with what is left: /upgrade start {}",
                              to_string(progress.plan->target)));
  return lines;
}

}  // namespace lockkeeper
