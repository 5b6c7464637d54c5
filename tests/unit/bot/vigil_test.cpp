// SPDX-License-Identifier: Apache-2.0
#include "bot/vigil.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <tuple>

#include "tests/unit/bot/small_cluster.h"

using namespace lockkeeper;
using namespace lockkeeper::test;

namespace {

constexpr std::string_view kSchedulerBehind = "kube-system/kube-scheduler-cp-1 (v1.34.2)";

/// cp-1 in good health before kubeadm came: everything on it is of the old version.
NodeHealth before_kubeadm() {
  NodeHealth health;
  health.node = node("cp-1", true);
  health.api_server = kOld;
  health.api_ready = true;
  health.control_plane_outdated = {std::string(kSchedulerBehind)};
  return health;
}

/// What is missing once the Lease has been renewed often enough.
std::vector<std::string> missing_at_last(ReadyProof proof, NodeHealth health) {
  std::vector<std::string> missing;
  for (const auto* renewed : {"1", "2", "3"}) {
    health.node.lease_renewed = renewed;
    missing = proof.missing(health);
  }
  return missing;
}

/// The wait of cp-1 in that stage; its plan must outlive it.
const Step& wait_in(const Plan& plan, Stage stage) {
  const auto at = std::ranges::find_if(plan.steps, [&](const Step& step) {
    return step.action == Action::await_ready && step.stage == stage;
  });
  REQUIRE(at != plan.steps.end());
  return *at;
}

Plan plan_with_containerd() {
  auto facts = cluster(1, 1);
  at(facts, "cp-1").runtime = "containerd://1.7.24";
  at(facts, "worker-1").runtime = "containerd://1.7.27";
  return plan_of(facts);
}

}  // namespace

TEST_CASE("behind its own stage containerd waits for no new static pods") {
  const Plan plan = plan_with_containerd();
  const auto missing =
      missing_at_last(ReadyProof(plan, wait_in(plan, Stage::containerd)), before_kubeadm());
  CHECK(missing.empty());
}

TEST_CASE("in every stage the static pods must be Ready") {
  const Plan plan = plan_with_containerd();
  auto health = before_kubeadm();
  health.control_plane_not_ready = {"kube-system/etcd-cp-1"};
  CHECK(missing_at_last(ReadyProof(plan, wait_in(plan, Stage::containerd)), health) ==
        std::vector<std::string>{"kube-system/etcd-cp-1 is not Ready"});
}

TEST_CASE("behind kubeadm kubelet, static pods and API server must have the new version") {
  const Plan plan = plan_with_containerd();
  const auto missing =
      missing_at_last(ReadyProof(plan, wait_in(plan, Stage::master)), before_kubeadm());
  CHECK(missing ==
        std::vector<std::string>{"cp-1 reports kubelet v1.34.2",
                                 std::string(kSchedulerBehind) + " is not at its new version",
                                 "the API server reports 1.34.2"});
}

TEST_CASE("a Lease that nobody renews is no sign of life") {
  const Plan plan = plan_with_containerd();
  ReadyProof proof(plan, wait_in(plan, Stage::containerd));
  auto health = before_kubeadm();
  health.node.lease_renewed = "1";
  std::ignore = proof.missing(health);
  CHECK(proof.missing(health) ==
        std::vector<std::string>{"cp-1: its Lease was renewed 0 of 2 times"});
}
