// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "tests/unit/node/script_world.h"

namespace lockkeeper::node {
namespace {

const std::string kHolds = "containerd.io kubeadm kubectl kubelet";

/// Runs the upgrade, which must fail with these words and leave the holds as they were.
void fails_with(ScriptWorld& world, const std::string& words) {
  const auto run = world.run(Action::upgrade);
  INFO(run.output);
  CHECK(run.status != 0);
  CHECK(run.output.contains(words));
  CHECK(world.holds() == kHolds);
  CHECK(world.read("fake/timers/apt-daily.timer") == "active\n");
}

}  // namespace

TEST_CASE("a release that the repository lacks changes nothing") {
  ScriptWorld world;
  world.fake("available", "kubeadm 1.34.70-1.1\n");
  fails_with(world, "failed: kubeadm 1.34.7 is not in the package repository of this node");
  CHECK(world.calls("kubeadm").empty());
}

TEST_CASE("a repository that fails stops the script with apt's words") {
  ScriptWorld world;
  world.fake("update-fails", "W: GPG error: https://pkgs.k8s.io InRelease: EXPKEYSIG 234654DA\n");
  fails_with(world, "failed: apt-get update: GPG error: https://pkgs.k8s.io InRelease: EXPKEYSIG");
  world.fake("update-fails", "");
  fails_with(world, "failed: apt-get update: it failed without a word");
}

TEST_CASE("a source of another minor says which stage is missing") {
  ScriptWorld world;
  world.plan.target = {1, 35, 1, ""};
  fails_with(world, "the apt source is for 1.34, not 1.35: stage repo comes first");
}

TEST_CASE("a simulation that removes or changes other packages is refused") {
  ScriptWorld world;
  world.fake("simulated", "Remv kubernetes-cni [1.4.0]\n");
  fails_with(world, "it removes kubernetes-cni");
  world.fake("simulated", "Inst libc6 [2.36-9] (2.36-10 Debian [amd64])\n");
  fails_with(world, "it changes libc6");
  CHECK(world.installed("kubeadm") == "1.34.2-1.1");
  world.fake("simulated",
             "Inst conntrack (1.4.7 Debian [amd64])\n"
             "Inst cri-tools [1.33.0] (1.34.0 Kubernetes [amd64])\n");
  CHECK(world.run(Action::upgrade).status == 0);
}

TEST_CASE("a package that does not install leaves the holds, and a second start finishes") {
  for (const std::string package : {"kubeadm", "kubelet", "kubectl"}) {
    CAPTURE(package);
    ScriptWorld world;
    world.fake("broken-" + package);
    fails_with(world, "Sub-process /usr/bin/dpkg returned an error code");
    world.unfake("broken-" + package);
    const auto run = world.run(Action::upgrade);
    CHECK(run.status == 0);
    CHECK(run.notes.at("previous_kubeadm") == "1.34.2-1.1");
    CHECK(world.holds() == kHolds);
  }
}

TEST_CASE("a script killed at any package leaves its holds to the part afterwards") {
  for (const std::string package : {"kubeadm", "kubelet", "kubectl"}) {
    CAPTURE(package);
    ScriptWorld world;
    world.fake("killed-at-" + package);
    fails_with(world, "installing");
    world.unfake("killed-at-" + package);
    CHECK(world.run(Action::upgrade).status == 0);
    CHECK(world.holds() == kHolds);
  }
}

TEST_CASE("holds that even a power cut took off come back with the next start") {
  ScriptWorld world;
  world.fake("holds", "containerd.io\n");
  world.put("var/lib/lockkeeper/holds", "kubeadm\nkubectl\nkubelet\n");
  CHECK(world.run(Action::upgrade).status == 0);
  CHECK(world.holds() == kHolds);
  CHECK_FALSE(std::filesystem::exists(world.root() / "var/lib/lockkeeper/holds"));
}

TEST_CASE("holds that cannot be put back fail the step and are not forgotten") {
  ScriptWorld world;
  world.fake("hold-fails");
  const auto run = world.run(Action::upgrade);
  CHECK(run.status == 1);
  CHECK(run.output.contains("sudo apt-mark hold kubeadm kubectl kubelet"));
  world.unfake("hold-fails");
  CHECK(world.run(Action::upgrade).status == 0);
  CHECK(world.holds() == kHolds);
}

TEST_CASE("a failed apply is not followed by a new kubelet") {
  ScriptWorld world(Role::control_plane_first);
  world.fake("kubeadm-fails");
  fails_with(world, "failed: kubeadm upgrade apply ended with 1");
  CHECK(world.installed("kubelet") == "1.34.2-1.1");
  CHECK(world.calls("systemctl restart").empty());
  world.unfake("kubeadm-fails");
  CHECK(world.run(Action::upgrade).status == 0);
}

TEST_CASE("a kubeadm that says success and changes nothing is not believed") {
  ScriptWorld world(Role::control_plane_first);
  world.fake("kubeadm-noop");
  fails_with(world, "kubeadm reports success, but the manifests");
  CHECK(world.installed("kubelet") == "1.34.2-1.1");
}

TEST_CASE("an apply that was finished is not repeated when a later part has failed") {
  ScriptWorld world(Role::control_plane_first);
  world.fake("broken-kubelet");
  fails_with(world, "Sub-process");
  world.unfake("broken-kubelet");
  world.fake("plan", "up to date\n");
  CHECK(world.run(Action::upgrade).status == 0);
  CHECK(world.calls("kubeadm upgrade apply").size() == 1);
}

TEST_CASE("a plan that offers something else, or nothing without reason, stops before apply") {
  ScriptWorld world(Role::control_plane_first);
  world.fake("plan", "\tkubeadm upgrade apply v1.34.9\n");
  fails_with(world, "kubeadm upgrade plan offers 1.34.9, not 1.34.7");
  world.fake("plan", "up to date\n");
  fails_with(world, "offers nothing, and this control plane is not at 1.34.7");
  world.fake("plan-fails");
  world.fake("plan", "[ERROR CoreDNSMigration]: unknown plugin\n");
  fails_with(world, "kubeadm upgrade plan: [ERROR CoreDNSMigration]: unknown plugin");
  CHECK(world.calls("kubeadm upgrade apply").empty());
}

TEST_CASE("a kubelet that dies, loops, or runs its old program is not proven") {
  ScriptWorld dead;
  dead.fake("dead-kubelet");
  fails_with(dead, "failed: kubelet: it does not come up (state failed/running)");
  ScriptWorld looping;
  looping.fake("looping-kubelet");
  fails_with(looping, "failed: kubelet: it ends and is restarted again and again");
  ScriptWorld replaced;
  replaced.fake("replaced-kubelet");
  fails_with(replaced, "failed: kubelet: it still runs the program that was replaced");
}

TEST_CASE("a runtime that the packages took down is noticed") {
  ScriptWorld world;
  const auto script = world.run(Action::upgrade);
  CHECK(script.status == 0);
  ScriptWorld down;
  down.fake("unit/containerd/ActiveState", "failed\n");
  CHECK(down.run(Action::upgrade).status == 0);  // it was down before: not our doing
}

TEST_CASE("a dpkg interrupted by somebody else is left to a person, one by us is repaired") {
  ScriptWorld world;
  world.fake("audit", "These are half configured:\n kubelet  Node agent\n");
  fails_with(world, "dpkg is not in order: kubelet Node agent; repair it first");
  ScriptWorld ours;
  ours.fake("killed-at-kubelet");
  ours.run(Action::upgrade);
  ours.unfake("killed-at-kubelet");
  ours.fake("audit", "These are half configured:\n kubelet  Node agent\n");
  CHECK(ours.run(Action::upgrade).status == 0);
  CHECK(ours.calls("dpkg --force-confdef --force-confold --configure -a").size() == 1);
  ScriptWorld mixed;
  mixed.fake("killed-at-kubelet");
  mixed.run(Action::upgrade);
  mixed.unfake("killed-at-kubelet");
  mixed.fake("audit", "These are half configured:\n kubelet  Node agent\n postgresql  Database\n");
  fails_with(mixed, "dpkg is not in order: postgresql");
}

TEST_CASE("a script without the right arguments does nothing") {
  ScriptWorld world;
  world.plan.target.build = "k3s1";
  fails_with(world, "failed: release '1.34.7+k3s1' is not X.Y.Z");
  CHECK(world.calls("apt").empty());
}

}  // namespace lockkeeper::node
