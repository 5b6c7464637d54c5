// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/store.h"

#include <doctest/doctest.h>

#include "tests/lab/apiserver/paging.h"
#include "tests/lab/apiserver/routes.h"
#include "tests/lab/apiserver/wire_time.h"

using namespace lockkeeper::lab;

namespace {

const Resource& maps() {
  return resource("configmaps");
}

Json map_named(const std::string& name, const char* value = "1") {
  return {{"metadata", {{"name", name}, {"namespace", "n"}}}, {"data", {{"v", value}}}};
}

/// The names of the maps as they were at `at`, with their values.
std::string state_at(const Store& store, Revision at) {
  std::string text;
  const bool known = store.visit_at(maps(), at, {}, [&](const Key& key, const ObjectPtr& object) {
    text += key.name + string_at(object->body, "data/v");
    return true;
  });
  return known ? text : "forgotten";
}

}  // namespace

TEST_CASE("every write gets the next version, and one that changes nothing gets none") {
  Store store;
  const Revision start = store.revision();
  REQUIRE(store.create(maps(), map_named("a")).has_value());
  CHECK(store.revision() == start + 1);
  Json same = store.get(maps(), {"n", "a"})->body;
  store.replace(maps(), {"n", "a"}, same);
  CHECK(store.revision() == start + 1);
  same["data"]["v"] = "2";
  CHECK(store.replace(maps(), {"n", "a"}, same)->revision == start + 2);
  CHECK(store.create(maps(), map_named("a")).error().reason == "AlreadyExists");
}

TEST_CASE("earlier states can be visited until they are forgotten") {
  Store store;
  (void)store.create(maps(), map_named("a"));
  (void)store.create(maps(), map_named("c"));
  const Revision early = store.revision();
  store.remove(maps(), {"n", "a"});
  (void)store.create(maps(), map_named("b"));
  store.replace(maps(), {"n", "c"}, map_named("c", "2"));
  CHECK(state_at(store, early) == "a1c1");
  CHECK(state_at(store, store.revision()) == "b1c2");
  store.compact();
  CHECK(state_at(store, early) == "forgotten");
  CHECK(state_at(store, store.revision()) == "b1c2");
}

TEST_CASE("the history is bounded for each resource on its own") {
  Store store;
  store.set_history_limit(3);
  const Revision start = store.revision();
  for (const auto* name : {"a", "b", "c", "d"})
    (void)store.create(maps(), map_named(name));
  CHECK(store.history(maps(), start) == nullptr);
  REQUIRE(store.history(maps(), start + 1) != nullptr);
  CHECK(store.history(maps(), start + 1)->size() == 3);
  CHECK(store.history(resource("pods"), start) != nullptr);
}

TEST_CASE("pods are found by their node and objects by their owner") {
  Store store;
  Json pod = {
      {"metadata", {{"name", "p"}, {"namespace", "n"}, {"ownerReferences", {{{"uid", "u1"}}}}}},
      {"spec", {{"nodeName", "w1"}}}};
  (void)store.create(resource("pods"), pod);
  CHECK(store.pods_on("w1").size() == 1);
  CHECK(store.owned_by("u1").size() == 1);
  Json moved = store.get(resource("pods"), {"n", "p"})->body;
  moved["spec"]["nodeName"] = "w2";
  store.replace(resource("pods"), {"n", "p"}, moved);
  CHECK(store.pods_on("w1").empty());
  CHECK(store.pods_on("w2").size() == 1);
  store.remove(resource("pods"), {"n", "p"});
  CHECK(store.pods_on("w2").empty());
  CHECK(store.owned_by("u1").empty());
}

TEST_CASE("continue tokens say where to go on, and strange ones are refused") {
  const Page page{.from = {"ns", "name"}, .at = 42, .left = 7};
  const auto read = read_continue_token(continue_token(page));
  REQUIRE(read.has_value());
  CHECK(read->from == Key{"ns", "name"});
  CHECK(read->at == 42);
  CHECK(read->left == 7);
  CHECK(read_continue_token(continue_token({.from = {"", "n"}, .any_version = true}))->any_version);
  for (const auto* token : {"", "abc", "!!!!", "e30"})
    CHECK_FALSE(read_continue_token(token).has_value());
}

TEST_CASE("base64url round-trips every length") {
  std::string bytes;
  for (int i = 0; i < 20; ++i) {
    CHECK(from_base64url(to_base64url(bytes)) == bytes);
    bytes += static_cast<char>(i * 37);
  }
}

TEST_CASE("paths name resources, objects and subresources") {
  const auto shown = [](std::string_view path) {
    const auto route = route_of(path);
    if (!route) return std::string("none");
    return std::string(route->resource->plural) + "|" + route->ns + "|" + route->name + "|" +
           route->subresource;
  };
  CHECK(shown("/api/v1/nodes") == "nodes|||");
  CHECK(shown("/api/v1/nodes/w1/status") == "nodes||w1|status");
  CHECK(shown("/api/v1/namespaces/n") == "namespaces||n|");
  CHECK(shown("/api/v1/namespaces/n/status") == "namespaces||n|status");
  CHECK(shown("/api/v1/namespaces/n/pods/p/eviction") == "pods|n|p|eviction");
  CHECK(shown("/apis/apps/v1/namespaces/n/deployments/d/scale") == "deployments|n|d|scale");
  CHECK(shown("/api/v1/pods") == "pods|||");
  for (const auto* path : {"/api/v1/pods/p", "/api/v1/things", "/apis/apps/v2/deployments",
                           "/api/v1/namespaces/n/nodes", "/api/v1/nodes/w1/scale", "/version",
                           "/api/v1/nodes/a/b/c", "/apis/apps/v1"}) {
    CAPTURE(path);
    CHECK(shown(path) == "none");
  }
}

TEST_CASE("times are read in every form that clients write") {
  const auto base = parse_time("2026-02-03T04:05:06Z");
  REQUIRE(base.has_value());
  CHECK(to_seconds(*base) == "2026-02-03T04:05:06Z");
  CHECK(to_micros(*parse_time("2026-02-03T04:05:06.5Z")) == "2026-02-03T04:05:06.500000Z");
  CHECK(parse_time("2026-02-03T05:05:06+01:00") == base);
  CHECK_FALSE(parse_time("yesterday").has_value());
  CHECK_FALSE(parse_time("").has_value());
}
