// SPDX-License-Identifier: Apache-2.0
#include "bot/worker_order.h"

#include <doctest/doctest.h>

#include "tests/unit/bot/small_cluster.h"

namespace lockkeeper::test {
namespace {

using Names = std::vector<std::string>;

Names in_order(const ClusterFacts& facts, const Settings& with) {
  Names names;
  for (const auto& worker : in_worker_order(facts.nodes, with.upgrade))
    names.push_back(worker.name);
  return names;
}

}  // namespace

TEST_CASE(
    "workers go by name, descending unless told otherwise, control planes are not among "
    "them") {
  auto with = settings();
  CHECK(in_order(cluster(2, 3), with) == Names{"worker-3", "worker-2", "worker-1"});
  with.upgrade.worker_order = UpgradeSettings::Order::name_ascending;
  CHECK(in_order(cluster(2, 3), with) == Names{"worker-1", "worker-2", "worker-3"});
  CHECK(in_order(cluster(1, 0), with).empty());
}

TEST_CASE("first goes first and last goes last, each in its own order") {
  auto with = settings();
  with.upgrade.first = {"worker-2", "worker-5"};
  with.upgrade.last = {"worker-4", "worker-1"};
  CHECK(in_order(cluster(1, 6), with) ==
        Names{"worker-2", "worker-5", "worker-6", "worker-3", "worker-4", "worker-1"});
  with.upgrade.worker_order = UpgradeSettings::Order::name_ascending;
  CHECK(in_order(cluster(1, 6), with) ==
        Names{"worker-2", "worker-5", "worker-3", "worker-6", "worker-4", "worker-1"});
}

TEST_CASE("a name in both lists goes last: waiting longer is the safer mistake") {
  auto with = settings();
  with.upgrade.first = {"worker-1"};
  with.upgrade.last = {"worker-1"};
  CHECK(in_order(cluster(1, 3), with) == Names{"worker-3", "worker-2", "worker-1"});
}

TEST_CASE("a name that is no worker is refused, with the nearest one") {
  auto with = settings();
  with.upgrade.first = {"worker-1", "wroker-2"};
  with.upgrade.last = {"cp-1", "gpu"};
  CHECK(order_refusals(cluster().nodes, with) ==
        Names{"[upgrade] first names 'wroker-2', which is no worker of this cluster (did you mean "
              "\"worker-2\"?)",
              "[upgrade] last names 'cp-1', which is no worker of this cluster",
              "[upgrade] last names 'gpu', which is no worker of this cluster"});
}

TEST_CASE("a bot on a node of the cluster must be able to step aside") {
  auto with = settings();
  CHECK(order_refusals(cluster().nodes, with).empty());
  with.kubernetes.own_node = "worker-1";
  CHECK(order_refusals(cluster().nodes, with) ==
        Names{"this process runs on worker-1, but [kubernetes] own_pod is not set, so it cannot "
              "step aside"});
  with.kubernetes.own_pod = "lockkeeper/lockkeeper-0";
  CHECK(order_refusals(cluster().nodes, with).empty());
}

TEST_CASE("a bot on the only node has nowhere to go") {
  auto with = settings();
  with.kubernetes.own_node = "cp-1";
  with.kubernetes.own_pod = "lockkeeper/lockkeeper-0";
  CHECK(order_refusals(cluster(1, 0).nodes, with) ==
        Names{"this process runs on cp-1, the only node, and cannot step aside; run it outside the "
              "cluster"});
}

TEST_CASE("an own node that is not in this cluster does not matter") {
  auto with = settings();
  with.kubernetes.own_node = "my-laptop";
  CHECK(order_refusals(cluster().nodes, with).empty());
}

}  // namespace lockkeeper::test
