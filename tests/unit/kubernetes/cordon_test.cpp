// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/cordon.h"

#include <doctest/doctest.h>

#include "fake_api.h"
#include "integrations/kubernetes/objects.h"

using namespace lockkeeper;
using namespace lockkeeper::kubernetes;
using namespace lockkeeper::kubernetes::test;
using namespace std::chrono_literals;

namespace {

const std::string kNode = "/api/v1/nodes/worker-1";

struct CordonScene : Scene {
  CordonOrder order{"worker-1", "", "r-2"};
  Patience patience{10min, &watch};
  explicit CordonScene(bool cordoned = false, const std::string& by = "") {
    api.add_node("worker-1", cordoned);
    if (!by.empty())
      api.change(kNode, [&](Json& node) {
        node["metadata"]["annotations"]["lockkeeper.io/cordoned-by"] = by;
      });
  }
  NodeFacts node() { return node_of(*api.find(kNode)); }
  [[nodiscard]] int writes() const { return api.count("PATCH", ""); }
};

}  // namespace

TEST_CASE("a cordon is one write that carries the run") {
  CordonScene scene;
  CHECK(observe_cordon(scene.client, scene.order, {}).state == Observed::not_started);
  const auto outcome = cordon(scene.client, scene.order, scene.patience);
  CHECK(outcome.result == StepResult::done);
  CHECK(outcome.notes.empty());
  CHECK(scene.node().unschedulable);
  CHECK(scene.node().cordoned_by == "r-2");
  CHECK(scene.api.calls.size() == 3);  // the observation, a look, the write
  CHECK(observe_cordon(scene.client, scene.order, {}).state == Observed::done);
  CHECK(cordon(scene.client, scene.order, scene.patience).result == StepResult::done);
  CHECK(scene.writes() == 1);
}

TEST_CASE("a person's cordon is noted, left as it is, and never lifted") {
  CordonScene scene(true);
  const auto outcome = cordon(scene.client, scene.order, scene.patience);
  CHECK(outcome.result == StepResult::done);
  CHECK(outcome.notes.at("cordoned_by_person") == "true");
  const auto seen = observe_cordon(scene.client, scene.order, {});
  CHECK(seen.state == Observed::done);
  CHECK(seen.notes.at("cordoned_by_person") == "true");
  const auto lifted = uncordon(scene.client, scene.order, scene.patience);
  CHECK(lifted.result == StepResult::skipped);
  CHECK(lifted.detail == "worker-1: stays cordoned, a person had cordoned it");
  CHECK(observe_uncordon(scene.client, scene.order, {}).state == Observed::done);
  CHECK(scene.node().unschedulable);
  CHECK(scene.writes() == 0);
}

TEST_CASE("a cordon that an earlier run left is taken over, another run's is not lifted") {
  CordonScene scene(true, "r-1");
  CHECK(uncordon(scene.client, scene.order, scene.patience).detail ==
        "worker-1: stays cordoned, run r-1 had cordoned it");
  CHECK(cordon(scene.client, scene.order, scene.patience).result == StepResult::done);
  CHECK(scene.node().cordoned_by == "r-2");
}

TEST_CASE("our own cordon is lifted with its annotation, in one write") {
  CordonScene scene(true, "r-2");
  CHECK(observe_uncordon(scene.client, scene.order, {}).state == Observed::not_started);
  CHECK(uncordon(scene.client, scene.order, scene.patience).result == StepResult::done);
  CHECK_FALSE(scene.node().unschedulable);
  CHECK(scene.node().cordoned_by.empty());
  CHECK(scene.writes() == 1);
  CHECK(uncordon(scene.client, scene.order, scene.patience).result == StepResult::done);
  CHECK(scene.writes() == 1);
}

TEST_CASE("a node that somebody else uncordoned loses our annotation only") {
  CordonScene scene(false, "r-2");
  CHECK(uncordon(scene.client, scene.order, scene.patience).result == StepResult::done);
  CHECK(scene.node().cordoned_by.empty());
}

