// SPDX-License-Identifier: Apache-2.0
// A drain while the API server is replaced: nothing is lost, nothing is done twice.
#include <doctest/doctest.h>

#include "fake_api.h"
#include "integrations/kubernetes/drain.h"

using namespace lockkeeper;
using namespace lockkeeper::kubernetes;
using namespace lockkeeper::kubernetes::test;
using namespace std::chrono_literals;

namespace {

struct OutageScene : Scene {
  DrainOrder order{"worker-1", "", 5min, 10min, 4, {}};
  OutageScene() {
    api.add_node("worker-1", true);
    for (int i = 0; i < 40; ++i)
      api.add_pod("shop", "web-" + std::to_string(i), "worker-1");
  }
  Outcome drain() { return kubernetes::drain(client, order, watch); }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an outage in the middle of a drain is waited out, in each of its forms") {
  OutageScene scene;
  http::Answered symptom = no_reply(http::FaultKind::refused);
  SUBCASE("refused") {}
  SUBCASE("reset") {
    symptom = no_reply(http::FaultKind::reset);
  }
  SUBCASE("timeouts") {
    symptom = no_reply(http::FaultKind::timeout);
  }
  SUBCASE("TLS handshakes that fail") {
    symptom = no_reply(http::FaultKind::tls);
  }
  SUBCASE("503") {
    symptom = text_reply(503, "apiserver is shutting down");
  }
  SUBCASE("bare 404") {
    symptom = text_reply(404, "404 page not found");
  }
  SUBCASE("etcd") {
    symptom = status_reply(500, "", "etcdserver: leader changed");
  }
  SUBCASE("a page of a load balancer") {
    symptom = text_reply(200, "<html>");
  }
  scene.clock.at(60ms, [&] { scene.api.outage(3min, symptom); });
  const auto outcome = scene.drain();
  CHECK(outcome.detail == "worker-1: 40 pods evicted, 0 stay (DaemonSets, static pods)");
  CHECK(scene.clock.moment().since_start > 3min);
  CHECK(scene.clock.moment().since_start < 4min);
  // While it is away, it is asked about once a second and no more.
  CHECK(scene.api.calls.size() < 400);
}

TEST_CASE("time without an API server does not count against the limit of a drain") {
  OutageScene scene;
  scene.order.limit = 1min;
  scene.clock.at(60ms, [&] { scene.api.outage(9min, text_reply(503, "")); });
  CHECK(scene.drain().result == StepResult::done);
}

TEST_CASE("an API server that stays away ends the drain with that reason") {
  OutageScene scene;
  scene.clock.at(60ms, [&] { scene.api.outage(2h, no_reply(http::FaultKind::refused)); });
  const auto outcome = scene.drain();
  CHECK(outcome.result == StepResult::failed);
  CHECK(has(outcome.detail, "worker-1: the API server has been away for 10m"));
  CHECK(has(outcome.detail, "https://fake:6443: refused"));
  CHECK(scene.clock.moment().since_start < 11min);
}

TEST_CASE("403 just after an outage is part of it, 403 out of the blue is the end") {
  OutageScene scene;
  const auto forbidden = status_reply(403, "Forbidden", "pods/eviction is forbidden");
  SUBCASE("after an outage") {
    scene.clock.at(30ms, [&] {
      scene.api.outage(5s, text_reply(503, ""));
      scene.api.fault("", "/api/v1/", forbidden, 12);
    });
    CHECK(scene.drain().result == StepResult::done);
  }
  SUBCASE("out of the blue") {
    scene.api.fault("POST", "/eviction", forbidden, 1'000);
    const auto outcome = scene.drain();
    CHECK(outcome.result == StepResult::failed);
    CHECK(has(outcome.detail, "pods/eviction is forbidden"));
    CHECK(scene.clock.moment().since_start < 2s);
  }
}

TEST_CASE("an accepted eviction whose answer is lost is not repeated") {
  OutageScene scene;
  scene.api.fault("POST", "/web-7/eviction", no_reply(http::FaultKind::timeout), 1, true);
  CHECK(scene.drain().result == StepResult::done);
  CHECK(scene.api.count("POST", "/web-7/eviction") == 1);
}

TEST_CASE("an eviction that got lost on the way is repeated after a look") {
  OutageScene scene;
  scene.api.fault("POST", "/web-7/eviction", no_reply(http::FaultKind::reset), 1, false);
  CHECK(scene.drain().result == StepResult::done);
  CHECK(scene.api.count("POST", "/web-7/eviction") == 2);
}

TEST_CASE("a lost answer and a pod re-created under its name elsewhere: the new one stays") {
  OutageScene scene;
  scene.api.fault("POST", "/web-7/eviction", no_reply(http::FaultKind::timeout), 1, true);
  scene.api.pod_stop = 1ms;
  scene.api.on_pod_gone = [&](const Json& pod) {
    scene.api.add_pod("shop", text_at(pod, {"metadata", "name"}), "worker-2");
  };
  CHECK(scene.drain().result == StepResult::done);
  CHECK(scene.api.count("POST", "/web-7/eviction") == 1);
  CHECK(scene.api.find("/api/v1/namespaces/shop/pods/web-7") != nullptr);
}

TEST_CASE("a throttling server is obeyed") {
  OutageScene scene;
  scene.api.fault("POST", "/eviction", text_reply(429, "Too many requests", {{"Retry-After", "2"}}),
                  30);
  CHECK(scene.drain().result == StepResult::done);
  CHECK(scene.clock.moment().since_start >= 2s);
}

TEST_CASE("a watch that has died without a word costs seconds, not the drain") {
  OutageScene scene;
  scene.clock.at(20ms, [&] { scene.api.freeze_watches(); });
  CHECK(scene.drain().result == StepResult::done);
  CHECK(scene.clock.moment().since_start < 40s);
}

TEST_CASE("a drain that begins while the server is away waits for it") {
  OutageScene scene;
  scene.api.outage(2min, no_reply(http::FaultKind::refused));
  CHECK(scene.drain().result == StepResult::done);
}

TEST_CASE("stopping is obeyed during an outage, too") {
  OutageScene scene;
  scene.clock.at(60ms, [&] { scene.api.outage(9min, text_reply(503, "")); });
  scene.watch.stop = [&] { return scene.clock.moment().since_start > 20s; };
  CHECK(scene.drain().result == StepResult::interrupted);
  CHECK(scene.clock.moment().since_start < 30s);
}
