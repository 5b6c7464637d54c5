// SPDX-License-Identifier: Apache-2.0

// Where a run stands, what the gate and the cluster are asked, and how it ends.

#include "bot/course.h"

#include <doctest/doctest.h>

#include "tests/unit/bot/story.h"

namespace lockkeeper::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using Reasons = std::vector<std::string>;

const Notes kProof = {{"confirmed_versions", "3 of 3 nodes report 1.34.7"},
                      {"confirmed_alerts", "no alert is firing outside the ignored ones"},
                      {"confirmed_pods", "10 of 10 pods ready"}};

Situation before(const Story& story, Action action, std::string_view node, Time now) {
  return situation_at(story.progress(), story.step(action, node), Phase::between, now);
}

bool stands(const Situation& situation, std::string_view node, NodeStanding standing) {
  return situation.nodes.find(node)->second.standing == standing;
}

Millis age(const Situation& situation, std::string_view node) {
  return situation.nodes.find(node)->second.since_change;
}

}  // namespace

TEST_CASE("a run goes forward until a step fails, is cut short, or it is latched") {
  Story story;
  story.does(Action::check).ends(StepResult::skipped, "not needed");
  CHECK_FALSE(winding_down(story.progress()));
  Story failed = story;
  failed.ends(StepResult::failed, "no space");
  CHECK(winding_down(failed.progress()) == "no space");
  Story interrupted = story;
  interrupted.ends(StepResult::interrupted, "cut short by an abort");
  CHECK(winding_down(interrupted.progress()) == "cut short by an abort");
  story.add(Latched{"rule", {"Fatal", "Other"}});
  CHECK(winding_down(story.progress()) == "Fatal; Other");
}

TEST_CASE("what touches nodes asks the gate, in the phase that the rules know it by") {
  const auto phase = [](Action action) {
    return gated_in({1, Stage::workers, action, "worker-1", {}});
  };
  for (const auto action : {Action::claim, Action::prune, Action::snapshot})
    CHECK(phase(action) == Phase::precheck);
  for (const auto action : {Action::cordon, Action::step_aside, Action::drain, Action::repository})
    CHECK(phase(action) == Phase::between);
  for (const auto action : {Action::upgrade, Action::containerd})
    CHECK(phase(action) == Phase::upgrade);
  for (const auto action : {Action::check, Action::await_ready, Action::uncordon, Action::soak,
                            Action::hook, Action::confirm, Action::release})
    CHECK_FALSE(phase(action));
}

TEST_CASE("a node is pending, next, active, done, the phase is told as asked") {
  Story story;
  story.comes_to(Action::cordon, "worker-2");
  const auto now = before(story, Action::cordon, "worker-2", kNoon + hours(2));
  CHECK(now.phase == Phase::between);
  CHECK(now.nodes.size() == 3);
  CHECK(stands(now, "cp-1", NodeStanding::done));
  CHECK(stands(now, "worker-2", NodeStanding::next));
  CHECK(stands(now, "worker-1", NodeStanding::pending));
  story.does(Action::cordon, "worker-2");
  const auto later = before(story, Action::drain, "worker-2", kNoon + hours(2));
  CHECK(stands(later, "worker-2", NodeStanding::active));
}

TEST_CASE("a standing is as old as what made it so") {
  Story story;
  story.comes_to(Action::cordon, "worker-2");
  const Time done = *story.progress().steps[9].ended;  // the soak of cp-1
  story.does(Action::cordon, "worker-2");
  const Time begun = *story.progress().steps[10].begun;
  const Time now = begun + hours(1);
  const auto situation = before(story, Action::drain, "worker-2", now);
  CHECK(age(situation, "cp-1") == now - done);
  CHECK(age(situation, "worker-2") == hours(1));
  CHECK(age(situation, "worker-1") == now - kNoon);
}

TEST_CASE("a wall clock that was set back makes a standing new, never younger than nothing") {
  Story story;
  story.comes_to(Action::drain, "worker-2");
  const auto situation = before(story, Action::drain, "worker-2", kNoon - hours(1));
  CHECK(age(situation, "cp-1") == Millis(0));
  CHECK(age(situation, "worker-2") == Millis(0));
  CHECK(age(situation, "worker-1") == Millis(0));
}

