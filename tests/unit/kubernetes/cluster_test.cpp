// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/cluster.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "fake_api.h"
#include "integrations/kubernetes/role.h"

using namespace lockkeeper;
using namespace lockkeeper::kubernetes;
using namespace lockkeeper::kubernetes::test;

namespace {

struct ClusterScene : Scene {
  KubernetesSettings settings;
  ClusterScene() {
    api.put("/version", {{"gitVersion", "v1.34.2"}});
    api.put("/api/v1/namespaces/lockkeeper",
            {{"metadata",
              {{"annotations",
                {{"lockkeeper.io/run", "r-1"}, {"lockkeeper.io/kill-switch", "stop"}}}}}});
  }
  void lease(const std::string& node, const std::string& renewed) {
    api.put("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/" + node,
            {{"spec", {{"renewTime", renewed}}}});
  }
};

Json* conditions(Json& pod) {
  return &pod["status"]["conditions"][0]["status"];
}

}  // namespace

TEST_CASE("a look brings every node with its lease, the version and our annotations") {
  ClusterScene scene;
  for (int i = 0; i < 450; ++i)
    scene.api.add_node("n" + std::to_string(i), i == 7);
  scene.lease("n7", "2026-11-20T18:39:59.123456Z");
  const auto facts = look(scene.client, scene.settings);
  REQUIRE(facts.has_value());
  CHECK(facts->nodes.size() == 450);
  CHECK(facts->taken == FakeClock::kStart);
  CHECK(facts->api_server_text == "v1.34.2");
  CHECK(facts->api_server->minor == 34);
  CHECK(facts->namespace_found);
  CHECK(facts->run == "r-1");
  CHECK(facts->kill == "stop");
  int leases = 0;
  for (const auto& node : facts->nodes)
    leases += node.lease_renewed.empty() ? 0 : 1;
  CHECK(leases == 1);
  CHECK(scene.api.count("GET", "/api/v1/nodes?") == 3);
}

TEST_CASE("a namespace that is not there is a fact, one that may not be read is a failure") {
  ClusterScene scene;
  scene.api.remove("/api/v1/namespaces/lockkeeper");
  const auto facts = look(scene.client, scene.settings);
  REQUIRE(facts.has_value());
  CHECK_FALSE(facts->namespace_found);
  scene.api.fault("GET", "/namespaces/lockkeeper", status_reply(403, "Forbidden", "no"));
  CHECK(look(scene.client, scene.settings).error().what == "not allowed (403): no");
}

TEST_CASE("leases that may not be read are missing, not fatal") {
  ClusterScene scene;
  scene.api.add_node("n1", false);
  scene.api.fault("GET", "/leases", status_reply(403, "Forbidden", "no"));
  const auto facts = look(scene.client, scene.settings);
  REQUIRE(facts.has_value());
  CHECK(facts->nodes.at(0).lease_renewed.empty());
}

TEST_CASE("an unreachable server is one clear line") {
  ClusterScene scene;
  scene.api.outage(std::chrono::hours(1), no_reply(http::FaultKind::refused));
  const auto facts = look(scene.client, scene.settings, {});
  CHECK(facts.error().what == "https://fake:6443: refused");
}