TEST_CASE("when a person is quicker by a moment, their cordon is respected") {
  CordonScene scene;
  // Between our look and our write a person cordons: the resourceVersion no longer holds.
  scene.api.fault("PATCH", kNode, status_reply(409, "Conflict", "modified"));
  scene.clock.at(10ms, [&] {
    scene.api.change(kNode, [](Json& node) { node["spec"]["unschedulable"] = true; });
  });
  const auto outcome = cordon(scene.client, scene.order, scene.patience);
  CHECK(outcome.notes.at("cordoned_by_person") == "true");
  CHECK(scene.node().cordoned_by.empty());
}

TEST_CASE("a write with a stale version never gets through") {
  CordonScene scene;
  ApiRequest request;
  request.method = "PATCH";
  request.path = kNode;
  request.body = R"({"metadata":{"resourceVersion":"1"},"spec":{"unschedulable":true}})";
  CHECK(scene.client.write(request).error().trouble == Trouble::conflict);
}

TEST_CASE("a lost answer is resolved by looking, whether the write arrived or not") {
  for (const bool arrived : {true, false}) {
    CordonScene scene;
    scene.api.fault("PATCH", kNode, no_reply(http::FaultKind::timeout), 1, arrived);
    CHECK(cordon(scene.client, scene.order, scene.patience).result == StepResult::done);
    CHECK(scene.node().unschedulable);
    CHECK(scene.writes() == (arrived ? 1 : 2));
  }
}

TEST_CASE("conflicts without end, refusals and strangers end it with the reason") {
  CordonScene scene;
  SUBCASE("conflicts") {
    scene.api.fault("PATCH", kNode, status_reply(409, "Conflict", "modified"), 1'000);
    const auto outcome = cordon(scene.client, scene.order, scene.patience);
    CHECK(outcome.result == StepResult::failed);
    CHECK(outcome.detail == "worker-1: somebody else keeps changing it");
    CHECK(scene.writes() < 20);
  }
  SUBCASE("forbidden") {
    scene.api.fault("PATCH", kNode, status_reply(403, "Forbidden", "cannot patch nodes"));
    CHECK(cordon(scene.client, scene.order, scene.patience).detail ==
          "worker-1: not allowed (403): cannot patch nodes");
  }
  SUBCASE("another node of the same name") {
    scene.order.uid = "planned";
    CHECK(cordon(scene.client, scene.order, scene.patience).detail ==
          "worker-1: it was re-created since the plan was made");
    CHECK(observe_cordon(scene.client, scene.order, {}).state == Observed::unknown);
    CHECK(scene.writes() == 0);
  }
}

TEST_CASE("an outage is waited out within the patience, and stopping is obeyed") {
  CordonScene scene;
  scene.api.outage(3min, text_reply(503, "starting"));
  CHECK(cordon(scene.client, scene.order, scene.patience).result == StepResult::done);
  scene.api.outage(20min, text_reply(503, "starting"));
  const auto failed = uncordon(scene.client, scene.order, scene.patience);
  CHECK(failed.result == StepResult::failed);
  CHECK(failed.detail.starts_with("worker-1: GET /api/v1/nodes/worker-1: 503 starting (for "));
  scene.watch.stop = [] { return true; };
  scene.api.outage(20min, text_reply(503, ""));
  CHECK(uncordon(scene.client, scene.order, scene.patience).result == StepResult::interrupted);
  CHECK(observe_cordon(scene.client, scene.order, {}).state == Observed::unknown);
}

TEST_CASE("what would be done is one line each") {
  const CordonOrder order{"worker-1", "", "r-2"};
  CHECK(would_cordon(order).at(0) ==
        "PATCH /api/v1/nodes/worker-1 spec.unschedulable=true lockkeeper.io/cordoned-by=r-2");
  CHECK(would_uncordon(order).at(0).starts_with(
      "PATCH /api/v1/nodes/worker-1 spec.unschedulable=null"));
}
