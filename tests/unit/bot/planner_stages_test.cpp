// SPDX-License-Identifier: Apache-2.0

// Plans of some stages only, the stage `containerd`, and what a digest stands for.

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "bot/plan_json.h"
#include "bot/planner.h"
#include "tests/unit/bot/small_cluster.h"

namespace lockkeeper::test {
namespace {

using Actions = std::vector<Action>;

Actions actions(const Plan& plan) {
  Actions all;
  for (const auto& step : plan.steps)
    all.push_back(step.action);
  return all;
}

/// A control plane one containerd behind its workers.
ClusterFacts containerd_behind() {
  auto facts = cluster();
  at(facts, "cp-1").runtime = "containerd://1.6.33";
  return facts;
}

}  // namespace

TEST_CASE("preflight alone only checks, postflight alone only confirms") {
  CHECK(actions(plan_of(cluster(), "1.34.7 --stages preflight")) == Actions{Action::check});
  CHECK(actions(plan_of(cluster(1, 2, kPatch), "1.34.7 --stages postflight")) ==
        Actions{Action::confirm});
}

TEST_CASE("whatever changes the cluster claims it before and gives it back behind") {
  CHECK(actions(plan_of(cluster(), "1.34.7 --stages preflight,snapshot")) ==
        Actions{Action::check, Action::claim, Action::snapshot, Action::release});
}

TEST_CASE("the control plane alone may be done, and its workers later") {
  const auto plan = plan_of(cluster(), "1.34.7 --stages preflight,snapshot,master");
  CHECK(actions(plan) == Actions{Action::check, Action::claim, Action::prune, Action::snapshot,
                                 Action::cordon, Action::drain, Action::upgrade,
                                 Action::await_ready, Action::uncordon, Action::soak,
                                 Action::release});
}

TEST_CASE("a dry run may look at any stages") {
  const auto plan = plan_of(cluster(), "1.34.7 --dry-run --stages master");
  CHECK(plan.dry_run);
  CHECK(plan.steps.front().action == Action::claim);
}

TEST_CASE("containerd on the control plane is brought level with the workers first") {
  auto facts = containerd_behind();
  at(facts, "worker-2").runtime = "containerd://1.7.25";
  const auto plan = plan_of(facts);
  CHECK(plan.containerd_target == "1.7.25");  // the workers' oldest that is newer
  const auto& step = step_of(plan, Action::containerd, "cp-1");
  CHECK(step.stage == Stage::containerd);
  CHECK(step.number < step_of(plan, Action::upgrade, "cp-1").number);
  CHECK(step_of(plan, Action::snapshot).number < step.number);
  CHECK(plan.steps[static_cast<std::size_t>(step.number)].action == Action::await_ready);
}

TEST_CASE("containerd stays as it is when it is level, ahead, unknown, or not asked for") {
  auto facts = cluster();
  CHECK(plan_of(facts).containerd_target.empty());
  at(facts, "cp-1").runtime = "containerd://2.1.0";
  CHECK(plan_of(facts).containerd_target.empty());
  at(facts, "cp-1").runtime = "cri-o://1.30.0";
  CHECK(plan_of(facts).containerd_target.empty());
  const auto chosen = "1.34.7 --stages preflight,snapshot,repo,master,workers,postflight";
  CHECK(plan_of(containerd_behind(), chosen).containerd_target.empty());
}

TEST_CASE("of several control planes only those behind get containerd") {
  auto facts = cluster(2, 1);
  at(facts, "cp-2").runtime = "containerd://1.6.33";
  const auto plan = plan_of(facts);
  std::set<std::string> nodes;
  for (const auto& step : plan.steps) {
    if (step.stage == Stage::containerd) nodes.insert(step.node);
  }
  CHECK(nodes == std::set<std::string>{"cp-2"});
}

TEST_CASE("a control plane that is only to be finished gets no containerd either") {
  auto facts = containerd_behind();
  facts.api_server = kPatch;
  runs(at(facts, "cp-1"), kPatch);
  at(facts, "cp-1").unschedulable = true;
  at(facts, "cp-1").cordoned_by = "r-old";
  const auto plan = plan_of(facts);
  CHECK(std::ranges::find(plan.steps, Stage::containerd, &Step::stage) == plan.steps.end());
}

TEST_CASE("a digest changes with whatever changes the plan, and not with the run's id") {
  const auto plan = small_plan();
  const auto seal = digest(plan);
  CHECK(seal.size() == 8);
  CHECK(seal.find_first_not_of("0123456789abcdef") == std::string::npos);
  auto same = make_plan(cluster(), order("1.34.7"), settings(), "r-another").value();
  CHECK(digest(same) == seal);

  std::set<std::string> seals = {seal};
  const auto changed = [&](auto change) {
    Plan other = plan;
    change(other);
    return seals.insert(digest(other)).second;
  };
  CHECK(changed([](Plan& other) { other.cluster = "work"; }));
  CHECK(changed([](Plan& other) { other.from.patch = 1; }));
  CHECK(changed([](Plan& other) { other.target.patch = 8; }));
  CHECK(changed([](Plan& other) { other.kind = UpgradeKind::minor; }));
  CHECK(changed([](Plan& other) { other.dry_run = true; }));
  CHECK(changed([](Plan& other) { other.takes_over = "r-old"; }));
  CHECK(changed([](Plan& other) { other.containerd_target = "1.7.27"; }));
  CHECK(changed([](Plan& other) { other.nodes.front().uid = "another"; }));
  CHECK(changed([](Plan& other) { other.nodes.front().address = "10.0.0.9"; }));
  CHECK(changed([](Plan& other) { other.nodes.front().finish_only = true; }));
  CHECK(changed([](Plan& other) { std::swap(other.nodes[1], other.nodes[2]); }));
  CHECK(changed([](Plan& other) { other.steps.back().limit += Millis(1); }));
  CHECK(changed([](Plan& other) { other.steps.pop_back(); }));
}

TEST_CASE("what the plan does not depend on leaves its digest alone") {
  auto facts = cluster();
  facts.taken += std::chrono::hours(1);
  at(facts, "worker-1").lease_renewed = "2026-11-20T12:00:10Z";
  at(facts, "worker-1").boot_id = "b";
  CHECK(digest(plan_of(facts)) == digest(small_plan()));
}

TEST_CASE("a plan is written so that it reads back as the same") {
  for (const auto* words : {"1.34.7", "1.35.1", "1.34.7 --dry-run --stages preflight"}) {
    auto plan = plan_of(containerd_behind(), words);
    plan.cluster = "a \"quoted\" \\ name\nZ\xC3\xBCrich";
    const auto again = decode_plan(encode_plan(plan));
    REQUIRE(again);
    CHECK(*again == plan);
  }
}

TEST_CASE("a name that is no UTF-8 cannot make a plan unwritable") {
  auto plan = small_plan();
  plan.cluster = "Z\xFCrich";
  const auto again = decode_plan(encode_plan(plan));
  REQUIRE(again);
  CHECK(again->cluster == "Z\xEF\xBF\xBDrich");
  CHECK(digest(plan).size() == 8);
}

TEST_CASE("a plan says which alerts it sets aside, and its digest stands for them") {
  const auto plan = plan_of(cluster(), "1.34.7 --ignore-alert A,B --ignore-for 4h");
  CHECK(plan.ignore_alerts == std::vector<std::string>{"A", "B"});
  CHECK(digest(plan) != digest(plan_of(cluster(), "1.34.7 --ignore-alert A --ignore-for 4h")));
  CHECK(digest(plan) != digest(plan_of(cluster(), "1.34.7 --ignore-alert A,B --ignore-for 5h")));
  CHECK(digest(plan_of(cluster(), "1.34.7 --ignore-for 5h")) == digest(plan_of(cluster())));
  CHECK(decode_plan(encode_plan(plan)).value() == plan);
}

}  // namespace lockkeeper::test
