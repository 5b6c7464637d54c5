// SPDX-License-Identifier: Apache-2.0

// Which steps still happen when a run winds down: no node is left in the middle of kubeadm, and
// none takes pods again that is not proven healthy.

#include <doctest/doctest.h>

#include <algorithm>

#include "bot/course.h"
#include "tests/unit/bot/story.h"

namespace lockkeeper::test {
namespace {

/// Whether the step is still carried out after the story's end.
bool happens(const Story& story, Action action, std::string_view node = {}) {
  return !left_out(story.progress(), story.step(action, node));
}

std::string why_not(const Story& story, Action action, std::string_view node = {}) {
  return left_out(story.progress(), story.step(action, node)).value_or("it happens");
}

/// A run that is aborted when `action` on worker-2 comes next.
Story aborted_at(Action action) {
  Story story;
  story.comes_to(action, "worker-2").add(Latched{"console:ana", {"enough"}});
  return story;
}

Story aborted_in(Action action) {
  Story story;
  story.comes_to(action, "worker-2").begins(action, "worker-2");
  story.add(Latched{"console:ana", {"enough"}});
  return story;
}

}  // namespace

TEST_CASE("before anything was claimed nothing happens any more") {
  Story story;
  story.ends(StepResult::failed, "worker-1: not Ready");
  for (const auto& step : story.plan().steps)
    CHECK_MESSAGE(left_out(story.progress(), step).has_value(), to_string(step));
  CHECK(why_not(story, Action::release) == "nothing was claimed");
  CHECK(why_not(story, Action::uncordon, "worker-2") == "it was not cordoned");
  CHECK(why_not(story, Action::snapshot) == "the run is winding down");
}

TEST_CASE("a claim that was begun is given back, whatever became of it") {
  Story story;
  story.does(Action::check).begins(Action::claim);
  story.add(Latched{"console:ana", {"enough"}});
  CHECK(happens(story, Action::release));
}

TEST_CASE("a node that is only cordoned, or half drained, is uncordoned") {
  for (const auto action : {Action::cordon, Action::drain}) {
    const auto story = aborted_in(action);
    CHECK(why_not(story, action, "worker-2") == "given up: the run is winding down");
    CHECK(happens(story, Action::uncordon, "worker-2"));
    CHECK_FALSE(happens(story, Action::upgrade, "worker-2"));
    CHECK_FALSE(happens(story, Action::await_ready, "worker-2"));
    CHECK_FALSE(happens(story, Action::soak, "worker-2"));
  }
  CHECK(happens(aborted_at(Action::upgrade), Action::uncordon, "worker-2"));
  CHECK(why_not(aborted_at(Action::cordon), Action::uncordon, "worker-2") == "it was not cordoned");
}

TEST_CASE("a script that was begun is followed to its end, its node awaited and uncordoned") {
  auto story = aborted_in(Action::upgrade);
  CHECK(happens(story, Action::upgrade, "worker-2"));
  CHECK_FALSE(happens(story, Action::await_ready, "worker-2"));  // not before the script is over
  story.ends(StepResult::done);
  CHECK(happens(story, Action::await_ready, "worker-2"));
  story.does(Action::await_ready, "worker-2");
  CHECK(happens(story, Action::uncordon, "worker-2"));
  CHECK_FALSE(happens(story, Action::soak, "worker-2"));
  CHECK_FALSE(happens(story, Action::cordon, "worker-1"));
  CHECK(happens(story, Action::release));
}

TEST_CASE("a script that had not begun leaves its node as it was: it is uncordoned") {
  auto story = aborted_in(Action::upgrade);
  story.ends(StepResult::skipped, "it had not begun");
  CHECK_FALSE(happens(story, Action::await_ready, "worker-2"));
  CHECK(happens(story, Action::uncordon, "worker-2"));
}

TEST_CASE("a node whose script failed stays cordoned") {
  Story story;
  story.comes_to(Action::upgrade, "worker-2").begins(Action::upgrade, "worker-2");
  story.ends(StepResult::failed, "exit 1");
  CHECK_FALSE(happens(story, Action::await_ready, "worker-2"));
  CHECK(why_not(story, Action::uncordon, "worker-2") ==
        "left cordoned: worker-2 is not proven healthy");
}

TEST_CASE("a node whose kubelet is not proven stays cordoned") {
  Story story;
  story.comes_to(Action::await_ready, "worker-2").begins(Action::await_ready, "worker-2");
  story.ends(StepResult::failed, "after 10m: worker-2 is not Ready");
  CHECK_FALSE(happens(story, Action::uncordon, "worker-2"));
}

TEST_CASE("a node that is proven is uncordoned when only its soak is cut short") {
  Story story;
  story.comes_to(Action::uncordon, "worker-2").add(Latched{"rule", {"Fatal"}});
  CHECK(happens(story, Action::uncordon, "worker-2"));
}

TEST_CASE("a node that was only to be finished is uncordoned when it is proven, else not") {
  auto facts = cluster();
  facts.api_server = kPatch;
  runs(at(facts, "worker-2"), kPatch);
  at(facts, "worker-2").unschedulable = true;
  at(facts, "worker-2").cordoned_by = "r-old";
  Story story(plan_of(facts));
  story.comes_to(Action::await_ready, "worker-2").begins(Action::await_ready, "worker-2");
  story.ends(StepResult::failed, "not Ready");
  CHECK_FALSE(happens(story, Action::uncordon, "worker-2"));
  Story proven(plan_of(facts));
  proven.comes_to(Action::uncordon, "worker-2").add(Latched{"rule", {"Fatal"}});
  CHECK(happens(proven, Action::uncordon, "worker-2"));
}

TEST_CASE("each block answers for itself: containerd proven, upgrade not begun") {
  auto facts = cluster();
  at(facts, "cp-1").runtime = "containerd://1.6.33";
  Story story(plan_of(facts));
  story.comes_to(Action::containerd, "cp-1").begins(Action::containerd, "cp-1");
  story.add(Latched{"rule", {"Fatal"}});
  CHECK(happens(story, Action::containerd, "cp-1"));
  story.ends(StepResult::done).does(Action::await_ready, "cp-1");
  CHECK(happens(story, Action::uncordon, "cp-1"));
  const auto& second = *std::ranges::find_if(story.plan().steps, [](const Step& step) {
    return step.stage == Stage::master && step.action == Action::uncordon;
  });
  CHECK(left_out(story.progress(), second) == "it was not cordoned");
}

TEST_CASE("hooks, pruning and repositories on their way are followed, others are not begun") {
  auto with = settings();
  with.upgrade.after_node = "greet";
  const auto plan = plan_of(cluster(), "1.35.1", with);
  for (const auto action : {Action::prune, Action::repository, Action::hook}) {
    Story story(plan);
    story.comes_to(action, "cp-1").begins(action, "cp-1").add(Latched{"rule", {"Fatal"}});
    CHECK(happens(story, action, "cp-1"));
    Story before(plan);
    before.comes_to(action, "cp-1").add(Latched{"rule", {"Fatal"}});
    CHECK_FALSE(happens(before, action, "cp-1"));
  }
}

TEST_CASE("a snapshot, a soak and the confirmations are given up") {
  for (const auto action : {Action::snapshot, Action::confirm}) {
    Story story;
    story.comes_to(action).begins(action).add(Latched{"rule", {"Fatal"}});
    CHECK(why_not(story, action) == "given up: the run is winding down");
  }
  CHECK_FALSE(happens(aborted_in(Action::soak), Action::soak, "worker-2"));
}

TEST_CASE("a dry run just ends") {
  Story story(plan_of(cluster(), "1.34.7 --dry-run"));
  story.add(Latched{"console:ana", {"enough"}});
  for (const auto& step : story.plan().steps)
    CHECK(left_out(story.progress(), step) == "the dry run has ended");
}

}  // namespace lockkeeper::test
