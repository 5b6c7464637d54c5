// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/patch.h"

#include <doctest/doctest.h>

#include "tests/lab/apiserver/apply.h"

using namespace lockkeeper::lab;

namespace {

Json containers(const Json& list) {
  return {{"spec", {{"containers", list}}}};
}

}  // namespace

TEST_CASE("containers are merged by name, and others are kept") {
  const Json pod =
      containers({{{"name", "a"}, {"image", "1"}, {"tty", true}}, {{"name", "b"}, {"image", "1"}}});
  const Json patch = containers({{{"name", "a"}, {"image", "2"}}, {{"name", "c"}, {"image", "3"}}});
  const Json expected = containers({{{"name", "a"}, {"image", "2"}, {"tty", true}},
                                    {{"name", "b"}, {"image", "1"}},
                                    {{"name", "c"}, {"image", "3"}}});
  CHECK(strategic_merge(pod, patch) == expected);
}

TEST_CASE("conditions are merged by type, taints and tolerations are replaced") {
  Json node = {
      {"spec", {{"taints", {{{"key", "a"}}, {{"key", "b"}}}}}},
      {"status", {{"conditions", {{{"type", "Ready"}, {"status", "True"}, {"reason", "r"}}}}}}};
  const Json patch = {{"spec", {{"taints", {{{"key", "c"}}}}}},
                      {"status", {{"conditions", {{{"type", "Ready"}, {"status", "Unknown"}}}}}}};
  const Json merged = strategic_merge(node, patch);
  CHECK(merged["spec"]["taints"] == Json({{{"key", "c"}}}));
  CHECK(merged["status"]["conditions"][0] ==
        Json({{"type", "Ready"}, {"status", "Unknown"}, {"reason", "r"}}));
}

TEST_CASE("directives delete, replace, order and retain") {
  const Json pod = containers({{{"name", "a"}}, {{"name", "b"}}});
  CHECK(strategic_merge(pod, containers({{{"name", "a"}, {"$patch", "delete"}}})) ==
        containers({{{"name", "b"}}}));
  const Json replaced = strategic_merge(pod, {{"spec", {{"$patch", "replace"}, {"x", 1}}}});
  CHECK(replaced == Json({{"spec", {{"x", 1}}}}));
  const Json order = {
      {"spec", {{"$setElementOrder/containers", {{{"name", "b"}}, {{"name", "a"}}}}}}};
  CHECK(strategic_merge(pod, order) == containers({{{"name", "b"}}, {{"name", "a"}}}));
  const Json kept = strategic_merge({{"s", {{"type", "A"}, {"rolling", 1}}}},
                                    {{"s", {{"$retainKeys", {"type"}}, {"type", "B"}}}});
  CHECK(kept == Json({{"s", {{"type", "B"}}}}));
  const Json finalizers =
      strategic_merge({{"finalizers", {"x", "y"}}},
                      {{"$deleteFromPrimitiveList/finalizers", {"x"}}, {"finalizers", {"z"}}});
  CHECK(finalizers["finalizers"] == Json({"y", "z"}));
}

TEST_CASE("null removes, and what did not exist is made without directives") {
  const Json merged =
      strategic_merge({{"a", 1}, {"b", 2}}, {{"a", nullptr}, {"c", {{"d", nullptr}, {"e", 1}}}});
  CHECK(merged == Json({{"b", 2}, {"c", {{"e", 1}}}}));
}

TEST_CASE("each patch type has its own refusals") {
  const Json object = {{"a", 1}};
  const Json failing = Json::array({{{"op", "test"}, {"path", "/a"}, {"value", 2}}});
  CHECK(patched(object, "application/json-patch+json", failing).error().code == 422);
  const Json missing = Json::array({{{"op", "remove"}, {"path", "/b"}}});
  CHECK(patched(object, "application/json-patch+json", missing).error().code == 422);
  const Json nonsense = Json::array({{{"op", "dance"}, {"path", "/a"}}});
  CHECK(patched(object, "application/json-patch+json", nonsense).error().code == 400);
  CHECK(patched(object, "application/json-patch+json", Json::object()).error().code == 400);
  CHECK(patched(object, "application/merge-patch+json", Json::array()).error().code == 400);
  CHECK(patched(object, "text/plain", Json::object()).error().code == 415);
  CHECK(*patched(object, "application/merge-patch+json; charset=utf-8", {{"a", nullptr}}) ==
        Json::object());
}

TEST_CASE("an apply removes what its manager no longer wishes and nobody else owns") {
  const auto apply = [](Json live, const Json& wish, const char* manager, bool force = false) {
    return applied(std::move(live),
                   {.wish = wish, .manager = manager, .api_version = "v1", .force = force});
  };
  Json live = *apply(Json::object(), {{"data", {{"a", "1"}, {"b", "1"}}}}, "one");
  live = *apply(live, {{"data", {{"b", "1"}, {"c", "1"}}}}, "two");
  live = *apply(live, {{"data", {{"c", "1"}}}}, "one");
  // b is still owned by two, a by nobody.
  CHECK(live["data"] == Json({{"b", "1"}, {"c", "1"}}));
  const auto clash = apply(live, {{"data", {{"b", "2"}}}}, "one");
  REQUIRE_FALSE(clash.has_value());
  CHECK(clash.error().code == 409);
  CHECK(clash.error().message == "Apply failed with 1 conflict: conflict with \"two\": .data.b");
  live = *apply(live, {{"data", {{"b", "2"}}}}, "one", true);
  CHECK(live["data"]["b"] == "2");
  CHECK(apply(live, {{"data", {{"b", "3"}}}}, "one").has_value());
}

TEST_CASE("applied lists are owned entry by entry") {
  const Json wish = containers({{{"name", "a"}, {"image", "1"}}, {{"name", "b"}, {"image", "1"}}});
  const ApplyWish first{.wish = wish, .manager = "m", .api_version = "v1"};
  Json live = *applied(Json::object(), first);
  live["spec"]["containers"][0]["tty"] = true;  // somebody else's field
  const Json less = containers({{{"name", "a"}, {"image", "2"}}});
  live = *applied(live, {.wish = less, .manager = "m", .api_version = "v1"});
  CHECK(live["spec"]["containers"] == Json({{{"name", "a"}, {"image", "2"}, {"tty", true}}}));
}
