// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/drain_filters.h"

#include <doctest/doctest.h>

using namespace lockkeeper;
using namespace lockkeeper::kubernetes;

namespace {

Pod running(const std::string& name, const std::string& kind = "ReplicaSet") {
  Pod pod;
  pod.space = "shop";
  pod.name = name;
  pod.uid = "uid-" + name;
  pod.phase = "Running";
  if (!kind.empty()) pod.controller = Controller{"apps/v1", kind, "owner", "u"};
  return pod;
}

DaemonSetLookup answering(DaemonSetState state) {
  return [state](const std::string&, const std::string&) { return state; };
}

/// Must not be asked.
DaemonSetState nobody(const std::string&, const std::string&) {
  FAIL("a DaemonSet was looked up");
  return DaemonSetState::unknown;
}

PodFate fate(const Pod& pod, const DaemonSetLookup& lookup = nobody,
             const DrainPolicy& policy = {}) {
  return decide(pod, policy, lookup).fate;
}

}  // namespace

TEST_CASE("a pod with a controller of any kind is evicted") {
  CHECK(fate(running("web-1")) == PodFate::evict);
  CHECK(fate(running("web-1", "Sprocket")) == PodFate::evict);
}

TEST_CASE("a DaemonSet's pod stays while its DaemonSet exists") {
  const auto pod = running("log-1", "DaemonSet");
  CHECK(fate(pod, answering(DaemonSetState::exists)) == PodFate::leave);
  CHECK(fate(pod, answering(DaemonSetState::gone)) == PodFate::refuse);
  CHECK(fate(pod, answering(DaemonSetState::unknown)) == PodFate::refuse);
  CHECK(fate(pod, answering(DaemonSetState::gone), {"", {"shop/log-1"}}) == PodFate::evict);
}

TEST_CASE("a finished DaemonSet pod is evicted without asking for its DaemonSet") {
  auto pod = running("log-1", "DaemonSet");
  pod.phase = "Failed";
  CHECK(fate(pod) == PodFate::evict);
}

TEST_CASE("a mirror pod stays, controller or not") {
  auto pod = running("etcd-cp", "");
  pod.mirror = true;
  CHECK(fate(pod) == PodFate::leave);
}

TEST_CASE("emptyDir data is given up with a warning, which no later filter hides") {
  auto pod = running("cache-1");
  pod.empty_dir = true;
  pod.safe_to_evict = false;
  const auto decision = decide(pod, {}, nobody);
  CHECK(decision.fate == PodFate::evict);
  CHECK(decision.warnings ==
        std::vector<std::string>{"deletes emptyDir data",
                                 "annotated cluster-autoscaler.kubernetes.io/safe-to-evict=false"});
  pod.phase = "Succeeded";
  pod.safe_to_evict = true;
  CHECK(decide(pod, {}, nobody).warnings.empty());
}

TEST_CASE("a pod without a controller is refused, unless it is over or allowed to go") {
  auto pod = running("tool", "");
  CHECK(fate(pod) == PodFate::refuse);
  CHECK(fate(pod, nobody, {"", {"shop/tool"}}) == PodFate::evict);
  CHECK(fate(pod, nobody, {"", {"other/tool"}}) == PodFate::refuse);
  pod.phase = "Succeeded";
  CHECK(fate(pod) == PodFate::evict);
}

TEST_CASE("our own pod and a protected one refuse the drain") {
  CHECK(fate(running("bot-1"), nobody, {"shop/bot-1", {}}) == PodFate::refuse);
  auto pod = running("gpu-1");
  pod.is_protected = true;
  CHECK(fate(pod) == PodFate::refuse);
  CHECK(decide(pod, {}, nobody).reason == "annotated lockkeeper.io/protected");
  pod.phase = "Failed";
  CHECK(fate(pod) == PodFate::evict);
}

TEST_CASE("refusals group pods by reason and name a few") {
  std::vector<Pod> pods = {running("web-1"), running("log-1", "DaemonSet")};
  for (int i = 9; i >= 1; --i)
    pods.push_back(running("tool-" + std::to_string(i), ""));
  const auto scope = scope_of(pods, {}, answering(DaemonSetState::exists));
  CHECK(scope.evict.size() == 1);
  CHECK(scope.left == 1);
  REQUIRE(scope.refusals.size() == 1);
  CHECK(scope.refusals[0] ==
        "shop/tool-1, shop/tool-2, shop/tool-3, shop/tool-4, shop/tool-5 and 4 more: no controller "
        "re-creates them (`unevictable_ok` in [upgrade] lets them go)");
}