TEST_CASE("a node that was skipped whole was never worked on") {
  Story story;
  story.comes_to(Action::cordon, "worker-2");
  while (story.progress().next()->node == "worker-2")
    story.ends(StepResult::skipped, "it is gone");
  const auto situation = before(story, Action::cordon, "worker-1", kNoon + hours(1));
  CHECK(stands(situation, "worker-2", NodeStanding::pending));
}

TEST_CASE("pruning and the repository do not make a node active") {
  Story story(plan_of(cluster(), "1.35.1"));
  story.comes_to(Action::cordon, "cp-1");
  const auto situation = before(story, Action::cordon, "cp-1", kNoon + hours(1));
  CHECK(stands(situation, "cp-1", NodeStanding::next));
  CHECK(stands(situation, "worker-2", NodeStanding::pending));
}

TEST_CASE("a healthy, unclaimed cluster lets every step go") {
  const Story story;
  CHECK(cluster_verdict(cluster(), story.progress(), story.step(Action::claim)) == Verdict());
  CHECK(cluster_verdict(cluster(), story.progress(), story.step(Action::cordon, "cp-1")) ==
        Verdict());
}

TEST_CASE("the kill switch stops, with the words that stand in it, cut") {
  const Story story;
  auto facts = cluster();
  facts.kill = "ana: not today";
  const auto verdict = cluster_verdict(facts, story.progress(), story.step(Action::claim));
  CHECK(verdict.answer == Answer::stop);
  CHECK(verdict.reasons == Reasons{"the kill switch is set: ana: not today"});
  facts.kill = std::string(10'000, 'k');
  CHECK(cluster_verdict(facts, story.progress(), story.step(Action::claim)).reasons.front().size() <
        300);
}

TEST_CASE(
    "another run's claim stops, ours does not, and one that is taken over may be there "
    "until we have claimed") {
  auto facts = cluster();
  facts.run = "r-old";
  Story story(plan_of(facts));
  CHECK(cluster_verdict(facts, story.progress(), story.step(Action::claim)) == Verdict());
  facts.run = "r-other";
  CHECK(cluster_verdict(facts, story.progress(), story.step(Action::claim)).reasons ==
        Reasons{"run r-other claims the cluster"});
  facts.run = "r-test";  // the claim was made, its outcome lost in a crash
  CHECK(cluster_verdict(facts, story.progress(), story.step(Action::claim)) == Verdict());
  story.does(Action::check).does(Action::claim, {}, {{"fence", "3"}});
  CHECK(cluster_verdict(facts, story.progress(), story.step(Action::drain, "cp-1")) == Verdict());
  facts.run = "r-old";
  CHECK(cluster_verdict(facts, story.progress(), story.step(Action::drain, "cp-1")).answer ==
        Answer::stop);
}

TEST_CASE("a claim that somebody took away stops the run") {
  Story story;
  story.does(Action::check).does(Action::claim, {}, {{"fence", "3"}});
  const auto verdict = cluster_verdict(cluster(), story.progress(), story.step(Action::snapshot));
  CHECK(verdict.answer == Answer::stop);
  CHECK(verdict.reasons == Reasons{"this run's claim is gone from the namespace's annotations"});
}

TEST_CASE("another node that is not Ready holds a cordon and a drain, and no other step") {
  const Story story;
  auto facts = cluster();
  at(facts, "worker-1").ready = Condition::no;
  at(facts, "worker-2").ready = Condition::unknown;
  const auto verdict =
      cluster_verdict(facts, story.progress(), story.step(Action::cordon, "worker-2"));
  CHECK(verdict.answer == Answer::wait);
  CHECK(verdict.reasons == Reasons{"worker-1 is not Ready"});  // worker-2 is judged elsewhere
  CHECK(cluster_verdict(facts, story.progress(), story.step(Action::drain, "cp-1")).reasons ==
        Reasons{"worker-1 is not Ready", "worker-2 is not Ready"});
  CHECK(cluster_verdict(facts, story.progress(), story.step(Action::upgrade, "cp-1")) == Verdict());
  facts.kill = "stop";
  CHECK(cluster_verdict(facts, story.progress(), story.step(Action::drain, "cp-1")).answer ==
        Answer::stop);
}

TEST_CASE("a node that is gone, replaced, or there already is not worked on") {
  const Story story;
  const auto& cordon = story.step(Action::cordon, "worker-2");
  auto facts = cluster();
  CHECK_FALSE(needless(facts, story.progress(), cordon));
  at(facts, "worker-2").uid = "another";
  CHECK(needless(facts, story.progress(), cordon) ==
        "the node was replaced by another one of the same name");
  at(facts, "worker-2").name = "worker-7";
  CHECK(needless(facts, story.progress(), cordon) == "the node is gone from the cluster");
  facts = cluster();
  runs(at(facts, "worker-2"), kPatch);
  CHECK_FALSE(needless(facts, story.progress(), cordon));  // under an old API server
  facts.api_server = kPatch;
  CHECK(needless(facts, story.progress(), cordon) == "it runs 1.34.7 already");
  at(facts, "worker-2").cordoned_by = "r-old";
  CHECK_FALSE(needless(facts, story.progress(), cordon));
}

TEST_CASE("only a node's first step can be needless") {
  const Story story;
  CHECK_FALSE(needless({}, story.progress(), story.step(Action::drain, "worker-2")));
  CHECK_FALSE(needless({}, story.progress(), story.step(Action::claim)));
}

TEST_CASE("a block of containerd is not needless on a node that runs the target") {
  auto facts = cluster();
  at(facts, "cp-1").runtime = "containerd://1.6.33";
  const Story story(plan_of(facts));
  facts.api_server = kPatch;
  runs(at(facts, "cp-1"), kPatch);
  const auto& first = story.step(Action::cordon, "cp-1");
  REQUIRE(first.stage == Stage::containerd);
  CHECK_FALSE(needless(facts, story.progress(), first));
}

TEST_CASE("behind containerd a node must still run what it ran, behind its upgrade the target") {
  auto facts = cluster();
  at(facts, "cp-1").runtime = "containerd://1.6.33";
  const auto plan = plan_of(facts);
  CHECK(expected_kubelet(plan, step_of(plan, Action::await_ready, "cp-1")) == kOld);
  CHECK(expected_kubelet(plan, step_of(plan, Action::await_ready, "worker-1")) == kPatch);
}

TEST_CASE("a run ends as what it came to") {
  const auto with_proof = [] {
    Story story;
    story.comes_to(Action::confirm).does(Action::confirm, {}, kProof);
    return story;
  };
  CHECK(ending_of(with_proof().comes_to_its_end().progress()) == Closed{Ending::done, {}});
  CHECK(ending_of(with_proof().ends(StepResult::failed, "API away").progress()) ==
        Closed{Ending::done, {}});
  CHECK(ending_of(Story().comes_to_its_end().progress()) ==
        Closed{Ending::failed, {"the three confirmations of success are not all recorded"}});
  CHECK(ending_of(Story().ends(StepResult::failed, "worker-1: not Ready").progress()) ==
        Closed{Ending::refused, {"step 1: check: worker-1: not Ready"}});
  CHECK(ending_of(Story().does(Action::check).ends(StepResult::failed, "lost").progress()) ==
        Closed{Ending::failed, {"step 2: claim: lost"}});
  CHECK(ending_of(Story().ends(StepResult::interrupted, "cut").progress()).ending ==
        Ending::refused);
  CHECK(ending_of(
            Story().ends(StepResult::failed, "x").add(Latched{"rule", {"A", "B"}}).progress()) ==
        Closed{Ending::aborted, {"A", "B"}});
}

TEST_CASE("a dry run ends dry, chosen stages end partial") {
  Story dry(plan_of(cluster(), "1.34.7 --dry-run"));
  CHECK(ending_of(dry.comes_to_its_end().progress()) == Closed{Ending::dry, {}});
  Story some(plan_of(cluster(), "1.34.7 --stages preflight,snapshot"));
  CHECK(ending_of(some.comes_to_its_end().progress()) == Closed{Ending::partial, {}});
}

}  // namespace lockkeeper::test
