// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/client.h"

#include <doctest/doctest.h>

#include "fake_api.h"
#include "integrations/kubernetes/list.h"

using namespace lockkeeper;
using namespace lockkeeper::kubernetes;
using namespace lockkeeper::kubernetes::test;
using namespace std::chrono_literals;

namespace {

const std::string kNode = "/api/v1/nodes/worker-1";

}  // namespace

TEST_CASE("a read is repeated while the server is away, within the caller's patience") {
  Scene scene;
  scene.api.add_node("worker-1", false);
  scene.api.outage(20s, no_reply(http::FaultKind::refused));
  const auto node = scene.client.get(kNode, {60s, nullptr});
  REQUIRE(node.has_value());
  CHECK(scene.clock.moment().since_start >= 20s);
  CHECK(scene.clock.moment().since_start < 35s);
  CHECK(scene.api.count("GET", kNode) < 15);
}

TEST_CASE("patience ends, and the failure says how long it lasted") {
  Scene scene;
  scene.api.outage(10min, no_reply(http::FaultKind::refused));
  const auto node = scene.client.get(kNode, {30s, nullptr});
  REQUIRE_FALSE(node.has_value());
  CHECK(node.error().trouble == Trouble::unreachable);
  CHECK(node.error().what.starts_with("https://fake:6443: refused (for 2"));
  CHECK(scene.clock.moment().since_start <= 30s);
}

TEST_CASE("without patience there is one attempt") {
  Scene scene;
  scene.api.outage(10min, text_reply(503, ""));
  CHECK_FALSE(scene.client.get(kNode, {}).has_value());
  CHECK(scene.api.calls.size() == 1);
}

TEST_CASE("whoever waits can be told to stop") {
  Scene scene;
  scene.api.outage(10min, text_reply(503, ""));
  scene.watch.stop = [&] { return scene.clock.moment().since_start > 5s; };
  const auto node = scene.client.get(kNode, {10min, &scene.watch});
  CHECK(node.error().trouble == Trouble::stopped);
  CHECK(scene.clock.moment().since_start < 20s);
}

TEST_CASE("Retry-After is waited for") {
  Scene scene;
  scene.api.add_node("worker-1", false);
  scene.api.fault("GET", kNode, text_reply(429, "busy", {{"Retry-After", "9"}}));
  CHECK(scene.client.get(kNode, {60s, nullptr}).has_value());
  CHECK(scene.clock.moment().since_start >= 9s);
}

TEST_CASE("what waiting cannot mend is not waited for") {
  Scene scene;
  for (const int code : {400, 403, 409, 410, 415, 422}) {
    scene.api.fault("GET", kNode, status_reply(code, "X", "x"));
    CHECK_FALSE(scene.client.get(kNode, {60s, nullptr}).has_value());
  }
  CHECK(scene.clock.moment().since_start == 0s);
}

TEST_CASE("a 401 makes the credentials be read anew, and is tried once more") {
  Scene scene;
  scene.api.add_node("worker-1", false);
  scene.api.fault("GET", kNode, status_reply(401, "Unauthorized", "Unauthorized"));
  CHECK(scene.client.get(kNode).has_value());
  CHECK(scene.api.distrusted == 1);

  scene.api.fault("GET", kNode, status_reply(401, "Unauthorized", "Unauthorized"), 5);
  const auto refused = scene.client.get(kNode, {60s, nullptr});
  CHECK(refused.error().trouble == Trouble::unauthorized);
  CHECK(refused.error().what ==
        "our credentials are not accepted (401 Unauthorized), at https://fake:6443");
  CHECK(scene.clock.moment().since_start == 0s);
}

