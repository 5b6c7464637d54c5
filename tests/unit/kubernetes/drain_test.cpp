// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/drain.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "fake_api.h"

using namespace lockkeeper;
using namespace lockkeeper::kubernetes;
using namespace lockkeeper::kubernetes::test;
using namespace std::chrono_literals;

namespace {

struct DrainScene : Scene {
  DrainOrder order{"worker-1", "", 5min, 10min, 10, {}};
  DrainScene() { api.add_node("worker-1", true); }
  Outcome drain() { return kubernetes::drain(client, order, watch); }
  void web(int count, const std::function<void(Json&)>& edit = {}) {
    for (int i = 0; i < count; ++i)
      api.add_pod("shop", "web-" + std::to_string(i), "worker-1", edit);
  }
  [[nodiscard]] int evictions() const { return api.count("POST", "/eviction"); }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

const std::string kWeb0 = "/api/v1/namespaces/shop/pods/web-0";

}  // namespace

TEST_CASE("a node is drained with about one request a pod") {
  DrainScene scene;
  scene.web(250);
  const auto outcome = scene.drain();
  CHECK(outcome.result == StepResult::done);
  CHECK(outcome.detail == "worker-1: 250 pods evicted, 0 stay (DaemonSets, static pods)");
  CHECK(outcome.notes.at("evicted") == "250");
  CHECK(scene.evictions() == 250);
  CHECK(scene.api.calls.size() <= 275);
  CHECK(scene.clock.moment().since_start < 3s);
}

TEST_CASE("what stays by design stays, and is counted") {
  DrainScene scene;
  scene.web(1);
  scene.api.put("/apis/apps/v1/namespaces/kube-system/daemonsets/proxy", Json::object());
  const auto daemon = [](Json& pod) {
    pod["metadata"]["ownerReferences"][0]["kind"] = "DaemonSet";
  };
  scene.api.add_pod("kube-system", "proxy-x", "worker-1", daemon);
  scene.api.add_pod("kube-system", "proxy-y", "worker-1", daemon);
  scene.api.add_pod("kube-system", "etcd-1", "worker-1", [](Json& pod) {
    pod["metadata"]["annotations"]["kubernetes.io/config.mirror"] = "x";
    pod["metadata"].erase("ownerReferences");
  });
  const auto outcome = scene.drain();
  CHECK(outcome.result == StepResult::done);
  CHECK(outcome.detail == "worker-1: 1 pods evicted, 3 stay (DaemonSets, static pods)");
  CHECK(scene.api.count("GET", "/daemonsets/") == 1);
}

TEST_CASE("one pod that must not go refuses the drain before the first eviction") {
  DrainScene scene;
  scene.web(3);
  scene.api.add_pod("shop", "tool-1", "worker-1",
                    [](Json& pod) { pod["metadata"].erase("ownerReferences"); });
  const auto outcome = scene.drain();
  CHECK(outcome.result == StepResult::failed);
  CHECK(has(outcome.detail, "shop/tool-1: no controller re-creates them"));
  CHECK(scene.evictions() == 0);
}

TEST_CASE("a node that is not cordoned, not there or another one is not drained") {
  DrainScene scene;
  scene.web(1);
  SUBCASE("not cordoned") {
    scene.api.change("/api/v1/nodes/worker-1",
                     [](Json& node) { node["spec"]["unschedulable"] = false; });
    CHECK(has(scene.drain().detail, "worker-1: it is not cordoned"));
  }
  SUBCASE("another one") {
    scene.order.uid = "planned-uid";
    CHECK(has(scene.drain().detail, "re-created since the plan was made"));
  }
  SUBCASE("not there") {
    scene.api.remove("/api/v1/nodes/worker-1");
    CHECK(scene.drain().result == StepResult::failed);
  }
  SUBCASE("a server without evictions") {
    scene.api.put("/api/v1", {{"resources", Json::array()}});
    CHECK(has(scene.drain().detail, "offers no policy/v1 evictions"));
  }
  CHECK(scene.evictions() == 0);
}

TEST_CASE("budgets are waited for, and their news are followed") {
  DrainScene scene;
  scene.web(20);
  scene.api.add_budget("shop", "web", {{"matchLabels", {{"app", "web"}}}}, 2);
  // Each pod that is gone has a replacement elsewhere two seconds later.
  scene.api.on_pod_gone = [&](const Json&) {
    scene.clock.at(2s, [&] {
      scene.api.change("/apis/policy/v1/namespaces/shop/poddisruptionbudgets/web", [](Json& json) {
        json["status"]["disruptionsAllowed"] =
            number_at(json, {"status", "disruptionsAllowed"}) + 1;
      });
    });
  };
  const auto outcome = scene.drain();
  CHECK(outcome.result == StepResult::done);
  // Ten rounds of two pods, 2.5 s each; and hardly more requests than pods.
  CHECK(scene.clock.moment().since_start < 32s);
  CHECK(scene.evictions() <= 20 + 12);
}

TEST_CASE("a drain that cannot finish names the pod and its budget, and never escalates") {
  DrainScene scene;
  scene.web(1);
  scene.api.add_budget("shop", "web", {{"matchLabels", {{"app", "web"}}}}, 0);
  const auto outcome = scene.drain();
  CHECK(outcome.result == StepResult::failed);
  CHECK(outcome.detail ==
        "worker-1: not drained within 5m; still there: shop/web-0 (held by budget shop/web: 0 "
        "disruptions allowed, 3 healthy of 3 needed, 3 expected)");
  CHECK(scene.clock.moment().since_start >= 5min);
  CHECK(scene.clock.moment().since_start < 5min + 5s);
  CHECK(scene.api.count("DELETE", "") == 0);
  CHECK(scene.evictions() <= 62);
}

TEST_CASE("two budgets on one pod fail at once, with both named") {
  DrainScene scene;
  scene.web(1);
  scene.api.add_budget("shop", "one", {{"matchLabels", {{"app", "web"}}}}, 1);
  scene.api.add_budget("shop", "two", Json::object(), 1);
  const auto outcome = scene.drain();
  CHECK(outcome.result == StepResult::failed);
  CHECK(has(outcome.detail, "more than one PodDisruptionBudget"));
  CHECK(has(outcome.detail, "budget shop/one"));
  CHECK(has(outcome.detail, "budget shop/two"));
  CHECK(scene.clock.moment().since_start < 5s);
  CHECK(scene.evictions() == 1);
}

TEST_CASE("a finalizer that is never removed is named, and left alone") {
  DrainScene scene;
  scene.web(1, [](Json& pod) { pod["metadata"]["finalizers"] = {"example.com/keep"}; });
  const auto outcome = scene.drain();
  CHECK(outcome.result == StepResult::failed);
  CHECK(has(outcome.detail,
            "shop/web-0 (leaving, due 2026-11-20T18:41:00Z, finalizers "
            "example.com/keep)"));
  CHECK(scene.api.count("PATCH", "") == 0);
}

TEST_CASE("a grace period longer than the limit is named before the first eviction") {
  DrainScene scene;
  scene.web(1, [](Json& pod) { pod["spec"]["terminationGracePeriodSeconds"] = 3600; });
  CHECK(scene.drain().result == StepResult::done);
  CHECK(scene.watch.lines.front() ==
        "worker-1: shop/web-0 may take 1h to end, longer than the limit of 5m");
}

TEST_CASE("somebody who uncordons the node stops the drain") {
  DrainScene scene;
  scene.order.parallel = 1;
  scene.web(50);
  scene.clock.at(100ms, [&] {
    scene.api.change("/api/v1/nodes/worker-1",
                     [](Json& node) { node["spec"]["unschedulable"] = false; });
  });
  const auto outcome = scene.drain();
  CHECK(outcome.result == StepResult::failed);
  CHECK(has(outcome.detail, "somebody uncordoned it during the drain"));
  CHECK(scene.evictions() < 40);
}

TEST_CASE("a node that is deleted meanwhile stops the drain") {
  DrainScene scene;
  scene.api.pod_stop = 10min;
  scene.web(3);
  scene.clock.at(1s, [&] { scene.api.remove("/api/v1/nodes/worker-1"); });
  CHECK(has(scene.drain().detail, "the node object was deleted"));
}

TEST_CASE("an order to stop is obeyed between two evictions") {
  DrainScene scene;
  scene.order.parallel = 2;
  scene.web(400);
  scene.watch.stop = [&] { return scene.clock.moment().since_start >= 1s; };
  scene.api.pod_stop = 30s;
  const auto outcome = scene.drain();
  CHECK(outcome.result == StepResult::interrupted);
  CHECK(has(outcome.detail, "worker-1: stopped between two evictions"));
  CHECK(scene.evictions() < 400);
  CHECK(scene.clock.moment().since_start < 3s);
}

TEST_CASE("a process that has to go leaves at once") {
  DrainScene scene;
  scene.web(5);
  scene.api.pod_stop = 10min;
  scene.clock.at(2s, [&] { scene.watch.leave = true; });
  CHECK(scene.drain().result == StepResult::interrupted);
  CHECK(scene.clock.moment().since_start < 3s);
}

TEST_CASE("a pod that arrives during the drain leaves, too") {
  DrainScene scene;
  scene.web(2);
  scene.clock.at(300ms, [&] { scene.api.add_pod("shop", "late-1", "worker-1"); });
  CHECK(scene.drain().result == StepResult::done);
  CHECK(scene.api.find("/api/v1/namespaces/shop/pods/late-1") == nullptr);
}

TEST_CASE("a controller that re-creates its pod on the node is named") {
  DrainScene scene;
  scene.web(1);
  scene.api.on_pod_gone = [&](const Json&) { scene.web(1); };
  const auto outcome = scene.drain();
  CHECK(outcome.result == StepResult::failed);
  CHECK(has(outcome.detail, "ReplicaSet shop/web puts pods back onto the cordoned node"));
}

TEST_CASE("a StatefulSet's pod that comes back under its name elsewhere counts as gone") {
  DrainScene scene;
  scene.web(1);
  scene.api.on_pod_gone = [&](const Json&) { scene.api.add_pod("shop", "web-0", "worker-2"); };
  CHECK(scene.drain().result == StepResult::done);
  REQUIRE(scene.api.find(kWeb0) != nullptr);
  CHECK(text_at(*scene.api.find(kWeb0), {"spec", "nodeName"}) == "worker-2");
  CHECK(scene.evictions() == 1);
}

TEST_CASE("the state of a drain is told from the cluster alone") {
  DrainScene scene;
  CHECK(observe_drain(scene.client, scene.order, {}).state == Observed::done);
  scene.web(2);
  CHECK(observe_drain(scene.client, scene.order, {}).state == Observed::not_started);
  scene.api.change(kWeb0, [](Json& pod) { pod["metadata"]["deletionTimestamp"] = "x"; });
  const auto seen = observe_drain(scene.client, scene.order, {});
  CHECK(seen.state == Observed::underway);
  CHECK(seen.detail == "worker-1: 2 pods to evict, 1 of them leaving");
  scene.api.outage(1min, text_reply(503, ""));
  CHECK(observe_drain(scene.client, scene.order, {}).state == Observed::unknown);
}

TEST_CASE("what a drain would do is one line each") {
  DrainScene scene;
  scene.web(2);
  scene.api.add_pod("shop", "tool-1", "worker-1",
                    [](Json& pod) { pod["metadata"].erase("ownerReferences"); });
  const auto lines = would_drain(scene.client, scene.order);
  REQUIRE(lines.has_value());
  REQUIRE(lines->size() == 3);
  CHECK((*lines)[0].starts_with("refuse to drain worker-1: shop/tool-1"));
  CHECK((*lines)[1] == "POST /api/v1/namespaces/shop/pods/web-0/eviction");
  CHECK(scene.evictions() == 0);
}
