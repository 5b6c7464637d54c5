// SPDX-License-Identifier: Apache-2.0
#include "bot/preflight.h"

#include <doctest/doctest.h>

#include "tests/unit/bot/compat_world.h"
#include "tests/unit/bot/small_cluster.h"

namespace lockkeeper::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// Everything that an inspection of the small cluster brings when nothing is wrong.
struct Inspected {
  PreflightFacts facts;
  Plan plan;
  Settings with = settings();
  Verdict gate;

  explicit Inspected(const ClusterFacts& seen = cluster(), std::string_view words = "1.34.7")
      : plan(plan_of(seen, words)) {
    facts.cluster = seen;
    for (const auto& node : plan.nodes) {
      NodeProbe probe;
      probe.reached = true;
      probe.sudo = true;
      probe.root_free_bytes = 20LL << 30;
      probe.snapshot_free_bytes = 20LL << 30;
      probe.etcd_bytes = 300LL << 20;
      probe.package = to_string(plan.target) + "-1.1";
      probe.plan_offers = to_string(plan.target);
      facts.probes.emplace(node.name, std::move(probe));
    }
  }

  NodeFacts& node(std::string_view name) { return at(facts.cluster, name); }
  NodeProbe& probe(const std::string& name) { return facts.probes.at(name); }

  [[nodiscard]] std::vector<Finding> findings() const {
    return preflight_findings(facts, plan, with, gate, kNoon);
  }
};

using Findings = std::vector<Finding>;

Findings blocks(std::string text) {
  return {{true, std::move(text)}};
}
Findings warns(std::string text) {
  return {{false, std::move(text)}};
}

}  // namespace

TEST_CASE("a healthy cluster has no findings, and no findings do not block") {
  const Inspected all;
  CHECK(all.findings().empty());
  CHECK_FALSE(blocked({}));
  CHECK_FALSE(blocked(warns("a trifle")));
  CHECK(blocked({{false, "a trifle"}, {true, "a reason"}}));
}

TEST_CASE("a node that is not Ready, or of which that is unknown, blocks") {
  Inspected all;
  all.node("worker-1").ready = Condition::no;
  CHECK(all.findings() == blocks("worker-1: not Ready"));
  all.node("worker-1").ready = Condition::unknown;
  CHECK(all.findings() == blocks("worker-1: not Ready"));
}

TEST_CASE("each pressure blocks") {
  Inspected all;
  all.node("cp-1").pressures = {"MemoryPressure", "DiskPressure"};
  CHECK(all.findings() == Findings{{true, "cp-1: MemoryPressure"}, {true, "cp-1: DiskPressure"}});
}

TEST_CASE("a node whose Ready condition changed within the quiet time blocks") {
  Inspected all;
  all.node("worker-1").ready_changed = "2026-11-19T12:00:01Z";
  CHECK(all.findings() ==
        blocks("worker-1: its Ready condition changed 23h59m ago, quiet means 1d"));
  all.node("worker-1").ready_changed = "2026-11-19T12:00:00Z";
  CHECK(all.findings().empty());
  all.node("worker-1").ready_changed = "2026-11-20T12:03:00Z";  // its clock is ahead of ours
  CHECK(all.findings() == blocks("worker-1: its Ready condition changed 0s ago, quiet means 1d"));
}

TEST_CASE("a time that cannot be read is a finding, never long ago") {
  Inspected all;
  all.node("worker-1").ready_changed = "";
  CHECK(all.findings() == blocks("worker-1: when its Ready condition changed cannot be read: '' is "
                                 "not a timestamp"));
  all.node("worker-1").ready_changed = "yesterday";
  CHECK(blocked(all.findings()));
  all.with.preflight.quiet = {};  // the operator does not want the baseline
  CHECK(all.findings().empty());
}

TEST_CASE("what our own run did to a node is no unrest, with two minutes for its echo") {
  Inspected all;
  all.facts.own_work["worker-1"] = {kNoon - hours(3), kNoon - hours(2)};
  all.node("worker-1").ready_changed = "2026-11-20T09:30:00Z";
  CHECK(all.findings().empty());
  all.node("worker-1").ready_changed = "2026-11-20T10:02:00Z";
  CHECK(all.findings().empty());
  all.node("worker-1").ready_changed = "2026-11-20T08:58:00Z";
  CHECK(all.findings().empty());
  all.node("worker-1").ready_changed = "2026-11-20T10:02:01Z";
  CHECK(blocked(all.findings()));
  all.node("worker-1").ready_changed = "2026-11-20T08:57:59Z";
  CHECK(blocked(all.findings()));
  all.node("worker-1").ready_changed = "2026-11-13T12:00:00Z";
  all.node("worker-2").ready_changed = "2026-11-20T09:30:00Z";  // another node's unrest
  CHECK(blocked(all.findings()));
}