TEST_CASE("403 and 401 shortly after an outage are waited out, persistent ones are not") {
  Scene scene;
  scene.api.add_node("worker-1", false);
  scene.api.outage(5s, text_reply(503, "shutting down"));
  scene.api.fault("GET", kNode, status_reply(403, "Forbidden", "no rules yet"), 4);
  scene.api.fault("GET", kNode, status_reply(401, "Unauthorized", "no"), 3);
  CHECK(scene.client.get(kNode, {10min, nullptr}).has_value());

  scene.api.fault("GET", kNode, status_reply(403, "Forbidden", "nobody may"), 100'000);
  const auto refused = scene.client.get(kNode, {60min, nullptr});
  CHECK(refused.error().trouble == Trouble::forbidden);
  // The grace counts from the last sign of the outage, not from each refusal.
  CHECK(scene.clock.moment().since_start < 6min);
}

TEST_CASE("a write is attempted once, whatever happens to it") {
  Scene scene;
  ApiRequest request;
  request.method = "POST";
  request.path = "/api/v1/things";
  for (const auto& answer :
       {no_reply(http::FaultKind::timeout), text_reply(503, ""), text_reply(429, "")}) {
    scene.api.calls.clear();
    scene.api.fault("POST", "/things", answer);
    CHECK_FALSE(scene.client.write(request).has_value());
    CHECK(scene.api.calls.size() == 1);
  }
}

TEST_CASE("each warning of the server is passed on once") {
  FakeClock clock;
  FakeApi api(clock);
  std::vector<std::string> told;
  Client client(api, clock, 10s, [&](std::string_view line) { told.emplace_back(line); });
  const http::Headers headers{{"Warning", "299 - \"policy/v1beta1 is deprecated\""},
                              {"warning", "299 - \"other\""},
                              {"Warning", "199 - \"not ours\""}};
  for (int i = 0; i < 3; ++i) {
    api.fault("GET", "/x", text_reply(200, "{}", headers));
    static_cast<void>(client.get("/x"));
  }
  REQUIRE(told.size() == 2);
  CHECK(told[0] == "the API server warns: - \"policy/v1beta1 is deprecated\"");
}

TEST_CASE("lists come in pages, and begin anew when a page token has expired") {
  Scene scene;
  for (int i = 0; i < 25; ++i)
    scene.api.add_node("n" + std::to_string(i), false);
  std::vector<std::string> names;
  int restarts = 0;
  const ListHandlers handlers = {
      [&](const Json& item) { names.push_back(text_at(item, {"metadata", "name"})); },
      [&] {
        names.clear();
        ++restarts;
      }};
  const ListQuery query{"/api/v1/nodes", "", 10};
  REQUIRE(list(scene.client, query, {}, handlers).has_value());
  CHECK(names.size() == 25);
  CHECK(scene.api.count("GET", "/api/v1/nodes?&limit=10") == 3);

  names.clear();
  scene.api.fault("GET", "continue=20", status_reply(410, "Expired", "too old"));
  REQUIRE(list(scene.client, query, {}, handlers).has_value());
  CHECK(names.size() == 25);
  CHECK(restarts == 1);

  scene.api.fault("GET", "/api/v1/nodes", status_reply(410, "Expired", "too old"), 2);
  CHECK(list(scene.client, query, {}, handlers).error().trouble == Trouble::expired);
}

TEST_CASE("pauses grow, spread, and have a ceiling") {
  Backoff a(1);
  Backoff b(2);
  Millis sum{0};
  bool differ = false;
  for (int i = 0; i < 20; ++i) {
    const Millis pause = a.next();
    differ = differ || pause != b.next();
    CHECK(pause >= 400ms);
    CHECK(pause <= 12s);
    sum += pause;
  }
  CHECK(differ);
  CHECK(sum > 60s);
  a.reset();
  CHECK(a.next() <= 1200ms);
}

TEST_CASE("paths are encoded where a name could break them") {
  CHECK(encoded("worker-1.example_x~") == "worker-1.example_x~");
  CHECK(encoded("a/b?c=d e") == "a%2Fb%3Fc%3Dd%20e");
}
