// SPDX-License-Identifier: Apache-2.0
#include "bot/preflight.h"

#include <fmt/format.h>

#include <algorithm>

#include "bot/compat.h"
#include "bot/size_text.h"

namespace lockkeeper {
namespace {

/// kubeadm copies etcd's data folder before it upgrades; the copy and the new images must both fit.
constexpr std::int64_t kEtcdCopies = 2;
/// The node's clock, the API server's and ours differ; a kubelet takes a moment to be Ready again.
constexpr Millis kEchoSlack = std::chrono::minutes(2);

class Findings {
 public:
  void block(std::string text) { all_.push_back({true, std::move(text)}); }
  void warn(std::string text) { all_.push_back({false, std::move(text)}); }
  std::vector<Finding> take() { return std::move(all_); }

 private:
  std::vector<Finding> all_;
};

/// Whether the change was the echo of our own work: during it, or while the kubelet came back.
bool own_echo(const PreflightFacts& facts, const std::string& node, Time changed) {
  const auto work = facts.own_work.find(node);
  return work != facts.own_work.end() && changed >= work->second.from - kEchoSlack &&
         changed <= work->second.to + kEchoSlack;
}

void check_quiet(const PreflightFacts& facts, const NodeFacts& node, Millis quiet, Time now,
                 Findings& findings) {
  const auto changed = parse_time(node.ready_changed);
  if (!changed) {
    findings.block(fmt::format("{}: when its Ready condition changed cannot be read: {}", node.name,
                               changed.error().what));
  } else if (now - *changed < quiet && !own_echo(facts, node.name, *changed)) {
    findings.block(fmt::format("{}: its Ready condition changed {} ago, quiet means {}", node.name,
                               to_string(std::max(now - *changed, Millis(0))), to_string(quiet)));
  }
}

void check_nodes(const PreflightFacts& facts, const Settings& settings, Time now,
                 Findings& findings) {
  for (const auto& node : facts.cluster.nodes) {
    if (node.ready != Condition::yes) findings.block(fmt::format("{}: not Ready", node.name));
    for (const auto& pressure : node.pressures) {
      findings.block(fmt::format("{}: {}", node.name, pressure));
    }
    if (settings.preflight.quiet.count() > 0) {
      check_quiet(facts, node, settings.preflight.quiet, now, findings);
    }
    if (node.unschedulable && node.cordoned_by.empty()) {
      findings.warn(fmt::format("{}: cordoned by somebody else, and will stay so", node.name));
    }
  }
  if (!facts.cluster.namespace_found) {
    findings.block(fmt::format("namespace {} does not exist; the run is recorded there",
                               settings.kubernetes.own_namespace));
  }
  if (!facts.missing_rights.empty()) {
    findings.block(fmt::format("the API server does not let this bot: {}",
                               joined(facts.missing_rights, ", ")));
  }
  if (!facts.cluster.kill.empty()) {
    findings.block(fmt::format("the kill switch is set: {}", clipped(facts.cluster.kill, 200)));
  }
}

void check_space(const PlannedNode& node, const NodeProbe& probe, const Settings& settings,
                 Findings& findings) {
  const std::int64_t floor = settings.preflight.free_bytes_min;
  const auto check = [&](const std::optional<std::int64_t>& free, std::string_view where) {
    if (!free) {
      findings.block(fmt::format("{}: free space on {} cannot be read", node.name, where));
    } else if (*free < floor) {
      findings.block(fmt::format("{}: {} free on {}, {} are needed", node.name, size_text(*free),
                                 where, size_text(floor)));
    }
  };
  if (node.role == Role::worker) return;
  check(probe.root_free_bytes, "the root file system");
  if (!settings.preflight.snapshot_target.empty()) {
    check(probe.snapshot_free_bytes, settings.preflight.snapshot_target);
  }
  if (probe.etcd_bytes && probe.root_free_bytes &&
      *probe.root_free_bytes < kEtcdCopies * *probe.etcd_bytes) {
    findings.block(fmt::format("{}: {} free, but kubeadm copies etcd's {} and needs twice that",
                               node.name, size_text(*probe.root_free_bytes),
                               size_text(*probe.etcd_bytes)));
  }
}

void check_packages(const PlannedNode& node, const NodeProbe& probe, const Plan& plan,
                    Findings& findings) {
  if (!probe.package_failure.empty()) {
    findings.block(fmt::format("{}: the package repository for {} fails: {}", node.name,
                               minor_name(plan.target), clipped(probe.package_failure, 300)));
  } else if (probe.package.empty()) {
    findings.block(fmt::format("{}: kubeadm {} is not in its package repository", node.name,
                               to_string(plan.target)));
  }
  if (!probe.dpkg_audit.empty()) {
    findings.block(fmt::format("{}: dpkg was interrupted, run `sudo dpkg --configure -a`: {}",
                               node.name, clipped(probe.dpkg_audit, 200)));
  }
}

/// What `kubeadm upgrade plan` offers must be exactly the target. Only the control plane that gets
/// `apply` is asked. One whose API server is on the target (`applied`, its run failed behind that)
/// is offered nothing any more.
void check_kubeadm_plan(const PlannedNode& node, const NodeProbe& probe, const Plan& plan,
                        bool applied, Findings& findings) {
  if (node.role != Role::control_plane_first) return;
  if (!probe.plan_failure.empty() || !probe.plan_offers) {
    findings.block(
        fmt::format("{}: kubeadm upgrade plan fails: {}", node.name,
                    probe.plan_failure.empty() ? "no answer" : clipped(probe.plan_failure, 300)));
  } else if (*probe.plan_offers != to_string(plan.target) &&
             !(applied && probe.plan_offers->empty())) {
    findings.block(fmt::format("{}: kubeadm upgrade plan offers {}, not {}", node.name,
                               probe.plan_offers->empty() ? "nothing" : *probe.plan_offers,
                               to_string(plan.target)));
  }
  for (const auto& flag : probe.dropped_flags) {
    findings.warn(fmt::format("{}: the upgrade drops the hand-set API server flag {}", node.name,
                              clipped(flag, 120)));
  }
}

void check_probes(const PreflightFacts& facts, const Plan& plan, const Settings& settings,
                  Findings& findings) {
  const bool applied = facts.cluster.api_server == plan.target;
  for (const auto& node : plan.nodes) {
    const auto at = facts.probes.find(node.name);
    if (at == facts.probes.end() || !at->second.reached) {
      findings.block(fmt::format("{}: SSH does not reach it: {}", node.name,
                                 at == facts.probes.end() ? "not tried" : at->second.failure));
      continue;
    }
    const NodeProbe& probe = at->second;
    if (!probe.sudo) {
      findings.block(fmt::format("{}: sudo does not work: {}", node.name, probe.failure));
      continue;
    }
    check_space(node, probe, settings, findings);
    check_packages(node, probe, plan, findings);
    check_kubeadm_plan(node, probe, plan, applied, findings);
  }
}

/// Only a minor jump is judged; not having looked is no answer.
void check_compat(const PreflightFacts& facts, const Plan& plan, const Settings& settings, Time now,
                  Findings& findings) {
  if (plan.kind != UpgradeKind::minor) return;
  if (!facts.compat)
    return findings.block("compatibility: nobody looked what stands in the way of " +
                          minor_name(plan.target));
  const Minor target{plan.target.major, plan.target.minor};
  const auto report = judge_compat(*facts.compat, facts.cluster, target, plan.containerd_target,
                                   settings.compat, now);
  for (const auto& row : report.rows) {
    auto text = fmt::format("compatibility: {} ({})", row_text(row), to_string(row.answer));
    if (row.answer >= CompatAnswer::waiting) {
      findings.block(std::move(text));
    } else if (row.answer == CompatAnswer::warn || !row.overridden.empty()) {
      findings.warn(std::move(text));
    }
  }
}

}  // namespace

std::vector<Finding> preflight_findings(const PreflightFacts& facts, const Plan& plan,
                                        const Settings& settings, const Verdict& gate, Time now) {
  Findings findings;
  check_nodes(facts, settings, now, findings);
  if (gate.answer != Answer::go) {
    for (const auto& reason : gate.reasons)
      findings.block("gate: " + reason);
  }
  check_probes(facts, plan, settings, findings);
  check_compat(facts, plan, settings, now, findings);
  for (const auto& budget : facts.budgets) {
    auto text = fmt::format("PodDisruptionBudget {} can never allow an eviction: {}", budget.name,
                            budget.why);
    if (settings.preflight.blocking_budget_blocks) {
      findings.block(std::move(text));
    } else {
      findings.warn(std::move(text));
    }
  }
  if (!facts.cronjob_failure.empty()) {
    findings.block(fmt::format("the snapshot cannot be taken: {}", facts.cronjob_failure));
  }
  return findings.take();
}

bool blocked(const std::vector<Finding>& findings) {
  return std::ranges::any_of(findings, &Finding::blocking);
}

}  // namespace lockkeeper