TEST_CASE("a node that a person cordoned is named, and does not block") {
  Inspected all;
  all.node("worker-1").unschedulable = true;
  CHECK(all.findings() == warns("worker-1: cordoned by somebody else, and will stay so"));
  all.node("worker-1").cordoned_by = "r-old";  // ours, from an earlier run
  CHECK(all.findings().empty());
}

TEST_CASE("without its namespace, or with the kill switch set, a run does not start") {
  Inspected all;
  all.facts.cluster.namespace_found = false;
  CHECK(all.findings() == blocks("namespace lockkeeper does not exist; the run is recorded there"));
  all.facts.cluster.namespace_found = true;
  all.facts.cluster.kill = "not today";
  CHECK(all.findings() == blocks("the kill switch is set: not today"));
}

TEST_CASE("every reason of a shut gate blocks, whether it waits or stops") {
  Inspected all;
  all.gate = {Answer::wait, {"KubeAPIDown firing 2m", "blind for 1m"}, seconds(15)};
  CHECK(all.findings() ==
        Findings{{true, "gate: KubeAPIDown firing 2m"}, {true, "gate: blind for 1m"}});
  all.gate.answer = Answer::stop;
  CHECK(all.findings().size() == 2);
}

TEST_CASE("a node that SSH does not reach, or was not tried, blocks, and nothing more is said") {
  Inspected all;
  all.probe("worker-1") = {};
  all.probe("worker-1").failure = "10.0.0.1: connection refused";
  all.facts.probes.erase("worker-2");
  CHECK(all.findings() == Findings{{true, "worker-2: SSH does not reach it: not tried"},
                                   {true,
                                    "worker-1: SSH does not reach it: 10.0.0.1: connection "
                                    "refused"}});
}

TEST_CASE("sudo that asks for a password blocks") {
  Inspected all;
  all.probe("cp-1").sudo = false;
  all.probe("cp-1").failure = "sudo: a password is required";
  CHECK(all.findings() == blocks("cp-1: sudo does not work: sudo: a password is required"));
}

TEST_CASE("a control plane needs free space: what is too little or unknown blocks") {
  Inspected all;
  all.probe("cp-1").root_free_bytes = (10LL << 30) - 1;
  CHECK(all.findings() ==
        blocks("cp-1: 10.0 GiB free on the root file system, 10.0 GiB are needed"));
  all.probe("cp-1").root_free_bytes = 10LL << 30;
  CHECK(all.findings().empty());
  all.probe("cp-1").root_free_bytes.reset();
  CHECK(all.findings() == blocks("cp-1: free space on the root file system cannot be read"));
}

TEST_CASE("the snapshot's target counts when it is named") {
  Inspected all;
  all.probe("cp-1").snapshot_free_bytes = 5LL << 20;
  CHECK(all.findings().empty());
  all.with.preflight.snapshot_target = "/mnt/backup";
  CHECK(all.findings() == blocks("cp-1: 5.0 MiB free on /mnt/backup, 10.0 GiB are needed"));
  all.probe("cp-1").snapshot_free_bytes.reset();
  CHECK(all.findings() == blocks("cp-1: free space on /mnt/backup cannot be read"));
}

TEST_CASE("kubeadm copies etcd, so twice its size must be free") {
  Inspected all;
  all.probe("cp-1").root_free_bytes = 20LL << 30;
  all.probe("cp-1").etcd_bytes = 11LL << 30;
  CHECK(all.findings() ==
        blocks("cp-1: 20.0 GiB free, but kubeadm copies etcd's 11.0 GiB and needs twice that"));
  all.probe("cp-1").etcd_bytes = 10LL << 30;
  CHECK(all.findings().empty());
}

TEST_CASE("a worker's space is its own affair") {
  Inspected all;
  all.probe("worker-1").root_free_bytes.reset();
  all.probe("worker-1").etcd_bytes = 1LL << 50;
  CHECK(all.findings().empty());
}

TEST_CASE("a target that the repository lacks, or a repository that fails, blocks") {
  Inspected all;
  all.probe("worker-1").package.clear();
  CHECK(all.findings() == blocks("worker-1: kubeadm 1.34.7 is not in its package repository"));
  all.probe("worker-1").package_failure = "EXPKEYSIG 234654DA9A296436";
  CHECK(all.findings() ==
        blocks("worker-1: the package repository for 1.34 fails: EXPKEYSIG 234654DA9A296436"));
}

TEST_CASE("an interrupted dpkg blocks, with the way to mend it") {
  Inspected all;
  all.probe("worker-1").dpkg_audit = "kubelet is half configured";
  CHECK(all.findings() == blocks("worker-1: dpkg was interrupted, run `sudo dpkg --configure -a`: "
                                 "kubelet is half configured"));
}

