// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "tests/unit/node/script_world.h"

namespace lockkeeper::node {
namespace {

const std::string kHolds = "containerd.io kubeadm kubectl kubelet";

using Lines = std::vector<std::string>;

std::size_t position(const std::vector<std::string>& calls, const std::string& start) {
  const auto at =
      std::ranges::find_if(calls, [&](const auto& call) { return call.starts_with(start); });
  REQUIRE_MESSAGE(at != calls.end(), start);
  return static_cast<std::size_t>(at - calls.begin());
}

}  // namespace

TEST_CASE("a worker is upgraded step by step and its holds are as before") {
  ScriptWorld world;
  const auto run = world.run(Action::upgrade);
  INFO(run.output);
  CHECK(run.status == 0);
  CHECK(world.installed("kubeadm") == "1.34.7-1.2");
  CHECK(world.installed("kubelet") == "1.34.7-1.1");
  CHECK(world.installed("kubectl") == "1.34.7-1.1");
  CHECK(world.holds() == kHolds);
  CHECK(run.notes == Notes{{"holds", "kubeadm kubectl kubelet"},
                           {"previous_kubeadm", "1.34.2-1.1"},
                           {"previous_kubelet", "1.34.2-1.1"},
                           {"previous_kubectl", "1.34.2-1.1"}});
  CHECK(run.output.ends_with("kubelet 1.34.7 runs, process 101\n"));
  CHECK(world.calls("kubeadm upgrade") ==
        Lines{"kubeadm upgrade node --ignore-preflight-errors=CoreDNSMigration "
              "--skip-phases=addon/coredns"});
  const auto calls = world.calls("");
  CHECK(position(calls, "kubeadm upgrade node") < position(calls, "systemctl restart kubelet"));
  CHECK(position(calls, "systemctl daemon-reload") < position(calls, "systemctl restart kubelet"));
}

TEST_CASE("every apt-get waits for the lock, keeps configuration and never removes") {
  ScriptWorld world;
  CHECK(world.run(Action::upgrade).status == 0);
  for (const auto& call : world.calls("apt-get")) {
    CAPTURE(call);
    CHECK(call.contains("-o DPkg::Lock::Timeout=600"));
    CHECK(call.contains("-o APT::Update::Error-Mode=any"));
    CHECK(call.contains("-o Dpkg::Options::=--force-confold"));
    CHECK((call.contains(" -s ") || call.contains(" update ") || call.contains("--no-remove")));
    CHECK_FALSE(call.contains("--allow"));
  }
}

TEST_CASE("a first control plane is planned and applied, others get node") {
  ScriptWorld first(Role::control_plane_first);
  const auto run = first.run(Action::upgrade);
  INFO(run.output);
  CHECK(run.status == 0);
  CHECK(first.calls("kubeadm upgrade") ==
        Lines{"kubeadm upgrade plan v1.34.7 --ignore-preflight-errors=CoreDNSMigration",
              "kubeadm upgrade apply v1.34.7 --yes --ignore-preflight-errors=CoreDNSMigration "
              "--skip-phases=addon/coredns"});
  ScriptWorld second(Role::control_plane);
  CHECK(second.run(Action::upgrade).status == 0);
  CHECK(second.calls("kubeadm upgrade apply").empty());
  CHECK(second.calls("kubeadm upgrade node").size() == 1);
}

TEST_CASE("a second start on a finished node does nothing") {
  ScriptWorld world(Role::control_plane_first);
  CHECK(world.run(Action::upgrade).status == 0);
  world.fake("calls");
  const auto again = world.run(Action::upgrade);
  CHECK(again.status == 0);
  CHECK(again.output == "this node is at 1.34.7 already\n");
  CHECK(world.calls("apt-get").empty());
  CHECK(world.calls("kubeadm").empty());
  CHECK(world.calls("systemctl restart").empty());
  CHECK(world.holds() == kHolds);
}

TEST_CASE("what was not held stays free, also of what is upgraded") {
  ScriptWorld world;
  world.fake("holds", "kubelet\nlinux-image-amd64\n");
  CHECK(world.run(Action::upgrade).status == 0);
  CHECK(world.holds() == "kubelet linux-image-amd64");
  world.fake("holds");
  world.plan.target = {1, 34, 2, ""};
  world.fake("installed/kubeadm", "1.34.1-1.1\n");
  world.fake("installed/kubelet", "1.34.1-1.1\n");
  CHECK(world.run(Action::upgrade).status == 0);
  CHECK(world.holds().empty());
}

TEST_CASE("a node without kubectl gets none") {
  ScriptWorld world;
  world.unfake("installed/kubectl");
  CHECK(world.run(Action::upgrade).status == 0);
  CHECK(world.installed("kubectl").empty());
}

TEST_CASE("apt's timers rest meanwhile, and only those that ran wake up again") {
  ScriptWorld world;
  CHECK(world.run(Action::upgrade).status == 0);
  CHECK(world.calls("systemctl stop") == Lines{"systemctl stop apt-daily.timer"});
  CHECK(world.calls("systemctl start") == Lines{"systemctl start apt-daily.timer"});
}

TEST_CASE("a lock on the lists is waited for") {
  ScriptWorld world;
  world.fake("locks", "3");
  CHECK(world.run(Action::upgrade).status == 0);
  CHECK(world.calls("apt-get -q").size() >= 4);
  world.fake("installed/kubeadm", "1.34.2-1.1\n");
  world.fake("locks", "1000000");
  const auto run = world.run(Action::upgrade);
  CHECK(run.status != 0);
  CHECK(run.output.contains("Could not get lock"));
  CHECK(world.holds() == kHolds);
}

TEST_CASE("a kubelet that may not read its new configuration yet is given time") {
  ScriptWorld world;
  world.fake("forbidden", "2");
  CHECK(world.run(Action::upgrade).status == 0);
  CHECK(world.calls("kubeadm upgrade node").size() == 3);
}

TEST_CASE("only the index of Kubernetes is refreshed, and the rest is not thrown away") {
  ScriptWorld world;
  CHECK(world.run(Action::upgrade).status == 0);
  const auto updates = world.calls("apt-get");
  CHECK(updates.front().contains("-o Dir::Etc::sourcelist=/dev/null"));
  CHECK(updates.front().contains("-o APT::Get::List-Cleanup=0"));
}

}  // namespace lockkeeper::node
