// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/budget.h"

#include <doctest/doctest.h>

#include "tests/lab/apiserver/controllers/placement.h"
#include "tests/lab/apiserver/controllers/workload.h"

using namespace lockkeeper::lab;

namespace {

std::int64_t allowed(const Json& spec, std::int64_t expected, std::int64_t healthy) {
  return allowance(spec, {.expected = expected, .healthy = healthy}).allowed;
}

}  // namespace

TEST_CASE("a budget lets go what is healthy beyond what it needs") {
  CHECK(allowed({{"minAvailable", 3}}, 5, 5) == 2);
  CHECK(allowed({{"minAvailable", 3}}, 5, 2) == 0);
  CHECK(allowed({{"minAvailable", 0}}, 5, 5) == 5);
  CHECK(allowed({{"maxUnavailable", 1}}, 5, 5) == 1);
  CHECK(allowed({{"maxUnavailable", 1}}, 5, 4) == 0);
  CHECK(allowed({{"maxUnavailable", 0}}, 5, 5) == 0);
  CHECK(allowed({{"maxUnavailable", 9}}, 5, 5) == 5);
}

TEST_CASE("percentages are rounded up, in both forms") {
  CHECK(allowance({{"minAvailable", "50%"}}, {.expected = 5, .healthy = 5}).desired == 3);
  CHECK(allowance({{"maxUnavailable", "10%"}}, {.expected = 25, .healthy = 25}).desired == 22);
  CHECK(allowed({{"maxUnavailable", "10%"}}, 25, 25) == 3);
  CHECK(allowed({{"minAvailable", "100%"}}, 4, 4) == 0);
}

TEST_CASE("a budget over no pods allows nothing") {
  CHECK(allowed({{"minAvailable", 0}}, 0, 0) == 0);
}

TEST_CASE("numbers and percentages scale by the whole") {
  const Json percent = "25%";
  CHECK(scaled(&percent, 10, true) == 3);
  CHECK(scaled(&percent, 10, false) == 2);
  const Json number = 4;
  CHECK(scaled(&number, 10, true) == 4);
  CHECK(scaled(nullptr, 10, true) == 0);
}

TEST_CASE("pods choose and tolerate nodes as the scheduler has it") {
  Json node = {
      {"metadata", {{"name", "w1"}, {"labels", {{"disk", "fast"}}}}},
      {"spec", {{"taints", {{{"key", "gpu"}, {"value", "yes"}, {"effect", "NoSchedule"}}}}}}};
  CHECK(chooses({{"nodeSelector", {{"disk", "fast"}}}}, node));
  CHECK_FALSE(chooses({{"nodeSelector", {{"disk", "slow"}}}}, node));
  CHECK_FALSE(tolerates_node(Json::object(), node));
  const Json exact = {
      {"tolerations", {{{"key", "gpu"}, {"value", "yes"}, {"effect", "NoSchedule"}}}}};
  CHECK(tolerates_node(exact, node));
  const Json any = {{"tolerations", {{{"operator", "Exists"}}}}};
  node["spec"]["unschedulable"] = true;
  CHECK(tolerates_node(any, node));
  CHECK_FALSE(tolerates_node(exact, node));
}
