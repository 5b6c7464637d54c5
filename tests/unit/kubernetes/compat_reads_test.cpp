// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/compat_reads.h"

#include <doctest/doctest.h>

#include "fake_api.h"
#include "scratch_folder.h"

using namespace lockkeeper;
using namespace lockkeeper::kubernetes;
using namespace lockkeeper::kubernetes::test;

namespace {

constexpr std::string_view kMetrics =
    "# HELP apiserver_requested_deprecated_apis [STABLE] Gauge of deprecated APIs\n"
    "# TYPE apiserver_requested_deprecated_apis gauge\n"
    "apiserver_requested_deprecated_apis{group=\"batch\",removed_release=\"1.25\","
    "resource=\"cronjobs\",subresource=\"\",version=\"v1beta1\"} 1\n"
    "apiserver_requested_deprecated_apis{group=\"batch\",removed_release=\"1.25\","
    "resource=\"cronjobs\",subresource=\"status\",version=\"v1beta1\"} 1\n"
    "apiserver_requested_deprecated_apis{group=\"\",removed_release=\"\","
    "resource=\"componentstatuses\",subresource=\"\",version=\"v1\"} 1\n"
    "apiserver_requested_deprecated_apis{group=\"policy\",removed_release=\"1.25\","
    "resource=\"x\",subresource=\"\",version=\"v1beta1\"} 0\n"
    "process_start_time_seconds 1.7952e+09\n";

std::string uses_of(const ApiServerUse& found) {
  std::string text;
  for (const auto& use : found.uses)
    text += use.api + ":" + use.removed_in + " ";
  return text;
}

void label(Json& pod, const std::string& name, const std::string& value) {
  pod["metadata"]["labels"][name] = value;
}

}  // namespace

TEST_CASE("each API that was requested is read once, with the release that removes it") {
  const auto found = parse_uses("cp", kMetrics);
  CHECK(found.failure.empty());
  CHECK(uses_of(found) == "batch/v1beta1/cronjobs:1.25 /v1/componentstatuses: ");
  CHECK(to_string(found.started.value()) == "2026-11-20T18:40:00Z");
}

TEST_CASE("a page that is no API server's metrics is a failure, not a clean bill") {
  for (const auto* page : {"", "<html></html>", "process_start_time_seconds 1\n", "go_gc 1\n"})
    CHECK(parse_uses("cp", page).failure == "its /metrics holds no metrics of an API server");
  const auto undated = parse_uses("cp", "apiserver_storage_objects{resource=\"pods\"} 3\n");
  CHECK(undated.failure.empty());
  CHECK_FALSE(undated.started.has_value());
}

TEST_CASE("broken lines neither hide a use nor make one up") {
  const auto found = parse_uses(
      "cp",
      "apiserver_requested_deprecated_apis{group=\"a\",version=\"v1\",resource=\"b\"\n"
      "apiserver_requested_deprecated_apis{group=\"a\",removed_release=\"1.36\",resource=\"b\","
      "version=\"v1\"} NaN\n"
      "process_start_time_seconds soon\n");
  CHECK(uses_of(found) == "a/v1/b:1.36 ");
  CHECK_FALSE(found.started.has_value());
}

TEST_CASE("every image that runs, each once, with what its pods say of themselves") {
  Scene scene;
  for (int i = 0; i < 3; ++i) {
    scene.api.add_pod("kube-system", "calico-" + std::to_string(i), "n1", [](Json& pod) {
      pod["spec"]["containers"] = {{{"image", "quay.io/calico/node:v3.30.1"}}};
      label(pod, "k8s-app", "calico-node");
    });
  }
  scene.api.add_pod("x", "kyverno", "n1", [](Json& pod) {
    pod["spec"]["containers"] = {{{"image", "example/policy:7"}}};
    label(pod, "app.kubernetes.io/name", "kyverno");
    label(pod, "app.kubernetes.io/version", "v1.16.0");
    label(pod, "k8s-app", "other");
  });
  const auto images = running_images(scene.client);
  REQUIRE(images.has_value());
  CHECK(*images == std::vector<RunningImage>{{"example/policy:7", "kyverno", "v1.16.0"},
                                             {"quay.io/calico/node:v3.30.1", "calico-node", ""}});
  scene.api.fault("GET", "/api/v1/pods", status_reply(403, "Forbidden", "no"));
  CHECK_FALSE(running_images(scene.client).has_value());
}

TEST_CASE("with one control plane the server at hand is asked, and a refusal is its failure") {
  Scene scene;
  ClusterFacts facts;
  NodeFacts node;
  node.name = "cp";
  node.control_plane = true;
  facts.nodes = {node};
  scene.api.fault("GET", "/metrics", text_reply(200, std::string(kMetrics)));
  auto uses = api_server_uses(scene.client, {}, facts);
  REQUIRE(uses.has_value());
  REQUIRE(uses->size() == 1);
  CHECK(uses->front().server == "cp");
  CHECK(uses->front().uses.size() == 2);
  scene.api.fault("GET", "/metrics", status_reply(403, "Forbidden", "not you"));
  uses = api_server_uses(scene.client, {}, facts);
  CHECK(uses.value().front().failure.find("not you") != std::string::npos);
}

TEST_CASE("with several control planes each API server is asked at its own address") {
  Scene scene;
  const ScratchFolder folder;
  KubernetesSettings settings;
  settings.kubeconfig =
      folder.write("config",
                   "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
                   "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1', "
                   "insecure-skip-tls-verify: true}}]\n"
                   "users: [{name: u, user: {token: t}}]\n"
                   "contexts: [{name: c, context: {cluster: c, user: u}}]\n");
  ClusterFacts facts;
  for (const auto* name : {"cp-1", "cp-2"}) {
    NodeFacts node;
    node.name = name;
    node.control_plane = true;
    node.address = "127.0.0.1";
    facts.nodes.push_back(node);
    scene.api.add_pod("kube-system", std::string("kube-apiserver-") + name, name, [&](Json& pod) {
      label(pod, "component", "kube-apiserver");
      pod["metadata"]["annotations"]
         ["kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint"] =
             std::string("127.0.0.1:") + (node.name == "cp-1" ? "2" : "3");
    });
  }
  const auto uses = api_server_uses(scene.client, settings, facts, {});
  REQUIRE(uses.has_value());
  REQUIRE(uses->size() == 2);
  CHECK(uses->at(0).server == "cp-1");
  CHECK(uses->at(0).failure.find("https://127.0.0.1:2") != std::string::npos);
  CHECK(uses->at(1).failure.find("https://127.0.0.1:3") != std::string::npos);
  CHECK(scene.api.count("GET", "/metrics") == 0);
}
