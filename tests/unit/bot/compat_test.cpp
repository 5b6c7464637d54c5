// SPDX-License-Identifier: Apache-2.0
#include "bot/compat.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "bot/compat_addons.h"
#include "tests/unit/bot/compat_world.h"

namespace lockkeeper {
namespace {

using std::chrono::hours;
using testing::fit_cluster;
using testing::fit_facts;
using testing::kCompatNow;

CompatReport judged(const CompatFacts& facts, Minor target = {1, 35},
                    const CompatSettings& settings = {},
                    const ClusterFacts& cluster = fit_cluster(), const std::string& goal = {}) {
  return judge_compat(facts, cluster, target, goal, settings, kCompatNow);
}

/// The rows of one subject, "blocked: words".
std::string told(const CompatReport& report, std::string_view subject) {
  std::string text;
  for (const auto& row : report.rows)
    if (row.subject == subject)
      text += (text.empty() ? "" : " | ") + std::string(to_string(row.answer)) + ": " + row.words;
  return text;
}

std::string addon(std::string_view image, std::string_view subject, Minor target = {1, 35}) {
  auto facts = fit_facts();
  facts.images->push_back({std::string(image), {}, {}});
  return told(judged(facts, target), subject);
}

}  // namespace

TEST_CASE("a cluster that is fit is ok, and the table says how old the data are") {
  const auto report = judged(fit_facts());
  CHECK(report.answer() == CompatAnswer::ok);
  CHECK_FALSE(report.blocks());
  CHECK(compat_text(report) ==
        "compatibility with 1.35: ok (data of 2026-10-22, 30 days old)\n"
        "  ok       deprecated APIs: none that 1.35 removes is requested (1 API server asked)\n"
        "  ok       containerd: master1, node1, node2: containerd 2.1.4 will do\n"
        "  ok       cgroup: master1, node1, node2: cgroup v2");
}

TEST_CASE("a patch is not judged, whatever runs") {
  auto facts = fit_facts();
  facts.images->push_back({"quay.io/calico/node:v3.26.1", {}, {}});
  const auto report = judged(facts, {1, 34});
  CHECK_FALSE(report.minor_jump);
  CHECK_FALSE(report.blocks());
  CHECK(compat_text(report) == "1.34: no minor jump from what runs, nothing to judge");
}

TEST_CASE("the oldest node decides whether it is a minor jump") {
  auto cluster = fit_cluster();
  cluster.nodes[2].kubelet = parse_version("v1.33.9").value();
  CHECK(judged(fit_facts(), {1, 34}, {}, cluster).minor_jump);
  cluster.nodes[2].kubelet.reset();
  CHECK(told(judged(fit_facts(), {1, 34}, {}, cluster), "versions") ==
        "unknown: what the cluster runs cannot be read");
}

TEST_CASE("an addon on either side of its limit") {
  CHECK(addon("quay.io/calico/node:v3.30.0", "calico") == "ok: 3.30.0 is tested up to 1.35");
  CHECK(addon("quay.io/calico/node:v3.29.6", "calico") == "blocked: 3.29.6 is tested up to 1.32");
  CHECK(addon("quay.io/calico/node:v3.31.1", "calico", {1, 36}) ==
        "blocked: 3.31.1 is tested up to 1.35");
  CHECK(addon("quay.io/calico/node:v3.20.0", "calico") ==
        "blocked: 3.20.0 is older than anything known");
}

TEST_CASE("blocked says what is required and how to clear it") {
  auto facts = fit_facts();
  facts.images->push_back({"quay.io/calico/node:v3.29.6", {}, {}});
  const auto report = judged(facts);
  CHECK(report.blocks());
  const auto& row = report.rows.front();
  CHECK(row.current == "3.29.6");
  CHECK(row.required == "3.30 or newer");
  CHECK(row_text(row) ==
        "calico: 3.29.6 is tested up to 1.32; to clear: bring calico to 3.30 or newer");
  CHECK(blocks_in_short(report) == "calico (blocked)");
}

TEST_CASE("where no known version goes further there is nothing to do but wait") {
  CHECK(addon("ghcr.io/kyverno/kyverno:v1.19.2", "kyverno", {1, 36}) ==
        "waiting: 1.19.2 is supported up to 1.35, and no known version goes further yet");
}

TEST_CASE("a version beyond the data is unknown, which blocks") {
  CHECK(addon("quay.io/cilium/cilium:v1.19.1", "cilium")
            .starts_with("unknown: 1.19.1 is newer than what the data know (1.18)"));
  // Between two rows the lower one's limit still holds, as far as it goes.
  CHECK(addon("quay.io/jetstack/cert-manager-controller:v1.15.3", "cert-manager", {1, 35})
            .starts_with("blocked: 1.15.3 is supported up to 1.28"));
}

TEST_CASE("a version that cannot be read is unknown") {
  for (const auto* image : {"quay.io/calico/node:latest", "quay.io/calico/node",
                            "quay.io/calico/node@sha256:0123", "quay.io/calico/node:4f2a1c9"}) {
    CAPTURE(image);
    CHECK(addon(image, "calico").starts_with("unknown: its version cannot be told"));
  }
  auto facts = fit_facts();
  facts.images = fail("forbidden");
  CHECK(told(judged(facts), "addons") ==
        "unknown: what runs in the cluster cannot be read: forbidden");
}

TEST_CASE("a mirror in front, a port and a digest behind do not hide an addon") {
  CHECK(addon("registry.local:5000/quay/calico/node:v3.29.6@sha256:00", "calico")
            .starts_with("blocked"));
  CHECK(addon("calico/node:v3.29.6", "calico").starts_with("blocked"));
  CHECK(addon("example.com/notcalico/node:v3.29.6", "calico").empty());
  CHECK(image_name("registry.local:5000/app") == "registry.local:5000/app");
}

TEST_CASE("a fork shows by its labels, a job of other makers does not count beside the image") {
  auto facts = fit_facts();
  facts.images->push_back({"example.com/ours/policy:v7.0.0", "kyverno", "v1.16.0"});
  CHECK(told(judged(facts), "kyverno").starts_with("blocked: 1.16.0"));
  facts.images->push_back({"bitnami/kubectl:1.28.5", "kyverno", ""});
  facts.images->push_back({"ghcr.io/kyverno/kyverno:v1.18.0", "kyverno", ""});
  CHECK(told(judged(facts), "kyverno") == "ok: 1.18.0 is supported up to 1.35");
}

TEST_CASE("of several versions the oldest counts") {
  auto facts = fit_facts();
  facts.images->push_back({"istio/proxyv2:1.29.0", {}, {}});
  facts.images->push_back({"istio/pilot:1.28.4-distroless", {}, {}});
  CHECK(told(judged(facts), "istio") == "blocked: 1.28.4 is supported up to 1.34");
}

TEST_CASE("a deprecated API blocks the release that removes it, and every later one") {
  auto facts = fit_facts();
  facts.servers->front().uses = {{"batch/v1beta1/cronjobs", "1.35"}};
  CHECK(told(judged(facts, {1, 35}), "api batch/v1beta1/cronjobs") ==
        "blocked: is still requested, and 1.35 removes it");
  CHECK(judged(facts, {1, 36}).blocks());
  facts.servers->front().uses = {{"batch/v1beta1/cronjobs", "1.36"}};
  CHECK_FALSE(judged(facts, {1, 35}).blocks());
  facts.servers->front().uses = {{"batch/v1beta1/cronjobs", ""}};
  CHECK_FALSE(judged(facts, {1, 35}).blocks());
  facts.servers->front().uses = {{"batch/v1beta1/cronjobs", "soon"}};
  CHECK(judged(facts, {1, 35}).answer() == CompatAnswer::unknown);
}

TEST_CASE("the use of any API server counts, once") {
  auto facts = fit_facts();
  facts.servers->front().uses = {{"policy/v1beta1/podsecuritypolicies", "1.25"}};
  facts.servers->push_back(facts.servers->front());
  facts.servers->push_back({"master3", {}, kCompatNow - hours(30), {}});
  const auto report = judged(facts);
  CHECK(told(report, "api policy/v1beta1/podsecuritypolicies") ==
        "blocked: is still requested, and 1.25 removes it");
  CHECK(report.rows.front().required == "none (Pod Security Admission)");
}

TEST_CASE("an API server that has just started knows too little") {
  auto facts = fit_facts();
  facts.servers->front().started = kCompatNow - hours(23);
  const auto report = judged(facts);
  CHECK(told(report, "deprecated APIs") ==
        "unknown: API server master1 counts requests only since 2026-11-20T10:00:00Z");
  CHECK(report.rows.front().clear == "wait until 2026-11-21T10:00:00Z");
  facts.servers->front().started = kCompatNow - hours(24);
  CHECK_FALSE(judged(facts).blocks());
  facts.servers->front().started.reset();
  CHECK(judged(facts).answer() == CompatAnswer::unknown);
}

TEST_CASE("an API server that cannot be read is unknown, and so is having found none") {
  auto facts = fit_facts();
  facts.servers->front().failure = "403 forbidden";
  CHECK(told(judged(facts), "deprecated APIs") == "unknown: API server master1: 403 forbidden");
  facts.servers->clear();
  CHECK(judged(facts).answer() == CompatAnswer::unknown);
  facts.servers = fail("no route");
  CHECK(told(judged(facts), "deprecated APIs") == "unknown: no route");
}

TEST_CASE("containerd must reach the floor of its own line") {
  const auto with = [](const char* runtime, Minor target) {
    auto cluster = fit_cluster();
    cluster.nodes[1].runtime = runtime;
    return judged(fit_facts(), target, {}, cluster).answer();
  };
  CHECK(with("containerd://1.7.24", {1, 35}) == CompatAnswer::ok);
  CHECK(with("containerd://1.7.23", {1, 35}) == CompatAnswer::blocked);
  CHECK(with("containerd://1.6.36", {1, 35}) == CompatAnswer::blocked);
  CHECK(with("containerd://2.0.3", {1, 35}) == CompatAnswer::blocked);
  CHECK(with("containerd://2.0.4", {1, 35}) == CompatAnswer::ok);
  CHECK(with("containerd://2.2.0", {1, 35}) == CompatAnswer::ok);
  CHECK(with("containerd://1.7.27", {1, 36}) == CompatAnswer::warn);
  CHECK(with("containerd://1.7.27", {1, 38}) == CompatAnswer::blocked);
  CHECK(with("cri-o://1.34.1", {1, 35}) == CompatAnswer::warn);
  CHECK(with("containerd://main", {1, 35}) == CompatAnswer::unknown);
  CHECK(with("", {1, 35}) == CompatAnswer::unknown);
}

TEST_CASE("a control plane that a run brings level first is judged by where it will be") {
  auto cluster = fit_cluster();
  cluster.nodes[0].runtime = "containerd://1.6.30";
  CHECK(judged(fit_facts(), {1, 35}, {}, cluster).blocks());
  const auto report = judged(fit_facts(), {1, 35}, {}, cluster, "2.1.4");
  CHECK(told(report, "containerd") ==
        "ok: master1: containerd 2.1.4 will do (brought there first) | "
        "ok: node1, node2: containerd 2.1.4 will do");
  CHECK(judged(fit_facts(), {1, 35}, {}, cluster, "1.7.20").blocks());
}

TEST_CASE("cgroup v1 blocks from 1.35 on, unless the kubelet is told to bear it") {
  auto facts = fit_facts();
  facts.nodes[1].cgroup = "v1";
  CHECK(told(judged(facts), "cgroup").starts_with("blocked: node1: cgroup v1"));
  facts.nodes[1].fail_cgroup_v1 = false;
  CHECK(judged(facts).answer() == CompatAnswer::warn);
  facts.nodes[1].cgroup = "";
  CHECK(judged(facts).answer() == CompatAnswer::unknown);
}

TEST_CASE("a removed flag blocks with its file, unless the upgrade takes it out by itself") {
  auto facts = fit_facts();
  facts.nodes[2].flags = {
      {"kubelet", "--pod-infra-container-image", "/var/lib/kubelet/kubeadm-flags.env"}};
  CHECK_FALSE(judged(facts).blocks());
  facts.nodes[2].flags = {{"kubelet", "--pod-infra-container-image", "/etc/default/kubelet"}};
  CHECK(told(judged(facts), "kubelet --pod-infra-container-image") ==
        "blocked: node2: --pod-infra-container-image in /etc/default/kubelet, which 1.35 has no "
        "more");
  facts = fit_facts();
  facts.nodes[0].gates = {"CSIMigrationPortworx"};
  CHECK_FALSE(judged(facts, {1, 35}).blocks());
  CHECK(judged(facts, {1, 36}).blocks());
}

TEST_CASE("a node that was not looked at is unknown") {
  auto facts = fit_facts();
  facts.nodes.pop_back();
  facts.nodes[0].failure = "no route to host";
  const auto report = judged(facts);
  CHECK(told(report, "node") ==
        "unknown: master1: flags and cgroup are not known: no route to host | "
        "unknown: node2: flags and cgroup are not known: it was not looked at");
}

TEST_CASE("an override counts for its subject and minor until it ends") {
  auto facts = fit_facts();
  facts.images->push_back({"quay.io/calico/node:v3.29.6", {}, {}});
  CompatSettings settings;
  settings.overrides = {
      {"calico-ours", "calico", "1.35", "tried on the test cluster", kCompatNow + hours(1)}};
  const auto report = judged(facts, {1, 35}, settings);
  CHECK_FALSE(report.blocks());
  const auto row = std::ranges::find(report.rows, "calico", &CompatRow::subject);
  REQUIRE(row != report.rows.end());
  CHECK(row->overridden == "tried on the test cluster (blocked), until 2026-11-21");
  CHECK(judged(facts, {1, 36}, settings).blocks());
  settings.overrides.front().expires = kCompatNow;
  CHECK(row_text(judged(facts, {1, 35}, settings).rows.front())
            .ends_with("; [override calico-ours] ended on 2026-11-21"));
}

TEST_CASE("data that cannot be read are unknown, old ones are warned of") {
  auto facts = fit_facts();
  facts.data = fail("addons.json: it is no JSON object");
  CHECK(judged(facts).answer() == CompatAnswer::unknown);
  CompatSettings settings;
  settings.data_age_max = 29 * hours(24);
  CHECK(told(judged(fit_facts(), {1, 35}, settings), "data") ==
        "warn: the data are of 2026-10-22, older than 29d");
}

TEST_CASE("the report as JSON says the same") {
  auto facts = fit_facts();
  facts.images->push_back({"quay.io/calico/node:v3.29.6", {}, {}});
  const auto json = nlohmann::json::parse(compat_json(judged(facts)));
  CHECK(json["target"] == "1.35");
  CHECK(json["answer"] == "blocked");
  CHECK(json["blocks"] == true);
  CHECK(json["rows"][0]["subject"] == "calico");
  CHECK(json["rows"][0]["required"] == "3.30 or newer");
}

TEST_CASE("once the API server is on the target its own count is not asked for again") {
  auto facts = fit_facts();
  facts.servers->front().started = kCompatNow - hours(1);
  auto cluster = fit_cluster();
  cluster.api_server = parse_version("v1.35.1").value();
  const auto report = judged(facts, {1, 35}, {}, cluster);
  CHECK(report.minor_jump);
  CHECK_FALSE(report.blocks());
}

}  // namespace lockkeeper
