// SPDX-License-Identifier: Apache-2.0
#include "bot/skew.h"

#include <doctest/doctest.h>

#include "tests/unit/bot/small_cluster.h"

namespace lockkeeper::test {
namespace {

using Reasons = std::vector<std::string>;

Reasons against(const ClusterFacts& facts, std::string_view words) {
  return skew_refusal(facts, order(words)).reasons;
}

}  // namespace

TEST_CASE("a newer patch and the next minor may be taken") {
  CHECK(against(cluster(), "1.34.3").empty());
  CHECK(against(cluster(), "1.34.7").empty());
  CHECK(against(cluster(), "1.35.0").empty());
}

TEST_CASE("a downgrade is refused, within the minor and below it") {
  CHECK(against(cluster(), "1.34.1").front() ==
        "1.34.1 is older than the API server's 1.34.2; nothing here downgrades");
  CHECK(against(cluster(), "1.33.9").front() ==
        "1.33.9 is older than the API server's 1.34.2; nothing here downgrades");
  CHECK(against(cluster(), "1.34.1").size() == 4);  // each kubelet is newer than that, too
}

TEST_CASE("a target further away than one minor names the next hop") {
  CHECK(against(cluster(), "1.36.0") ==
        Reasons{"1.36.0 is 2 minors above 1.34.2; Kubernetes allows one at a time, the next hop is "
                "1.35.x"});
}

TEST_CASE("a kubelet that is newer than the target, or too old for it, is named") {
  auto facts = cluster();
  runs(at(facts, "worker-1"), {1, 34, 9, {}});
  CHECK(against(facts, "1.34.7") ==
        Reasons{"worker-1: its kubelet runs 1.34.9, which is newer than 1.34.7"});
  runs(at(facts, "worker-1"), {1, 31, 9, {}});
  CHECK(against(facts, "1.34.7").empty());
  CHECK(against(facts, "1.35.0") ==
        Reasons{"worker-1: its kubelet 1.31.9 is too old for an API server 1.35.0"});
}

TEST_CASE("what cannot be read is refused, all of it at once") {
  auto facts = cluster();
  facts.api_server.reset();
  facts.api_server_text = "v1.34.2-rc.1";
  at(facts, "worker-1").kubelet.reset();
  at(facts, "worker-1").kubelet_text = "weekly";
  at(facts, "worker-2").address.clear();
  CHECK(against(facts, "1.34.7") ==
        Reasons{"the API server's version 'v1.34.2-rc.1' cannot be read",
                "worker-1: its kubelet's version 'weekly' cannot be read",
                "worker-2: it has no InternalIP, so SSH cannot reach it"});
}

TEST_CASE("a cluster without nodes, or without a control plane that shows, is refused") {
  CHECK(against(cluster(0, 0), "1.34.7") == Reasons{"the cluster has no nodes"});
  CHECK(against(cluster(0, 2), "1.34.7") ==
        Reasons{"no node has the label node-role.kubernetes.io/control-plane"});
}

TEST_CASE("nothing to do is said as such, not as a refusal") {
  const auto refusal = skew_refusal(cluster(1, 2, kPatch), order("1.34.7"));
  CHECK(refusal.nothing_to_do);
  CHECK(refusal.reasons == Reasons{"nothing to do: all 3 nodes run 1.34.7"});
  CHECK(skew_refusal(cluster(1, 0, kPatch), order("1.34.7")).reasons ==
        Reasons{"nothing to do: the only node runs 1.34.7"});
}

TEST_CASE("stages that touch no node have something to do on a finished cluster") {
  CHECK(against(cluster(1, 2, kPatch), "1.34.7 --stages preflight,snapshot").empty());
  CHECK(against(cluster(1, 2, kPatch), "1.34.7 --stages postflight").empty());
}

TEST_CASE("a node on the target that an earlier run left cordoned is something to do") {
  auto facts = cluster(1, 2, kPatch);
  at(facts, "worker-1").unschedulable = true;
  at(facts, "worker-1").cordoned_by = "r-old";
  CHECK(against(facts, "1.34.7").empty());
  // A person has uncordoned it since; only our annotation is left, and nothing is to be done.
  at(facts, "worker-1").unschedulable = false;
  CHECK(skew_refusal(facts, order("1.34.7")).nothing_to_do);
}

TEST_CASE("an older API server under finished kubelets is something to do") {
  auto facts = cluster(1, 2, kPatch);
  facts.api_server = kOld;
  CHECK(against(facts, "1.34.7").empty());
}

TEST_CASE("a kind must agree with what the cluster runs") {
  CHECK(against(cluster(), "1.34.7 --kind patch").empty());
  CHECK(against(cluster(), "1.34.7 --kind minor") ==
        Reasons{"kind is minor, but 1.34.2 -> 1.34.7 is a patch upgrade"});
  CHECK(against(cluster(), "1.35.0 --kind patch") ==
        Reasons{"kind is patch, but 1.34.2 -> 1.35.0 is a minor upgrade"});
}

TEST_CASE("one node of the minor before makes the whole upgrade a minor one") {
  auto facts = cluster();
  runs(at(facts, "worker-1"), {1, 33, 5, {}});
  CHECK(derived_kind(facts, kPatch) == UpgradeKind::minor);
  CHECK(derived_kind(cluster(), kPatch) == UpgradeKind::patch);
  CHECK(oldest_version(facts) == Version{1, 33, 5, {}});
  CHECK(against(facts, "1.34.7 --kind patch") ==
        Reasons{"kind is patch, but 1.33.5 -> 1.34.7 is a minor upgrade"});
}

TEST_CASE("the API server's version counts as the oldest, too") {
  auto facts = cluster(1, 2, kMinor);
  facts.api_server = kOld;
  CHECK(oldest_version(facts) == kOld);
}

TEST_CASE("workers never run ahead of the control plane") {
  const std::string_view only_workers = "1.34.7 --stages preflight,snapshot,workers";
  const std::string ahead = "workers may not run ahead of the control plane: add stage master";
  CHECK(against(cluster(), only_workers) == Reasons{ahead});
  auto facts = cluster();
  runs(at(facts, "cp-1"), kPatch);
  CHECK(against(facts, only_workers) == Reasons{ahead});  // its API server is still the old one
  facts.api_server = kPatch;
  CHECK(against(facts, only_workers).empty());
}

TEST_CASE("postflight is refused when the chosen stages cannot reach every node") {
  CHECK(against(cluster(), "1.34.7 --stages preflight,snapshot,master,postflight") ==
        Reasons{"postflight confirms every node, but the chosen stages leave 2 of them behind"});
  CHECK(
      against(cluster(), "1.34.7 --dry-run --stages preflight,snapshot,master,postflight").empty());
  CHECK(against(cluster(), "1.34.7 --stages preflight,snapshot,master").empty());
}

TEST_CASE("a minor upgrade of nodes needs stage repo") {
  CHECK(against(cluster(), "1.35.1 --stages preflight,snapshot,master,workers,postflight") ==
        Reasons{"a minor upgrade takes its packages from another repository: add stage repo"});
  CHECK(against(cluster(), "1.34.7 --stages preflight,snapshot,master,workers,postflight").empty());
}

TEST_CASE("a hostile version text is cut") {
  auto facts = cluster();
  at(facts, "worker-1").kubelet.reset();
  at(facts, "worker-1").kubelet_text = std::string(10'000, 'x');
  CHECK(against(facts, "1.34.7").front().size() < 120);
}

}  // namespace lockkeeper::test