TEST_CASE("a node looked at closely tells what is not ready on it") {
  ClusterScene scene;
  scene.api.add_node("cp-1", false);
  scene.lease("cp-1", "2026-11-20T18:39:59Z");
  const auto mirror = [&](const std::string& component, const std::string& image, bool ready) {
    scene.api.add_pod("kube-system", component + "-cp-1", "cp-1", [&](Json& pod) {
      pod["metadata"].erase("ownerReferences");
      pod["metadata"]["annotations"]["kubernetes.io/config.mirror"] = "x";
      pod["metadata"]["labels"]["component"] = component;
      pod["spec"]["containers"][0]["image"] = image;
      if (!ready) *conditions(pod) = "False";
    });
  };
  mirror("kube-apiserver", "registry.k8s.io/kube-apiserver:v1.34.7", true);
  mirror("kube-scheduler", "registry.k8s.io/kube-scheduler:v1.34.2", true);
  mirror("kube-controller-manager", "r:5000/kcm:v1.34.7@sha256:abc", true);
  mirror("etcd", "registry.k8s.io/etcd:3.6.4-0", true);
  scene.api.add_pod("kube-system", "proxy-x", "cp-1", [](Json& pod) {
    pod["metadata"]["ownerReferences"][0]["kind"] = "DaemonSet";
    *conditions(pod) = "False";
  });
  scene.api.add_pod("shop", "web-1", "cp-1", [](Json& pod) { *conditions(pod) = "False"; });
  Plan plan;
  plan.target = *parse_version("1.34.7");

  const auto health = examine(scene.client, "cp-1", plan);
  REQUIRE(health.has_value());
  CHECK(health->node.name == "cp-1");
  CHECK(health->node.lease_renewed == "2026-11-20T18:39:59Z");
  CHECK(health->daemons_not_ready == std::vector<std::string>{"kube-system/proxy-x"});
  CHECK(health->control_plane_not_ready.empty());
  CHECK(health->control_plane_outdated ==
        std::vector<std::string>{"kube-system/kube-scheduler-cp-1 (v1.34.2)"});
  CHECK(health->api_server->patch == 2);
  CHECK(health->api_ready);

  scene.api.fault("GET", "/readyz", text_reply(500, "[-]etcd failed"));
  mirror("etcd", "registry.k8s.io/etcd:3.6.4-0", false);
  const auto worse = examine(scene.client, "cp-1", plan);
  CHECK_FALSE(worse->api_ready);
  CHECK(worse->control_plane_not_ready == std::vector<std::string>{"kube-system/etcd-cp-1"});
  scene.api.fault("GET", "/readyz", status_reply(403, "Forbidden", "anonymous"));
  CHECK(examine(scene.client, "cp-1", plan)->api_ready);
  CHECK(examine(scene.client, "gone", plan).error().what.starts_with("gone: GET /api/v1/nodes"));
}

TEST_CASE("workloads count what should run, and name the owners of what does not") {
  ClusterScene scene;
  for (int i = 0; i < 10; ++i)
    scene.api.add_pod("shop", "web-" + std::to_string(i), "n1");
  const auto odd = [&](const std::string& name, const std::function<void(Json&)>& edit) {
    scene.api.add_pod("shop", name, "n1", [&](Json& pod) {
      *conditions(pod) = "False";
      edit(pod);
    });
  };
  odd("done-1", [](Json& pod) { pod["status"]["phase"] = "Succeeded"; });
  odd("dead-1", [](Json& pod) { pod["status"]["phase"] = "Failed"; });
  odd("bye-1", [](Json& pod) { pod["metadata"]["deletionTimestamp"] = "x"; });
  odd("crash-1", [](Json&) {});
  odd("new-1", [](Json& pod) { pod["status"]["phase"] = "Pending"; });
  odd("off-1", [](Json& pod) { pod["status"]["phase"] = "Pending"; });
  odd("idle-1", [](Json& pod) {
    pod["metadata"]["ownerReferences"][0]["kind"] = "Job";
    pod["metadata"]["ownerReferences"][0]["apiVersion"] = "batch/v1";
  });
  odd("bare-1", [](Json& pod) {
    pod["metadata"].erase("ownerReferences");
    pod["status"]["phase"] = "Pending";
  });
  scene.api.put("/apis/apps/v1/namespaces/shop/replicasets/new", {{"spec", {{"replicas", 3}}}});
  scene.api.put("/apis/apps/v1/namespaces/shop/replicasets/crash", {{"spec", {{"replicas", 1}}}});
  scene.api.put("/apis/apps/v1/namespaces/shop/replicasets/off", {{"spec", {{"replicas", 0}}}});
  scene.api.put("/apis/batch/v1/namespaces/shop/jobs/idle", {{"spec", {{"suspend", true}}}});
  const auto facts = workloads(scene.client);
  REQUIRE(facts.has_value());
  CHECK(facts->pods_ready == 10);
  CHECK(facts->pods_wanted == 13);  // crash, new and bare besides
  CHECK(facts->pending == std::vector<std::string>{"shop/Pod/bare-1", "shop/ReplicaSet/new"});
  CHECK(scene.api.count("GET", "/replicasets/") == 3);
}

TEST_CASE("missing rights are named before a run needs them") {
  ClusterScene scene;
  Settings settings;
  const auto allowed = [](bool yes) { return json_reply({{"status", {{"allowed", yes}}}}, 201); };
  scene.api.fault("POST", "selfsubjectaccessreviews", allowed(true), 3);
  scene.api.fault("POST", "selfsubjectaccessreviews", allowed(false));
  scene.api.fault("POST", "selfsubjectaccessreviews", allowed(true), 19);
  scene.api.fault("POST", "selfsubjectaccessreviews", allowed(false));
  const auto missing = missing_rights(scene.client, settings);
  REQUIRE_MESSAGE(missing.has_value(), missing.error().what);
  CHECK(*missing ==
        std::vector<std::string>{"patch nodes", "patch namespaces in namespace lockkeeper"});
}
