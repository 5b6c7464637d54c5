// SPDX-License-Identifier: Apache-2.0

// What a plan consists of, and in which order.

#include "bot/planner.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "tests/unit/bot/small_cluster.h"

namespace lockkeeper::test {
namespace {

using Lines = std::vector<std::string>;

/// "workers drain worker-2", one for each step.
Lines told(const Plan& plan) {
  Lines lines;
  for (const auto& step : plan.steps) {
    lines.push_back(fmt::format("{} {}{}{}", to_string(step.stage), to_string(step.action),
                                step.node.empty() ? "" : " ", step.node));
  }
  return lines;
}

Lines of_node(const Plan& plan, std::string_view node) {
  Lines actions;
  for (const auto& step : plan.steps) {
    if (step.node == node) actions.emplace_back(to_string(step.action));
  }
  return actions;
}

bool has(const Plan& plan, Action action) {
  return std::ranges::find(plan.steps, action, &Step::action) != plan.steps.end();
}

}  // namespace

TEST_CASE("a patch goes check, claim, prune, snapshot, control plane, workers, confirm, release") {
  CHECK(told(small_plan()) == Lines{"preflight check",           "preflight claim",
                                    "preflight prune cp-1",      "snapshot snapshot",
                                    "master cordon cp-1",        "master drain cp-1",
                                    "master upgrade cp-1",       "master await-ready cp-1",
                                    "master uncordon cp-1",      "master soak cp-1",
                                    "workers cordon worker-2",   "workers drain worker-2",
                                    "workers upgrade worker-2",  "workers await-ready worker-2",
                                    "workers uncordon worker-2", "workers soak worker-2",
                                    "workers cordon worker-1",   "workers drain worker-1",
                                    "workers upgrade worker-1",  "workers await-ready worker-1",
                                    "workers uncordon worker-1", "workers soak worker-1",
                                    "postflight confirm",        "postflight release"});
}

TEST_CASE("a plan knows what it is for") {
  const auto plan = small_plan();
  CHECK(plan.run == "r-test");
  CHECK(plan.cluster == "home");
  CHECK(plan.from == kOld);
  CHECK(plan.target == kPatch);
  CHECK(plan.kind == UpgradeKind::patch);
  CHECK_FALSE(plan.dry_run);
  CHECK(plan.containerd_target.empty());
  REQUIRE(plan.node("worker-2") != nullptr);
  CHECK(plan.node("worker-2")->address == "10.0.0.2");
  CHECK(plan.node("worker-2")->uid == "uid-of-worker-2");
  CHECK(plan.node("worker-2")->containerd == "1.7.27");
  CHECK(plan.node("worker-9") == nullptr);
}

TEST_CASE("steps are numbered from one, and each has its limit from the settings") {
  auto with = settings();
  with.upgrade.drain_timeout = std::chrono::minutes(7);
  with.upgrade.script_timeout = std::chrono::minutes(31);
  with.snapshot.timeout = std::chrono::minutes(3);
  const auto plan = plan_of(cluster(), "1.34.7", with);
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    CHECK(plan.steps[i].number == static_cast<int>(i) + 1);
    CHECK(plan.steps[i].limit > Millis(0));
  }
  CHECK(step_of(plan, Action::drain, "worker-1").limit == std::chrono::minutes(7));
  CHECK(step_of(plan, Action::upgrade, "cp-1").limit == std::chrono::minutes(31));
  CHECK(step_of(plan, Action::snapshot).limit == std::chrono::minutes(3));
}

TEST_CASE("a minor points apt at the target's repository on every node before the first upgrade") {
  const auto plan = plan_of(cluster(), "1.35.1");
  CHECK(plan.kind == UpgradeKind::minor);
  CHECK(step_of(plan, Action::repository, "cp-1").number > step_of(plan, Action::snapshot).number);
  CHECK(step_of(plan, Action::repository, "worker-1").number <
        step_of(plan, Action::cordon, "cp-1").number);
  CHECK(of_node(plan, "worker-2").front() == "repository");
  CHECK_FALSE(has(small_plan(), Action::repository));
}

TEST_CASE("a node that is there already is left out") {
  auto facts = cluster(1, 3);
  facts.api_server = kPatch;
  runs(at(facts, "cp-1"), kPatch);
  runs(at(facts, "worker-3"), kPatch);
  const auto plan = plan_of(facts);
  CHECK(of_node(plan, "cp-1").empty());
  CHECK(of_node(plan, "worker-3").empty());
  CHECK(plan.nodes.size() == 2);
  CHECK(plan.from == kOld);
}

TEST_CASE("of several control planes the first gets apply, the others follow one at a time") {
  const auto plan = plan_of(cluster(3, 1));
  CHECK(plan.node("cp-1")->role == Role::control_plane_first);
  CHECK(plan.node("cp-2")->role == Role::control_plane);
  CHECK(plan.node("cp-3")->role == Role::control_plane);
  CHECK(step_of(plan, Action::soak, "cp-1").number < step_of(plan, Action::cordon, "cp-2").number);
  CHECK(step_of(plan, Action::soak, "cp-3").number <
        step_of(plan, Action::cordon, "worker-1").number);
}

