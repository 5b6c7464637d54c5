// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/mirror.h"

#include <doctest/doctest.h>

#include <set>

#include "fake_api.h"

using namespace lockkeeper;
using namespace lockkeeper::kubernetes;
using namespace lockkeeper::kubernetes::test;
using namespace std::chrono_literals;

namespace {

/// A mirror of the pods on one node, as a set of names.
struct PodsScene : Scene {
  std::unique_ptr<Lanes> lanes = api.lanes(4);
  std::set<std::string> names;
  int lists = 0;
  int troubles = 0;
  int contacts = 0;
  Mirror mirror{client,
                *lanes,
                {"/api/v1/pods", "fieldSelector=spec.nodeName%3Dworker-1"},
                {[this](const std::vector<Json>& items) {
                   ++lists;
                   names.clear();
                   for (const auto& item : items)
                     names.insert(text_at(item, {"metadata", "name"}));
                 },
                 [this](const WatchEvent& event) {
                   const auto name = text_at(event.object, {"metadata", "name"});
                   if (event.type == WatchEvent::Type::deleted)
                     names.erase(name);
                   else
                     names.insert(name);
                 },
                 [this](const ApiFailure&) { ++troubles; }, [this] { ++contacts; }}};

  void run(Millis duration) {
    const Moment until = clock.moment() + duration;
    while (clock.moment() < until) {
      mirror.tick();
      lanes->turn(std::min<Millis>(100ms, until - clock.moment()));
    }
  }
  void remove(const std::string& name) { api.remove("/api/v1/namespaces/shop/pods/" + name); }
};

using Names = std::set<std::string>;

}  // namespace

TEST_CASE("a mirror lists once and then follows events") {
  PodsScene scene;
  scene.api.add_pod("shop", "web-1", "worker-1");
  scene.api.add_pod("shop", "far-1", "worker-2");
  scene.run(1s);
  CHECK(scene.names == Names{"web-1"});
  scene.api.add_pod("shop", "web-2", "worker-1");
  scene.remove("web-1");
  scene.run(1s);
  CHECK(scene.names == Names{"web-2"});
  CHECK(scene.lists == 1);
  CHECK(scene.api.calls.size() == 2);
  CHECK(scene.mirror.listed() == Moment{});
  CHECK(scene.contacts >= 3);
}

TEST_CASE("a mirror reads all pages, and starts over when a page token has expired") {
  PodsScene scene;
  scene.api.page_max = 2;
  for (int i = 0; i < 5; ++i)
    scene.api.add_pod("shop", "web-" + std::to_string(i), "worker-1");
  scene.api.fault("GET", "continue=2", status_reply(410, "Expired", "old"));
  scene.run(3s);
  CHECK(scene.names.size() == 5);
}

TEST_CASE("a broken watch is opened again with a list behind it, and backs off meanwhile") {
  PodsScene scene;
  scene.api.add_pod("shop", "web-1", "worker-1");
  scene.run(1s);
  scene.api.outage(30s, no_reply(http::FaultKind::refused));
  scene.remove("web-1");  // nobody was told
  const auto calls = scene.api.calls.size();
  scene.run(30s);
  CHECK(scene.api.calls.size() - calls < 12);
  CHECK(scene.troubles > 2);
  scene.run(15s);
  CHECK(scene.names.empty());
  CHECK(scene.lists == 2);
}

TEST_CASE("410 at the opening of a watch, and 410 inside it, list anew") {
  PodsScene scene;
  scene.api.add_pod("shop", "web-1", "worker-1");
  scene.api.fault("GET", "watch=1", status_reply(410, "Expired", "too old"));
  scene.run(3s);
  CHECK(scene.lists == 2);
  CHECK(scene.names == Names{"web-1"});
}

TEST_CASE("a watch refused with 429 keeps its place and does not list") {
  PodsScene scene;
  scene.api.fault("GET", "watch=1", text_reply(429, "busy", {{"Retry-After", "3"}}), 2);
  scene.run(20s);
  CHECK(scene.lists == 1);
  CHECK(scene.api.count("GET", "watch=1") == 3);
}

TEST_CASE("a silent watch is taken for dead and listed anew") {
  PodsScene scene;
  scene.api.add_pod("shop", "web-1", "worker-1");
  scene.api.freeze_watches();
  scene.run(1s);
  scene.remove("web-1");
  scene.run(80s);
  CHECK(scene.names == Names{"web-1"});
  scene.run(20s);
  CHECK(scene.names.empty());
}

TEST_CASE("what waiting cannot mend stops the mirror, with the reason") {
  PodsScene scene;
  scene.api.fault("GET", "/pods", status_reply(403, "Forbidden", "pods is forbidden"), 99);
  scene.run(5s);
  REQUIRE(scene.mirror.dead().has_value());
  CHECK(scene.mirror.dead()->what == "not allowed (403): pods is forbidden");
  CHECK(scene.api.calls.size() == 1);
}

TEST_CASE("a list that is asked for is newer than the asking") {
  PodsScene scene;
  scene.api.add_pod("shop", "web-1", "worker-1");
  scene.run(10s);
  scene.mirror.relist();
  scene.run(1s);
  CHECK(scene.lists == 2);
  CHECK(*scene.mirror.listed() >= Moment{10s});
}
