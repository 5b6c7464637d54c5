// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/own_pod.h"

#include <doctest/doctest.h>

#include "fake_api.h"

using namespace lockkeeper;
using namespace lockkeeper::kubernetes;
using namespace lockkeeper::kubernetes::test;
using namespace std::chrono_literals;

namespace {

struct OwnPodScene : Scene {
  StepAsideOrder order{"ops/bot-1", "worker-1", 1min};
  explicit OwnPodScene(const std::string& node = "worker-1",
                       const std::function<void(Json&)>& edit = {}) {
    api.add_pod("ops", "bot-1", node, edit);
  }
  Outcome run() { return step_aside(client, order, watch); }
  [[nodiscard]] int evictions() const { return api.count("POST", "/eviction"); }
};

}  // namespace

TEST_CASE("our own pod is asked to move, once, and our end is waited for") {
  OwnPodScene scene("worker-1", [](Json& pod) { pod["metadata"]["finalizers"] = {"slow/end"}; });
  CHECK(observe_step_aside(scene.client, scene.order, {}).state == Observed::not_started);
  scene.watch.stop = [&] { return scene.evictions() > 0; };
  CHECK(scene.run().result == StepResult::interrupted);
  scene.watch.stop = {};
  const auto outcome = scene.run();
  CHECK(outcome.result == StepResult::failed);
  CHECK(outcome.detail ==
        "pod ops/bot-1 cannot be moved off worker-1: it was asked to move and has not gone");
  CHECK(scene.evictions() == 1);
}

TEST_CASE("elsewhere, gone, or not in a pod at all, there is nothing to do") {
  OwnPodScene scene("worker-2");
  CHECK(scene.run().detail == "pod ops/bot-1 is not on worker-1");
  CHECK(observe_step_aside(scene.client, scene.order, {}).state == Observed::done);
  scene.api.remove("/api/v1/namespaces/ops/pods/bot-1");
  CHECK(scene.run().detail == "pod ops/bot-1 is gone");
  CHECK(observe_step_aside(scene.client, scene.order, {}).state == Observed::done);
  scene.order.own_pod.clear();
  CHECK(scene.run().detail == "not running in a pod");
  CHECK(would_step_aside(scene.order).empty());
  CHECK(scene.evictions() == 0);
}

TEST_CASE("a pod that nobody would re-create stays where it is") {
  OwnPodScene scene("worker-1", [](Json& pod) { pod["metadata"].erase("ownerReferences"); });
  const auto outcome = scene.run();
  CHECK(outcome.result == StepResult::failed);
  CHECK(scene.evictions() == 0);
}

TEST_CASE("a budget that holds us is waited for, within the limit") {
  OwnPodScene scene;
  scene.api.add_budget("ops", "bot", {{"matchLabels", {{"app", "bot"}}}}, 0);
  const auto outcome = scene.run();
  CHECK(outcome.result == StepResult::failed);
  CHECK(outcome.detail.starts_with("pod ops/bot-1 cannot be moved off worker-1: Cannot evict pod"));
  CHECK(scene.clock.moment().since_start <= 70s);
  scene.watch.stop = [] { return true; };
  CHECK(scene.run().result == StepResult::interrupted);
}

TEST_CASE("an unreachable server leaves it open") {
  OwnPodScene scene;
  scene.api.outage(1h, text_reply(503, ""));
  CHECK(observe_step_aside(scene.client, scene.order, {}).state == Observed::unknown);
  CHECK(scene.run().result == StepResult::failed);
}
