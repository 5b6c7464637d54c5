// SPDX-License-Identifier: Apache-2.0
#include "integrations/node/node_steps.h"

#include <doctest/doctest.h>

#include "integrations/system/real_clock.h"
#include "tests/unit/node/script_world.h"
#include "tests/unit/ssh/job_world.h"

namespace lockkeeper::node {
namespace {

/// A step on a node behind a real sshd.
struct World {
  ssh::Sshd sshd;
  ScriptWorld scripts;
  system::RealClock clock;
  ssh::TestWatch watch;

  World() {
    scripts.settings.ssh = sshd.settings();
    scripts.settings.upgrade.after_node = "echo \"hook on $NODE\"";
  }
};

}  // namespace

TEST_CASE("a step is observed, acted out over SSH, and observed as done") {
  SKIP_WITHOUT_SSHD();
  World world;
  NodeSteps steps(world.scripts.settings, world.clock);
  const auto context = world.scripts.context(Action::hook);
  CHECK(steps.observe(context).state == Observed::not_started);
  const auto outcome = steps.act(context, world.watch);
  CHECK(outcome.step == 12);
  CHECK(outcome.result == StepResult::done);
  CHECK(outcome.detail == "node3: the hook is done");
  CHECK(steps.observe(context).state == Observed::done);
  CHECK(ssh::read_text(world.sshd.job("r-1-12") / "log").contains("hook on node3"));
}

TEST_CASE("a step without a fencing number, or with a hostile run, is not begun") {
  SKIP_WITHOUT_SSHD();
  World world;
  NodeSteps steps(world.scripts.settings, world.clock);
  world.scripts.notes.clear();
  auto outcome = steps.act(world.scripts.context(Action::hook), world.watch);
  CHECK(outcome.result == StepResult::failed);
  CHECK(outcome.detail.contains("the run has not claimed the cluster"));
  world.scripts.plan.run = "../../etc";
  CHECK(steps.act(world.scripts.context(Action::hook), world.watch).result == StepResult::failed);
  CHECK(steps.observe(world.scripts.context(Action::hook)).state == Observed::unknown);
}

TEST_CASE("a step that vanished is carried out again only when a person has vouched for it") {
  SKIP_WITHOUT_SSHD();
  World world;
  NodeSteps steps(world.scripts.settings, world.clock);
  auto context = world.scripts.context(Action::hook);
  const auto job = world.sshd.job("r-1-12");
  std::filesystem::create_directories(job / "started");
  ssh::write_text(job / "lock", "");
  ssh::write_text(job / "log", "half way\n");
  CHECK(steps.observe(context).state == Observed::unknown);
  CHECK(steps.observe(context).detail.contains("half way"));
  world.scripts.settings.upgrade.hook_failure_stops = true;
  CHECK(steps.act(context, world.watch).result == StepResult::failed);
  context.vouched = true;
  const auto outcome = steps.act(context, world.watch);
  CHECK(outcome.result == StepResult::done);
  context.vouched = false;
  CHECK(steps.observe(context).state == Observed::done);
}

TEST_CASE("all nodes of a plan are probed, and one that cannot be reached says why") {
  SKIP_WITHOUT_SSHD();
  World world;
  NodeSteps steps(world.scripts.settings, world.clock);
  auto& nodes = world.scripts.plan.nodes;
  nodes.push_back(nodes.front());
  nodes.back().name = "node4";
  nodes.back().address = "";
  const auto probes = steps.probe(world.scripts.plan, world.watch);
  REQUIRE(probes.size() == 2);
  CHECK(probes.at("node3").reached);
  CHECK(probes.at("node3").sudo);
  CHECK(probes.at("node3").package_failure.contains("no apt source of Kubernetes"));
  CHECK_FALSE(probes.at("node4").reached);
  CHECK(probes.at("node4").failure == "'' is not an IP address");
  CHECK(world.watch.saw("of 2 nodes over SSH"));
}

TEST_CASE("a refused sudo is a finding of its own") {
  SKIP_WITHOUT_SSHD();
  World world;
  world.sshd.stand_in("id", "echo 1000");
  world.sshd.stand_in("sudo", "echo 'sudo: a password is required' >&2; exit 1");
  const NodeSteps steps(world.scripts.settings, world.clock);
  const auto probe =
      steps.probe(world.scripts.plan.nodes.front(), world.scripts.plan, ssh::Cancelled());
  CHECK(probe.reached);
  CHECK_FALSE(probe.sudo);
  CHECK(probe.failure.starts_with("sudo refuses user"));
}

TEST_CASE("a probe that breaks off is not taken for a healthy node") {
  SKIP_WITHOUT_SSHD();
  World world;
  world.sshd.stand_in("df", "kill -9 $(ps -o ppid= -p $PPID)");
  const NodeSteps steps(world.scripts.settings, world.clock);
  const auto probe =
      steps.probe(world.scripts.plan.nodes.front(), world.scripts.plan, ssh::Cancelled());
  CHECK(probe.reached);
  CHECK(probe.package_failure.contains("could not be looked at"));
}

}  // namespace lockkeeper::node