TEST_CASE("kubeadm's own plan must offer exactly the target") {
  Inspected all;
  auto& probe = all.probe("cp-1");
  probe.plan_offers = "1.34.8";
  CHECK(all.findings() == blocks("cp-1: kubeadm upgrade plan offers 1.34.8, not 1.34.7"));
  probe.plan_offers = "";
  CHECK(all.findings() == blocks("cp-1: kubeadm upgrade plan offers nothing, not 1.34.7"));
  probe.plan_offers.reset();
  CHECK(all.findings() == blocks("cp-1: kubeadm upgrade plan fails: no answer"));
  probe.plan_offers = "1.34.7";
  probe.plan_failure = "etcd cluster is not healthy";
  CHECK(all.findings() == blocks("cp-1: kubeadm upgrade plan fails: etcd cluster is not healthy"));
}

TEST_CASE("a worker and a second control plane are not asked for kubeadm's plan") {
  Inspected all(cluster(2, 1));
  all.probe("cp-2").plan_offers.reset();
  all.probe("worker-1").plan_offers.reset();
  CHECK(all.findings().empty());
}

TEST_CASE("a run that failed behind kubeadm apply can be carried on: there is no offer any more") {
  auto seen = cluster();
  seen.api_server = kPatch;  // its kubelet is still the old one
  Inspected all(seen);
  all.probe("cp-1").plan_offers = "";
  CHECK(all.findings().empty());
  all.probe("cp-1").plan_failure = "etcd cluster is not healthy";
  CHECK(blocked(all.findings()));
}

TEST_CASE("a hand-set flag that the upgrade would drop is a warning") {
  Inspected all;
  all.probe("cp-1").dropped_flags = {"--audit-log-path=/var/log/audit.log"};
  CHECK(all.findings() == warns("cp-1: the upgrade drops the hand-set API server flag "
                                "--audit-log-path=/var/log/audit.log"));
}

TEST_CASE("a budget that never allows an eviction blocks, or warns where that is wished") {
  Inspected all;
  all.facts.budgets = {{"shop/web", "minAvailable 3 of 3"}};
  const std::string text =
      "PodDisruptionBudget shop/web can never allow an eviction: minAvailable 3 of 3";
  CHECK(all.findings() == blocks(text));
  all.with.preflight.blocking_budget_blocks = false;
  CHECK(all.findings() == warns(text));
}

TEST_CASE("a backup that cannot be started blocks") {
  Inspected all;
  all.facts.cronjob_failure = "CronJob default/backup-etcd does not exist";
  CHECK(all.findings() ==
        blocks("the snapshot cannot be taken: CronJob default/backup-etcd does not exist"));
}

TEST_CASE("rights that the API server refuses stand in the way") {
  Inspected all;
  all.facts.missing_rights = {"create pods/eviction", "patch nodes"};
  CHECK(all.findings() ==
        blocks("the API server does not let this bot: create pods/eviction, patch nodes"));
}

TEST_CASE("all findings come together, and what others wrote is cut") {
  Inspected all;
  all.node("worker-1").ready = Condition::no;
  all.facts.cluster.kill = std::string(10'000, 'k');
  all.probe("worker-2").package_failure = std::string(10'000, 'p');
  all.probe("worker-2").dpkg_audit = std::string(10'000, 'd');
  all.probe("cp-1").plan_failure = std::string(10'000, 'f');
  all.probe("cp-1").dropped_flags = {std::string(10'000, 'g')};
  const auto findings = all.findings();
  CHECK(findings.size() == 6);
  for (const auto& finding : findings)
    CHECK(finding.text.size() < 400);
}

TEST_CASE("a minor is judged by what it breaks, not having looked blocks, a patch needs no look") {
  Inspected all(cluster(), "1.35.1");
  CHECK(all.findings() == blocks("compatibility: nobody looked what stands in the way of 1.35"));
  all.facts.compat = testing::fit_facts();
  all.facts.compat->servers->front().started = kNoon - hours(24);
  all.facts.compat->nodes.clear();
  for (auto& node : all.facts.cluster.nodes) {
    node.runtime = "containerd://2.1.4";
    NodeSurvey survey;
    survey.node = node.name;
    survey.cgroup = "v2";
    all.facts.compat->nodes.push_back(survey);
  }
  CHECK(all.findings().empty());
  all.facts.compat->images->push_back({"quay.io/calico/node:v3.29.6", {}, {}});
  CHECK(all.findings() ==
        blocks("compatibility: calico: 3.29.6 is tested up to 1.32; to clear: bring calico to 3.30 "
               "or newer (blocked)"));
  all.with.compat.overrides = {{"x", "calico", "1.35", "tried", kNoon + hours(1)}};
  CHECK(all.findings() == warns("compatibility: calico: 3.29.6 is tested up to 1.32; overridden: "
                                "tried (blocked), until 2026-11-20 (ok)"));
  CHECK(Inspected().findings().empty());
}

}  // namespace lockkeeper::test
