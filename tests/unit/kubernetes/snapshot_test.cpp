// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/snapshot_job.h"

#include <doctest/doctest.h>

#include "fake_api.h"
#include "integrations/kubernetes/objects.h"

using namespace lockkeeper;
using namespace lockkeeper::kubernetes;
using namespace lockkeeper::kubernetes::test;
using namespace std::chrono_literals;

namespace {

const std::string kJob = "/apis/batch/v1/namespaces/default/jobs/backup-etcd-r-1";
const std::string kPod = "/api/v1/namespaces/default/pods/backup-etcd-r-1-x";

struct SnapshotScene : Scene {
  SnapshotOrder order{"r-1", "lockkeeper", {}, 10min};
  std::string log = "Backup done: /backup/etcd.db (5242912 bytes)\n";

  SnapshotScene() {
    api.put("/api/v1/namespaces/lockkeeper", Json::object());
    api.put("/apis/batch/v1/namespaces/default/cronjobs/backup-etcd", parse_json(R"({
      "spec": {"suspend": true, "jobTemplate": {
        "metadata": {"labels": {"app": "backup"}, "annotations": {"a": "b"}},
        "spec": {"suspend": true, "ttlSecondsAfterFinished": 5, "template": {"spec": {}}}}}})"));
  }
  /// The Job's pod appears, and after a while the Job ends that way.
  void will_end(const std::string& condition, Millis after = 20s) {
    clock.at(after, [this, condition] { end(condition); });
  }
  void end(const std::string& condition) {
    api.add_pod("default", "backup-etcd-r-1-x", "n1", [&](Json& pod) {
      pod["metadata"]["labels"] = {{"batch.kubernetes.io/job-name", "backup-etcd-r-1"}};
      pod["metadata"]["annotations"]["test/log"] = log;
      pod["status"]["phase"] = "Succeeded";
    });
    if (api.find(kJob) == nullptr) return;
    api.change(kJob, [&](Json& job) {
      job["status"]["completionTime"] = "2026-11-20T18:40:20Z";
      job["status"]["conditions"] = {{{"type", condition},
                                      {"status", "True"},
                                      {"reason", "BackoffLimitExceeded"},
                                      {"message", "it did not work"}}};
    });
  }
  Outcome run() { return snapshot(client, order, watch); }
  [[nodiscard]] int posts() const { return api.count("POST", "/jobs"); }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a snapshot is a Job from the CronJob, awaited, verified and annotated") {
  SnapshotScene scene;
  scene.will_end("Complete");
  const auto outcome = scene.run();
  CHECK(outcome.detail == "etcd snapshot /backup/etcd.db (5242912 bytes)");
  CHECK(outcome.result == StepResult::done);
  CHECK(outcome.notes.at("snapshot") == "/backup/etcd.db");
  CHECK(outcome.notes.at("snapshot_bytes") == "5242912");
  CHECK(outcome.notes.at("snapshot_time") == "2026-11-20T18:40:20Z");
  CHECK(annotation_of(*scene.api.find("/api/v1/namespaces/lockkeeper"), "lockkeeper.io/snapshot") ==
        "/backup/etcd.db");
  CHECK(scene.posts() == 1);
}

TEST_CASE("the Job is the template's, with our mark, an owner and time to be read") {
  SnapshotScene scene;
  const Json job =
      job_from(*scene.api.find("/apis/batch/v1/namespaces/default/cronjobs/backup-etcd"), "r-1");
  CHECK(text_at(job, {"metadata", "name"}) == "backup-etcd-r-1");
  CHECK(text_at(job, {"metadata", "labels", "app"}) == "backup");
  CHECK(annotation_of(job, "a") == "b");
  CHECK(annotation_of(job, "cronjob.kubernetes.io/instantiate") == "manual");
  CHECK(annotation_of(job, "lockkeeper.io/run") == "r-1");
  const auto& owners = items_at(job, {"metadata", "ownerReferences"});
  REQUIRE(owners.size() == 1);
  CHECK(text_at(owners[0], {"kind"}) == "CronJob");
  CHECK(flag_at(owners[0], {"controller"}));
  CHECK_FALSE(owners[0].contains("blockOwnerDeletion"));
  CHECK_FALSE(members_at(job, {"spec"}).contains("suspend"));
  CHECK(number_at(job, {"spec", "ttlSecondsAfterFinished"}) == 3600);
}

TEST_CASE("a Job's name keeps the run whole and fits a label") {
  CHECK(job_name("default/backup-etcd", "r-t9xk2a") == "backup-etcd-r-t9xk2a");
  const auto name = job_name(std::string(52, 'a') + "-bbb", "r-t9xk2a");
  CHECK(name.size() <= 63);
  CHECK(name.ends_with("-r-t9xk2a"));
}

TEST_CASE("a Job that exists already is adopted when it is ours, and never otherwise") {
  SnapshotScene scene;
  SUBCASE("ours") {
    scene.api.put(kJob, {{"metadata", {{"annotations", {{"lockkeeper.io/run", "r-1"}}}}}});
    scene.will_end("Complete");
    CHECK(scene.run().result == StepResult::done);
  }
  SUBCASE("somebody else's") {
    scene.api.put(kJob, Json::object());
    const auto outcome = scene.run();
    CHECK(outcome.result == StepResult::failed);
    CHECK(outcome.detail == "Job default/backup-etcd-r-1 exists and is not this run's");
    CHECK(observe_snapshot(scene.client, scene.order, {}).state == Observed::unknown);
  }
  CHECK(scene.posts() == 0);
}

TEST_CASE("a lost answer to the creation makes no second Job") {
  SnapshotScene scene;
  scene.api.fault("POST", "/jobs", no_reply(http::FaultKind::timeout), 1, true);
  scene.will_end("Complete");
  CHECK(scene.run().result == StepResult::done);
  CHECK(scene.posts() == 1);
}

TEST_CASE("a Job that fails, vanishes or never ends fails the step, with the next look") {
  SnapshotScene scene;
  SUBCASE("fails") {
    scene.will_end("Failed");
    CHECK(scene.run().detail ==
          "Job default/backup-etcd-r-1 failed (BackoffLimitExceeded: it did not work); see "
          "`kubectl -n default logs job/backup-etcd-r-1`");
  }
  SUBCASE("vanishes") {
    scene.clock.at(5s, [&] { scene.api.remove(kJob); });
    CHECK(scene.run().detail == "Job default/backup-etcd-r-1 was deleted before its end");
  }
  SUBCASE("never ends") {
    const auto outcome = scene.run();
    CHECK(has(outcome.detail, "Job default/backup-etcd-r-1 did not end within 15m"));
    CHECK(scene.clock.moment().since_start < 16min);
  }
  SUBCASE("is replaced by another of its name") {
    scene.clock.at(5s, [&] {
      scene.api.put(kJob, {{"metadata", {{"uid", "other"}}}});
      scene.end("Complete");
    });
    CHECK(scene.run().result == StepResult::failed);
  }
}

TEST_CASE("Complete is not enough: the log has to prove a file of some size and of today") {
  SnapshotScene scene;
  const auto detail = [&](const std::string& log) {
    scene.log = log;
    scene.will_end("Complete");
    const auto outcome = scene.run();
    CHECK(outcome.result == StepResult::failed);
    CHECK(has(outcome.detail, "see `kubectl -n default logs job/backup-etcd-r-1`"));
    return outcome.detail;
  };
  SUBCASE("silent") {
    CHECK(has(detail("done\n"), "its log does not say \"Backup done\""));
  }
  SUBCASE("empty file") {
    CHECK(has(detail("Backup done: /b/x.db (0 bytes)"), "has 0 bytes, less than 1024"));
  }
  SUBCASE("old file") {
    CHECK(has(detail("Backup done: /b/x-20261119-1200.db (99999 bytes)"),
              "is of 2026-11-19T12:00:00Z, older than 1h"));
  }
}

TEST_CASE("a log that comes through a restarting kubelet is asked for again") {
  SnapshotScene scene;
  scene.will_end("Complete");
  scene.api.fault("GET", "/log", text_reply(502, "dial tcp: connection refused"), 3);
  CHECK(scene.run().result == StepResult::done);
}

TEST_CASE("an API server that is away meanwhile is waited for") {
  SnapshotScene scene;
  scene.clock.at(5s, [&] { scene.api.outage(4min, no_reply(http::FaultKind::refused)); });
  scene.will_end("Complete", 1min);
  CHECK(scene.run().result == StepResult::done);
  CHECK(scene.clock.moment().since_start > 4min);
}

TEST_CASE("stopping leaves the Job, and it is found again") {
  SnapshotScene scene;
  scene.watch.stop = [&] { return scene.clock.moment().since_start > 5s; };
  const auto outcome = scene.run();
  CHECK(outcome.result == StepResult::interrupted);
  CHECK(observe_snapshot(scene.client, scene.order, {}).state == Observed::underway);
  scene.watch.stop = {};
  scene.end("Complete");
  const auto seen = observe_snapshot(scene.client, scene.order, {});
  CHECK(seen.state == Observed::done);
  CHECK(seen.notes.at("snapshot") == "/backup/etcd.db");
  CHECK(scene.run().result == StepResult::done);
  CHECK(scene.posts() == 1);
}

TEST_CASE("the state of a snapshot is told from the cluster alone") {
  SnapshotScene scene;
  CHECK(observe_snapshot(scene.client, scene.order, {}).state == Observed::not_started);
  scene.api.put(kJob, {{"metadata", {{"annotations", {{"lockkeeper.io/run", "r-1"}}}}}});
  scene.end("Failed");
  CHECK(observe_snapshot(scene.client, scene.order, {}).state == Observed::failed);
  scene.api.outage(1min, text_reply(503, ""));
  CHECK(observe_snapshot(scene.client, scene.order, {}).state == Observed::unknown);
}

TEST_CASE("a CronJob that cannot be used is found before the run") {
  SnapshotScene scene;
  CHECK(cronjob_problem(scene.client, "default/backup-etcd") == "");
  CHECK(cronjob_problem(scene.client, "ops/backup") ==
        "CronJob ops/backup does not exist (`cronjob` in [snapshot])");
  scene.api.fault("GET", "/cronjobs/", status_reply(403, "Forbidden", "no"));
  CHECK(cronjob_problem(scene.client, "default/backup-etcd") == "not allowed (403): no");
  const auto lines = would_snapshot(scene.order);
  CHECK(lines.at(0) ==
        "POST /apis/batch/v1/namespaces/default/jobs backup-etcd-r-1 (from CronJob "
        "default/backup-etcd)");
}
