// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "integrations/node/probe.h"
#include "tests/unit/node/script_world.h"

namespace lockkeeper::node {
namespace {

Probe probe_of(ScriptWorld& world) {
  const auto run = world.probe();
  INFO(run.output);
  REQUIRE(run.status == 0);
  const auto probe = parse_probe(run.output, world.plan.target);
  REQUIRE(probe.has_value());
  return *probe;
}

}  // namespace

TEST_CASE("the probe of a healthy worker finds the newest revision of exactly the target") {
  ScriptWorld world;
  const auto probe = probe_of(world);
  CHECK(probe.facts.root_free_bytes.value_or(0) > 0);
  CHECK_FALSE(probe.facts.snapshot_free_bytes.has_value());
  CHECK(probe.facts.kubeadm == "1.34.2-1.1");
  CHECK(probe.facts.package == "1.34.7-1.2");
  CHECK(probe.facts.package_failure.empty());
  CHECK(probe.facts.dpkg_audit.empty());
  CHECK_FALSE(probe.facts.plan_offers.has_value());
  CHECK(probe.holds == "containerd.io kubeadm kubectl kubelet");
  CHECK(probe.containerd == "1.7.24-1");
}

TEST_CASE("the probe changes nothing: no install, no hold, no lists of the node") {
  ScriptWorld world(Role::control_plane_first);
  const auto before = world.read("etc/apt/sources.list.d/kubernetes.list");
  probe_of(world);
  CHECK(world.calls("apt-get").size() == 1);
  CHECK(world.calls("apt-get").front() == "apt-get -q update");
  CHECK(world.calls("apt-mark").empty());
  CHECK(world.calls("systemctl").empty());
  CHECK(world.calls("kubeadm upgrade apply").empty());
  CHECK(world.read("etc/apt/sources.list.d/kubernetes.list") == before);
  CHECK_FALSE(std::filesystem::exists(world.root() / "var/lib/lockkeeper"));
}

TEST_CASE("a control plane is asked for its plan, with the flags that plan knows") {
  ScriptWorld world(Role::control_plane_first);
  world.settings.preflight.snapshot_target = "/mnt/backup";
  world.put("etc/kubernetes/manifests/etcd.yaml", "    - --data-dir=/srv/etcd\n");
  world.put("srv/etcd/member/db", std::string(100'000, 'x'));
  auto probe = probe_of(world);
  CHECK(probe.facts.plan_offers == "1.34.7");
  CHECK(probe.facts.etcd_bytes.value_or(0) >= 100'000);
  CHECK(probe.facts.snapshot_free_bytes.value_or(0) > 0);
  CHECK(world.calls("kubeadm upgrade plan") ==
        std::vector<std::string>{
            "kubeadm upgrade plan v1.34.7 --ignore-preflight-errors=CoreDNSMigration"});

  world.fake("plan", "[upgrade] your cluster is up to date\n");
  CHECK(probe_of(world).facts.plan_offers == "");

  world.fake("plan-fails");
  world.fake("plan", "[preflight] Some fatal errors occurred:\n\t[ERROR CoreDNSUnsupported]: no\n");
  probe = probe_of(world);
  CHECK_FALSE(probe.facts.plan_offers.has_value());
  CHECK(probe.facts.plan_failure.contains("[ERROR CoreDNSUnsupported]: no"));
}

TEST_CASE("a component config that wants a person is a failed plan") {
  ScriptWorld world(Role::control_plane_first);
  world.fake("plan",
             "\tkubeadm upgrade apply v1.34.7\n"
             "API GROUP                 CURRENT VERSION   PREFERRED VERSION   MANUAL UPGRADE\n"
             "kubeproxy.config.k8s.io   v1alpha1          v1alpha1            no\n"
             "kubelet.config.k8s.io     v1alpha1          v1beta1             yes\n");
  CHECK(probe_of(world).facts.plan_failure ==
        "the configuration of kubelet.config.k8s.io needs a manual upgrade first");
}

TEST_CASE("flags of the API server that the upgrade would drop are named, changed ones are not") {
  ScriptWorld world(Role::control_plane_first);
  world.fake("diff",
             "--- /etc/kubernetes/manifests/kube-apiserver.yaml\n+++ new manifest\n"
             "@@ -1 +1 @@\n"
             "-    - --oidc-issuer-url=https://dex\n-    - --profiling=true\n"
             "+    - --profiling=false\n-    image: a\n+    image: b\n     - --kept=1\n"
             "--- /etc/kubernetes/manifests/kube-scheduler.yaml\n+++ new manifest\n"
             "-    - --leader-elect=true\n");
  CHECK(probe_of(world).facts.dropped_flags ==
        std::vector<std::string>{"--oidc-issuer-url=https://dex"});
}

TEST_CASE("a repository that does not answer, lacks the release or is unknown is told apart") {
  ScriptWorld world;
  world.fake("update-fails",
             "Err:1 https://pkgs.k8s.io  InRelease\nE: The repository is not signed\n");
  CHECK(probe_of(world).facts.package_failure.contains("The repository is not signed"));
  world.unfake("update-fails");
  world.fake("available", "kubeadm 1.34.70-1.1\n");
  auto probe = probe_of(world);
  CHECK(probe.facts.package.empty());
  world.fake("available", "kubeadm 1.34.7-1.1\n");
  CHECK(probe_of(world).facts.package_failure == "it has no kubelet 1.34.7");
  world.put("etc/apt/sources.list.d/kubernetes.list", "# deb core:/stable:/v1.34/deb\n");
  CHECK(probe_of(world).facts.package_failure.contains("no apt source of Kubernetes"));
  world.put("etc/apt/sources.list.d/old.list",
            "deb https://apt.kubernetes.io/ kubernetes-xenial main\n");
  CHECK(probe_of(world).facts.package_failure.contains("old package repository is gone"));
  std::filesystem::remove(world.root() / "etc/apt/sources.list.d/old.list");
  world.put("etc/apt/sources.list.d/kubernetes.list",
            "deb [trusted=yes] https://pkgs.k8s.io/core:/stable:/v1.34/deb/ /\n");
  CHECK(probe_of(world).facts.package_failure.contains("trusted without a signature"));
}

TEST_CASE("a dpkg that was interrupted is seen") {
  ScriptWorld world;
  world.fake("audit", "The following packages are half configured:\n kubelet   Node agent\n");
  CHECK(probe_of(world).facts.dpkg_audit == "kubelet Node agent");
  world.fake("audit");
  world.put("var/lib/dpkg/updates/0001", "");
  CHECK(probe_of(world).facts.dpkg_audit == "dpkg was interrupted");
}

}  // namespace lockkeeper::node
