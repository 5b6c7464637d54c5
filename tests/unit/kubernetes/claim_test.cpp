// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/claim.h"

#include <doctest/doctest.h>

#include "fake_api.h"
#include "integrations/kubernetes/objects.h"

using namespace lockkeeper;
using namespace lockkeeper::kubernetes;
using namespace lockkeeper::kubernetes::test;
using namespace std::chrono_literals;

namespace {

const std::string kSpace = "/api/v1/namespaces/lockkeeper";

struct ClaimScene : Scene {
  Patience patience{1min, &watch};
  ClaimScene() { api.put(kSpace, {{"metadata", {{"annotations", {{"other", "kept"}}}}}}); }
  static Plan plan(const std::string& run) {
    Plan made;
    made.run = run;
    made.target = *parse_version("1.34.7");
    return made;
  }
  Outcome take(const std::string& run) { return claim(client, "lockkeeper", plan(run), patience); }
  Outcome give(const std::string& run) { return release(client, "lockkeeper", run, patience); }
  std::string note(const std::string& name) { return annotation_of(*api.find(kSpace), name); }
};

}  // namespace

TEST_CASE("a claim says who, where to and since when, and gives a fencing number") {
  ClaimScene scene;
  const auto outcome = scene.take("r-1");
  CHECK(outcome.result == StepResult::done);
  CHECK(outcome.notes.at("fence") == "1795200000");
  CHECK(scene.note("lockkeeper.io/run") == "r-1");
  CHECK(scene.note("lockkeeper.io/target") == "1.34.7");
  CHECK(scene.note("lockkeeper.io/in-flight") == "true");
  CHECK(scene.note("lockkeeper.io/started") == "2026-11-20T18:40:00Z");
  CHECK(scene.note("other") == "kept");
}

TEST_CASE("the same run claims again and keeps its number, another one is refused") {
  ClaimScene scene;
  const auto fence = scene.take("r-1").notes.at("fence");
  scene.clock.wait_until({1h});
  CHECK(scene.take("r-1").notes.at("fence") == fence);
  CHECK(scene.api.count("PATCH", "") == 1);
  const auto other = scene.take("r-2");
  CHECK(other.result == StepResult::failed);
  CHECK(other.detail ==
        "namespace lockkeeper: run r-1 (to 1.34.7, since 2026-11-20T18:40:00Z) claims the cluster; "
        "if it is over, `/upgrade clear` takes its claim away");
}

TEST_CASE("fencing numbers only grow, even when the clock goes back") {
  ClaimScene scene;
  scene.api.change(kSpace, [](Json& json) {
    json["metadata"]["annotations"]["lockkeeper.io/fence"] = "1895200000";
  });
  CHECK(scene.take("r-1").notes.at("fence") == "1895200001");
}

TEST_CASE("a release takes the claim away, but not the fence and the snapshot's path") {
  ClaimScene scene;
  scene.take("r-1");
  CHECK(annotate_snapshot(scene.client, "lockkeeper", "/backup/x.db", scene.patience).result ==
        StepResult::done);
  CHECK(scene.give("r-2").result == StepResult::skipped);
  CHECK(scene.note("lockkeeper.io/run") == "r-1");
  CHECK(scene.give("r-1").result == StepResult::done);
  CHECK(scene.note("lockkeeper.io/run").empty());
  CHECK(scene.note("lockkeeper.io/in-flight").empty());
  CHECK(scene.note("lockkeeper.io/fence") == "1795200000");
  CHECK(scene.note("lockkeeper.io/snapshot") == "/backup/x.db");
  CHECK(scene.give("r-1").result == StepResult::done);
}

TEST_CASE("of two bots that claim at the same moment one loses") {
  ClaimScene scene;
  scene.api.fault("PATCH", kSpace, status_reply(409, "Conflict", "modified"));
  scene.clock.at(5ms, [&] {
    scene.api.change(
        kSpace, [](Json& json) { json["metadata"]["annotations"]["lockkeeper.io/run"] = "r-9"; });
  });
  CHECK(scene.take("r-1").result == StepResult::failed);
  CHECK(scene.note("lockkeeper.io/run") == "r-9");
}

TEST_CASE("a namespace that does not exist is named") {
  ClaimScene scene;
  scene.api.remove(kSpace);
  const auto outcome = scene.take("r-1");
  CHECK(outcome.result == StepResult::failed);
  CHECK(outcome.detail.starts_with("namespace lockkeeper: GET /api/v1/namespaces/lockkeeper: 404"));
}

TEST_CASE("claim and release are told from the cluster alone") {
  ClaimScene scene;
  const auto plan = ClaimScene::plan("r-1");
  CHECK(observe_claim(scene.client, "lockkeeper", plan, {}).state == Observed::not_started);
  CHECK(observe_release(scene.client, "lockkeeper", "r-1", {}).state == Observed::done);
  scene.take("r-1");
  const auto seen = observe_claim(scene.client, "lockkeeper", plan, {});
  CHECK(seen.state == Observed::done);
  CHECK(seen.notes.at("fence") == "1795200000");
  CHECK(observe_release(scene.client, "lockkeeper", "r-1", {}).state == Observed::not_started);
  CHECK(observe_claim(scene.client, "lockkeeper", ClaimScene::plan("r-2"), {}).state ==
        Observed::not_started);
  scene.api.outage(1min, text_reply(503, ""));
  CHECK(observe_claim(scene.client, "lockkeeper", plan, {}).state == Observed::unknown);
}
