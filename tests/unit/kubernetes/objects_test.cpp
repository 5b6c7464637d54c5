// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/objects.h"

#include <doctest/doctest.h>

using namespace lockkeeper;
using namespace lockkeeper::kubernetes;

TEST_CASE("a node's facts come from its object") {
  const auto node = node_of(parse_lean(R"({
    "metadata": {"name": "cp-1", "uid": "u1", "managedFields": [{"a": 1}],
      "labels": {"node-role.kubernetes.io/control-plane": ""},
      "annotations": {"lockkeeper.io/cordoned-by": "r-1"}},
    "spec": {"unschedulable": true},
    "status": {
      "addresses": [{"type": "Hostname", "address": "cp-1"},
                    {"type": "InternalIP", "address": "10.0.0.1"},
                    {"type": "InternalIP", "address": "fd00::1"}],
      "images": [{"names": ["x"]}],
      "conditions": [
        {"type": "MemoryPressure", "status": "False"},
        {"type": "DiskPressure", "status": "Unknown"},
        {"type": "PIDPressure", "status": "True"},
        {"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-20T17:35:37Z"}],
      "nodeInfo": {"kubeletVersion": "v1.34.2+k3s1", "bootID": "b1",
                   "containerRuntimeVersion": "containerd://1.7.27"}}})"));
  CHECK(node.name == "cp-1");
  CHECK(node.uid == "u1");
  CHECK(node.address == "10.0.0.1");
  CHECK(node.control_plane);
  CHECK(node.kubelet_text == "v1.34.2+k3s1");
  REQUIRE(node.kubelet.has_value());
  CHECK(node.kubelet->patch == 2);
  CHECK(node.runtime == "containerd://1.7.27");
  CHECK(node.ready == Condition::yes);
  CHECK(node.ready_changed == "2026-11-20T17:35:37Z");
  CHECK(node.pressures == std::vector<std::string>{"DiskPressure", "PIDPressure"});
  CHECK(node.unschedulable);
  CHECK(node.cordoned_by == "r-1");
  CHECK(node.boot_id == "b1");
}

TEST_CASE("what a node does not say is unknown, never fine") {
  for (const auto* text : {"{}", "[]", "null", R"({"status":{"conditions":[1,{"type":"Ready"}]}})",
                           R"({"metadata":[],"spec":3,"status":{"conditions":{}}})"}) {
    const auto node = node_of(parse_json(text));
    CHECK(node.ready == Condition::unknown);
    CHECK_FALSE(node.kubelet.has_value());
    CHECK(node.address.empty());
  }
}

TEST_CASE("a pod's facts come from its object") {
  const auto pod = pod_of(parse_lean(R"({
    "metadata": {"name": "db-0", "namespace": "db", "uid": "p1", "labels": {"app": "db"},
      "annotations": {"lockkeeper.io/protected": "true",
        "cluster-autoscaler.kubernetes.io/safe-to-evict": "false"},
      "finalizers": ["example.com/keep"], "deletionTimestamp": "2026-11-20T17:35:37Z",
      "ownerReferences": [
        {"kind": "Node", "name": "x", "apiVersion": "v1"},
        {"kind": "StatefulSet", "name": "db", "apiVersion": "apps/v1", "uid": "s1",
         "controller": true}]},
    "spec": {"nodeName": "worker-1", "priority": 1000, "terminationGracePeriodSeconds": 3600,
      "containers": [{"image": "registry/db:1"}],
      "volumes": [{"name": "a", "hostPath": {}}, {"name": "b", "emptyDir": {"medium": "Memory"}}]},
    "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}})"));
  CHECK(pod.full_name() == "db/db-0");
  CHECK(pod.controlled_by() == "StatefulSet db/db");
  CHECK(pod.controller->uid == "s1");
  CHECK(pod.priority == 1000);
  CHECK(pod.grace_seconds == 3600);
  CHECK(pod.empty_dir);
  CHECK(pod.is_protected);
  CHECK_FALSE(pod.safe_to_evict);
  CHECK(pod.ready);
  CHECK(pod.leaving());
  CHECK_FALSE(pod.finished());
  CHECK_FALSE(pod.daemon());
  CHECK_FALSE(pod.mirror);
  CHECK(pod.finalizers == std::vector<std::string>{"example.com/keep"});
}

TEST_CASE("only apps/v1 DaemonSets make daemon pods") {
  const auto pod = [](const std::string& version) {
    return pod_of({{"metadata",
                    {{"ownerReferences",
                      {{{"kind", "DaemonSet"}, {"apiVersion", version}, {"controller", true}}}}}}});
  };
  CHECK(pod("apps/v1").daemon());
  CHECK_FALSE(pod("extensions/v1beta1").daemon());
  CHECK(pod_of({{"metadata", {{"annotations", {{"kubernetes.io/config.mirror", "abc"}}}}}}).mirror);
}

TEST_CASE("a selector means its labels and its expressions together") {
  const auto selector = selector_of(parse_json(R"({
    "matchLabels": {"app": "web"},
    "matchExpressions": [
      {"key": "tier", "operator": "In", "values": ["front", "edge"]},
      {"key": "canary", "operator": "DoesNotExist"},
      {"key": "zone", "operator": "NotIn", "values": ["z9"]},
      {"key": "owner", "operator": "Exists"}]})"));
  const StringMap good = {{"app", "web"}, {"tier", "edge"}, {"owner", "ana"}};
  CHECK(selector.matches(good));
  const auto with = [&](const std::string& key, const std::string& value) {
    auto labels = good;
    labels[key] = value;
    return selector.matches(labels);
  };
  CHECK(with("zone", "z1"));
  CHECK_FALSE(with("zone", "z9"));
  CHECK_FALSE(with("canary", ""));
  CHECK_FALSE(with("tier", "back"));
  CHECK_FALSE(with("app", "api"));
  CHECK_FALSE(selector.matches({{"app", "web"}, {"tier", "edge"}}));
}

TEST_CASE("an absent selector matches nothing, an empty one everything, an odd one nothing") {
  CHECK_FALSE(selector_of(Json()).matches({{"a", "b"}}));
  CHECK(selector_of(Json::object()).matches({{"a", "b"}}));
  CHECK_FALSE(selector_of(parse_json(R"({"matchExpressions":[{"key":"a","operator":"Near"}]})"))
                  .matches({{"a", "b"}}));
}

TEST_CASE("a budget's facts come from its object, percentages and numbers alike") {
  const auto budget = budget_of(parse_json(R"({
    "metadata": {"name": "web", "namespace": "shop", "generation": 3},
    "spec": {"selector": {"matchLabels": {"app": "web"}}, "maxUnavailable": "10%"},
    "status": {"observedGeneration": 2, "disruptionsAllowed": 1, "currentHealthy": 9,
      "desiredHealthy": 8, "expectedPods": 10,
      "conditions": [{"type": "DisruptionAllowed", "status": "False", "reason": "SyncFailed",
                      "message": "no controllers"}]}})"));
  CHECK(budget.full_name() == "shop/web");
  CHECK(budget.max_unavailable == "10%");
  CHECK(budget.min_available.empty());
  CHECK_FALSE(budget.current);
  CHECK(budget.allowed == 1);
  CHECK(budget.desired == 8);
  CHECK(budget.sync_failure == "no controllers");
  Pod pod;
  pod.space = "shop";
  pod.labels = {{"app", "web"}};
  CHECK(budget.covers(pod));
  pod.space = "other";
  CHECK_FALSE(budget.covers(pod));
  CHECK(budget_of(parse_json(R"({"spec":{"minAvailable":2}})")).min_available == "2");
}
