// SPDX-License-Identifier: Apache-2.0
#include "integrations/node/node_scripts.h"

#include <doctest/doctest.h>

#include "tests/unit/node/script_world.h"

namespace lockkeeper::node {
namespace {

using Lines = std::vector<std::string>;

/// The last line of a script: the call with its arguments.
std::string call_of(const ScriptWorld& world, Action action) {
  const auto script = script_for(world.context(action), world.settings);
  REQUIRE(script.has_value());
  const std::string text = script->text.substr(0, script->text.size() - 1);
  return text.substr(text.rfind('\n') + 1);
}

}  // namespace

TEST_CASE("each role gets its own call, with kubeadm's flags behind the dashes") {
  ScriptWorld world(Role::control_plane_first);
  const std::string rest =
      " --release 1.34.7 --steady 10 -- --ignore-preflight-errors=CoreDNSMigration "
      "--skip-phases=addon/coredns";
  CHECK(call_of(world, Action::upgrade) == "main --role master-first" + rest);
  world.plan.nodes.front().role = Role::control_plane;
  CHECK(call_of(world, Action::upgrade) == "main --role master" + rest);
  world.plan.nodes.front().role = Role::worker;
  CHECK(call_of(world, Action::upgrade) == "main --role worker" + rest);
  world.settings.upgrade.kubeadm_flags = "";
  CHECK(call_of(world, Action::upgrade) == "main --role worker --release 1.34.7 --steady 10 --");
  world.settings.upgrade.service_steady = Millis{2500};
  CHECK(call_of(world, Action::upgrade) == "main --role worker --release 1.34.7 --steady 3 --");
}

TEST_CASE("the other scripts are called with what the plan and the settings say") {
  ScriptWorld world(Role::control_plane_first);
  CHECK(call_of(world, Action::containerd) == "main --version 1.7.27 --steady 10");
  CHECK(call_of(world, Action::repository) == "main --minor 1.34");
  CHECK(call_of(world, Action::prune) == "main --older-than 4320 --keep 2");
}

TEST_CASE("hostile words stay words") {
  ScriptWorld world;
  world.settings.upgrade.kubeadm_flags = "--patches=$(reboot) ;reboot 'x";
  CHECK(call_of(world, Action::upgrade).ends_with("-- '--patches=$(reboot)' ';reboot' ''\\''x'"));
  world.settings.upgrade.after_node = "echo \"$NODE\"; 'quoted'";
  CHECK(call_of(world, Action::hook) ==
        "main --node node3 --role worker --release 1.34.7 'echo \"$NODE\"; '\\''quoted'\\'''");
}

TEST_CASE("a step that is no node script, or for an unknown node, is refused") {
  ScriptWorld world;
  CHECK_FALSE(script_for(world.context(Action::cordon), world.settings).has_value());
  CHECK_FALSE(script_for(world.context(Action::hook), world.settings).has_value());
  world.plan.nodes.front().name = "other";
  const auto refused = script_for(world.context(Action::upgrade), world.settings);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().what == "the plan does not know node 'node3'");
}

TEST_CASE("a dry run shows the commands that would run") {
  ScriptWorld world(Role::control_plane_first);
  CHECK(would_lines(world.context(Action::upgrade), world.settings).value() ==
        Lines{"on node3: apt-mark unhold, and hold again at the end, what is held of kubeadm "
              "kubelet kubectl cri-tools kubernetes-cni",
              "on node3: apt-get install --no-remove kubeadm=1.34.7-*",
              "on node3: kubeadm upgrade apply v1.34.7 --yes "
              "--ignore-preflight-errors=CoreDNSMigration --skip-phases=addon/coredns",
              "on node3: apt-get install --no-remove kubelet=1.34.7-* kubectl=1.34.7-*",
              "on node3: systemctl daemon-reload && systemctl restart kubelet"});
  world.settings.upgrade.kubeadm_flags = "";
  world.plan.nodes.front().role = Role::worker;
  CHECK(would_lines(world.context(Action::upgrade), world.settings).value()[2] ==
        "on node3: kubeadm upgrade node");
  world.plan.target = {1, 35, 1, ""};
  CHECK(would_lines(world.context(Action::repository), world.settings).value().front() ==
        "on node3: point apt's source of Kubernetes to v1.35 (the old file is kept in "
        "/var/lib/lockkeeper/backup)");
  CHECK(would_lines(world.context(Action::prune), world.settings)
            .value()
            .front()
            .contains("older than 3d, the newest 2 of each kept"));
  CHECK(would_lines(world.context(Action::containerd), world.settings)
            .value()
            .front()
            .contains("containerd.io=1.7.27-*"));
  world.settings.upgrade.after_node = "systemctl restart foo";
  CHECK(would_lines(world.context(Action::hook), world.settings).value() ==
        Lines{"on node3: systemctl restart foo"});
}

TEST_CASE("a control plane runs both hooks, a worker only that of nodes") {
  ScriptWorld world(Role::control_plane_first);
  world.settings.upgrade.after_control_plane = "echo first";
  world.settings.upgrade.after_node = "echo second";
  CHECK(would_lines(world.context(Action::hook), world.settings).value() ==
        Lines{"on node3: echo first", "on node3: echo second"});
  const auto run = world.run(Action::hook);
  CHECK(run.status == 0);
  CHECK(run.output.find("first") < run.output.find("second"));
  world.plan.nodes.front().role = Role::worker;
  CHECK(would_lines(world.context(Action::hook), world.settings).value().size() == 1);
}

TEST_CASE("a failure tells where the log is, what was held, and how to go on") {
  const ScriptWorld world;
  const Outcome failed{
      12, StepResult::failed, "node3: exit status 1: broken", {{"holds", "kubeadm kubelet"}}};
  const auto told = with_advice(failed, world.context(Action::upgrade), world.settings, "r-1-12");
  CHECK(told.result == StepResult::failed);
  CHECK(told.detail ==
        "node3: exit status 1: broken; the whole log is there in "
        "/var/lib/lockkeeper/jobs/r-1-12/log; held before: kubeadm kubelet (`apt-mark showhold` "
        "should list them); a new start goes on from here, finished parts are not repeated");
  const Outcome good{12, StepResult::done, "node3: done", {}};
  CHECK(with_advice(good, world.context(Action::upgrade), world.settings, "r-1-12") == good);
}

TEST_CASE("a failed hook warns or stops, as configured") {
  ScriptWorld world;
  const Outcome failed{12, StepResult::failed, "node3: exit status 1: no", {}};
  auto told = with_advice(failed, world.context(Action::hook), world.settings, "r-1-12");
  CHECK(told.result == StepResult::done);
  CHECK(told.detail.starts_with("the hook failed, going on as on_hook_failure = warn says: node3"));
  CHECK(told.notes.at("hook_failed") == "true");
  const Observation seen{Observed::failed, "node3: job r-1-12 failed", {}};
  CHECK(with_advice(seen, world.context(Action::hook), world.settings, "r-1-12").state ==
        Observed::done);
  world.settings.upgrade.hook_failure_stops = true;
  told = with_advice(failed, world.context(Action::hook), world.settings, "r-1-12");
  CHECK(told.result == StepResult::failed);
  CHECK(with_advice(seen, world.context(Action::hook), world.settings, "r-1-12").state ==
        Observed::failed);
}

}  // namespace lockkeeper::node