TEST_CASE("where one control plane is on the target, apply has run: the others only follow") {
  auto facts = cluster(3, 1);
  facts.api_server = kPatch;
  runs(at(facts, "cp-2"), kPatch);
  const auto plan = plan_of(facts);
  CHECK(plan.node("cp-1")->role == Role::control_plane);
  CHECK(plan.node("cp-2") == nullptr);
  CHECK(plan.node("cp-3")->role == Role::control_plane);
}

TEST_CASE("kubelets upgraded by hand under an old API server still get apply") {
  auto facts = cluster(2, 0);
  runs(at(facts, "cp-1"), kPatch);
  runs(at(facts, "cp-2"), kPatch);
  const auto plan = plan_of(facts);
  CHECK(plan.node("cp-1")->role == Role::control_plane_first);
  CHECK(plan.node("cp-2")->role == Role::control_plane);
}

TEST_CASE("a node that an earlier run left cordoned on the target only gets the end of its work") {
  auto facts = cluster();
  facts.api_server = kPatch;
  for (const auto* name : {"cp-1", "worker-2"}) {
    runs(at(facts, name), kPatch);
    at(facts, name).unschedulable = true;
    at(facts, name).cordoned_by = "r-old";
  }
  const auto plan = plan_of(facts);
  CHECK(plan.node("worker-2")->finish_only);
  CHECK(of_node(plan, "worker-2") == Lines{"cordon", "await-ready", "uncordon", "soak"});
  CHECK(of_node(plan, "cp-1") == Lines{"prune", "cordon", "await-ready", "uncordon", "soak"});
  CHECK(plan.node("cp-1")->role == Role::control_plane);
}

TEST_CASE("a node cordoned by a person on the target is none of our business") {
  auto facts = cluster();
  facts.api_server = kPatch;
  runs(at(facts, "worker-2"), kPatch);
  at(facts, "worker-2").unschedulable = true;
  CHECK(plan_of(facts).node("worker-2") == nullptr);
}

TEST_CASE("a bot in a pod steps aside before each drain: it may have moved onto any node") {
  auto with = settings();
  with.kubernetes.own_node = "worker-1";
  with.kubernetes.own_pod = "lockkeeper/lockkeeper-0";
  const auto plan = plan_of(cluster(), "1.34.7", with);
  for (const auto* node : {"worker-1", "worker-2"}) {
    CHECK(of_node(plan, node) ==
          Lines{"cordon", "step-aside", "drain", "upgrade", "await-ready", "uncordon", "soak"});
  }
}

TEST_CASE("hooks run behind the uncordon, where they are configured") {
  auto with = settings();
  with.upgrade.after_control_plane = "restore-flags";
  const auto plan = plan_of(cluster(), "1.34.7", with);
  CHECK(of_node(plan, "cp-1") ==
        Lines{"prune", "cordon", "drain", "upgrade", "await-ready", "uncordon", "hook", "soak"});
  CHECK(of_node(plan, "worker-1").size() == 6);
  with.upgrade.after_node = "greet";
  CHECK(of_node(plan_of(cluster(), "1.34.7", with), "worker-1").size() == 7);
}

TEST_CASE("a claim that a closed run never gave back is taken over") {
  auto facts = cluster();
  facts.run = "r-old";
  CHECK(plan_of(facts).takes_over == "r-old");
}

TEST_CASE("every refusal comes at once") {
  auto with = settings();
  with.upgrade.first = {"gpu"};
  const auto refused = make_plan(cluster(), order("1.34.1"), with, "r-test");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().reasons.size() == 5);
  CHECK_FALSE(refused.error().nothing_to_do);
}

TEST_CASE("five thousand nodes are planned at once") {
  const auto plan = plan_of(cluster(3, 5'000));
  CHECK(plan.nodes.size() == 5'003);
  CHECK(plan.steps.size() == 3U + 5'003 * 6 + 3 + 2);
  CHECK(plan.steps.back().action == Action::release);
}

TEST_CASE("a run's id is unlike any other second's") {
  CHECK(make_run_id(kNoon) == "r-tosuo0");
  CHECK(make_run_id(kNoon + Millis(999)) == make_run_id(kNoon));
  CHECK(make_run_id(kNoon + std::chrono::seconds(1)) != make_run_id(kNoon));
}

TEST_CASE("containerd's version is read from the runtime's name") {
  CHECK(containerd_version("containerd://1.7.27") == "1.7.27");
  CHECK(containerd_version("cri-o://1.34.0").empty());
  CHECK(containerd_version("").empty());
}

}  // namespace lockkeeper::test
