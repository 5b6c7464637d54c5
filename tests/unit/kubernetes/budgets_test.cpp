// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/budgets.h"

#include <doctest/doctest.h>

#include "fake_api.h"

using namespace lockkeeper;
using namespace lockkeeper::kubernetes;
using namespace lockkeeper::kubernetes::test;

namespace {

Budget budget(const std::string& min, const std::string& max, std::int64_t expected,
              std::int64_t desired) {
  Budget made;
  made.space = "shop";
  made.name = "web";
  made.min_available = min;
  made.max_unavailable = max;
  made.expected = expected;
  made.desired = desired;
  made.current = true;
  return made;
}

}  // namespace

TEST_CASE("a budget that can never allow an eviction says why") {
  CHECK(permanent_block(budget("", "0", 3, 3)) == "maxUnavailable 0 never allows an eviction");
  CHECK(permanent_block(budget("", "0%", 3, 3)) == "maxUnavailable 0% never allows an eviction");
  CHECK(permanent_block(budget("100%", "", 3, 3)) == "minAvailable 100% never allows an eviction");
  CHECK(permanent_block(budget("1", "", 1, 1)) == "minAvailable 1 needs its only pod healthy");
  CHECK(permanent_block(budget("5", "", 3, 5)) == "minAvailable 5 needs all 3 pods healthy");
  CHECK(permanent_block(budget("80%", "", 2, 2)) == "minAvailable 80% needs all 2 pods healthy");
  auto broken = budget("", "1", 0, 0);
  broken.sync_failure = "found no controllers for pod \"x\"";
  CHECK(permanent_block(broken) ==
        "its numbers cannot be computed: found no controllers for pod \"x\"");
}

TEST_CASE("a budget that is only exhausted just now blocks nothing for ever") {
  CHECK(permanent_block(budget("2", "", 3, 2)).empty());
  CHECK(permanent_block(budget("", "1", 3, 2)).empty());
  CHECK(permanent_block(budget("", "10%", 5, 4)).empty());
  auto behind = budget("3", "", 3, 3);  // the spec has changed, the status not yet
  behind.current = false;
  CHECK(permanent_block(behind).empty());
  CHECK(permanent_block(budget("1", "", 0, 1)).empty());  // matches no pod
}

TEST_CASE("blocking budgets are found in the cluster, two on one pod included") {
  Scene scene;
  const Json web = {{"matchLabels", {{"app", "web"}}}};
  scene.api.add_budget("shop", "web", web, 0);  // needs 3 of 3
  scene.api.add_budget("shop", "all", Json::object(), 2);
  scene.api.change("/apis/policy/v1/namespaces/shop/poddisruptionbudgets/all",
                   [](Json& json) { json["status"]["desiredHealthy"] = 1; });
  scene.api.add_budget("idle", "none", web, 0);
  scene.api.change("/apis/policy/v1/namespaces/idle/poddisruptionbudgets/none",
                   [](Json& json) { json["status"]["expectedPods"] = 0; });
  scene.api.add_pod("shop", "web-1", "n1");
  scene.api.add_pod("shop", "web-2", "n1");
  scene.api.add_pod("shop", "api-1", "n1");
  const auto blocking = blocking_budgets(scene.client);
  REQUIRE(blocking.has_value());
  REQUIRE(blocking->size() == 2);
  CHECK(blocking->at(0).name == "shop/web");
  CHECK(blocking->at(0).why == "minAvailable 3 needs all 3 pods healthy");
  CHECK(blocking->at(1).name == "shop/all");
  CHECK(blocking->at(1).why ==
        "pod shop/web-1 is also covered by budget shop/web; a pod with two budgets cannot be "
        "evicted");
  CHECK(scene.api.count("GET", "/namespaces/idle/pods") == 0);
}
