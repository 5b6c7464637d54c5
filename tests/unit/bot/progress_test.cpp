// SPDX-License-Identifier: Apache-2.0
#include "bot/progress.h"

#include <doctest/doctest.h>

#include <span>

#include "tests/unit/bot/story.h"

namespace lockkeeper::test {
namespace {

using std::chrono::minutes;

/// Why the journal does not go on with this record; empty when it does.
std::string refused(const Story& story, Body body) {
  Progress progress = story.progress();
  const auto applied = apply(progress, {99, kNoon, "r-test", std::move(body)});
  return applied ? std::string() : applied.error().what;
}

Outcome outcome(int step, StepResult result = StepResult::done, Notes notes = {}) {
  return {step, result, {}, std::move(notes)};
}

}  // namespace

TEST_CASE("an opened run stands before its first step") {
  const Story story;
  const auto& progress = story.progress();
  CHECK(progress.run == "r-test");
  CHECK(progress.open());
  CHECK(progress.opened_by == "console:ana");
  CHECK(progress.opened_reason == "the monthly patch");
  CHECK(progress.opened_at == kNoon);
  REQUIRE(progress.next() != nullptr);
  CHECK(progress.next()->number == 1);
  CHECK_FALSE(progress.in_doubt());
}

TEST_CASE("an intent puts its step in doubt, an outcome ends it") {
  Story story;
  story.begins(Action::check);
  CHECK(story.progress().in_doubt());
  CHECK(story.progress().next()->number == 1);
  story.ends(StepResult::done, "no findings");
  CHECK_FALSE(story.progress().in_doubt());
  CHECK(story.progress().next()->number == 2);
  const auto& record = story.progress().steps.front();
  CHECK(record.begun == kNoon + minutes(1));
  CHECK(record.ended == kNoon + minutes(2));
  CHECK(record.outcome->detail == "no findings");
}

TEST_CASE("a step may end without having begun: it was skipped") {
  Story story;
  story.ends(StepResult::skipped, "not needed");
  CHECK_FALSE(story.progress().steps.front().begun);
  CHECK(story.progress().next()->number == 2);
}

TEST_CASE("behind its last step a run has no next one") {
  Story story;
  story.comes_to_its_end();
  CHECK(story.progress().next() == nullptr);
  CHECK_FALSE(story.progress().in_doubt());
  CHECK(story.progress().open());
  story.add(Closed{Ending::done, {}});
  CHECK_FALSE(story.progress().open());
}

TEST_CASE("notes of a node bear its name, notes of the cluster none, the newest wins") {
  Story story;
  story.does(Action::check).does(Action::claim, {}, {{"fence", "7"}});
  story.comes_to(Action::cordon, "cp-1");
  story.does(Action::cordon, "cp-1", {{"cordoned_by_person", "true"}});
  CHECK(story.progress().note("", "fence") == "7");
  CHECK(story.progress().note("cp-1", "cordoned_by_person") == "true");
  CHECK(story.progress().note("", "cordoned_by_person").empty());
  CHECK(story.progress().note("worker-1", "cordoned_by_person").empty());
  story.does(Action::drain, "cp-1", {{"cordoned_by_person", "false"}});
  CHECK(story.progress().note("cp-1", "cordoned_by_person") == "false");
}

TEST_CASE("records out of order are refused: the journal is mixed up, and the run must not go on") {
  Story story;
  story.does(Action::check);
  CHECK(refused(story, Intent{3}) == "run r-test: step 3 is begun out of order");
  CHECK(refused(story, Intent{1}) == "run r-test: step 1 is begun out of order");
  CHECK(refused(story, Intent{0}) == "run r-test: step 0 is begun out of order");
  CHECK(refused(story, outcome(3)) == "run r-test: step 3 is ended out of order");
  CHECK(refused(story, outcome(1)) == "run r-test: step 1 is ended out of order");
  CHECK(refused(story, outcome(0)) == "run r-test has no step 0");
  CHECK(refused(story, outcome(-1)) == "run r-test has no step -1");
  CHECK(refused(story, outcome(25)) == "run r-test has no step 25");
  CHECK(refused(story, Opened{small_plan(), "console:ana", {}}) == "run r-test is opened twice");
  CHECK(refused(story, Intent{2}).empty());
}

TEST_CASE("a step is begun once: a second intent would be a second actor") {
  Story story;
  story.begins(Action::check);
  CHECK(refused(story, Intent{1}) == "run r-test: step 1 is begun twice");
}

TEST_CASE("a record of another run is refused") {
  Progress progress = Story().progress();
  const auto applied = apply(progress, {2, kNoon, "r-other", Intent{1}});
  REQUIRE_FALSE(applied);
  CHECK(applied.error().what == "a record of run r-other stands among those of run r-test");
}

TEST_CASE("a refused record changes nothing") {
  Story story;
  story.does(Action::check);
  Progress progress = story.progress();
  CHECK_FALSE(apply(progress, {99, kNoon, "r-test", outcome(9, StepResult::failed, {{"a", "b"}})}));
  CHECK(progress.notes.empty());
  CHECK(progress.next()->number == 2);
}

TEST_CASE("a run begins with its opening, and nothing goes on after its end but late orders") {
  const std::vector<Record> headless = {{1, kNoon, "r-test", Intent{1}}};
  CHECK(fold(headless).error().what == "run r-test begins with a record that is not 'opened'");
  Story story;
  story.add(Closed{Ending::cleared, {}});
  CHECK(refused(story, Intent{1}) == "run r-test goes on after its end");
  CHECK(refused(story, Opened{small_plan(), {}, {}}) == "run r-test goes on after its end");
  CHECK(refused(story, Ordered{Verb::abort, "console:ana", {}}).empty());
}

TEST_CASE("an empty journal is a run that has not been opened") {
  const auto nothing = fold({});
  REQUIRE(nothing);
  CHECK_FALSE(nothing->open());
}

TEST_CASE("a person's pause lasts until the resume") {
  Story story;
  story.add(Ordered{Verb::pause, "console:ana", "lunch"});
  REQUIRE(story.progress().person_hold);
  CHECK(story.progress().person_hold->by == "console:ana");
  CHECK(story.progress().pauses.front().reasons.front() == "console:ana: lunch");
  story.passes(minutes(29)).add(Ordered{Verb::resume, "console:bob", {}});
  CHECK_FALSE(story.progress().person_hold);
  REQUIRE(story.progress().pauses.size() == 1);
  CHECK(*story.progress().pauses.front().to - story.progress().pauses.front().from == minutes(30));
}

TEST_CASE("the gate's hold is one pause whatever its reasons become, and keeps its memory") {
  Story story;
  story.add(Held{Holder::gate, {"blind"}, {{"a", "1"}}});
  story.add(Held{Holder::gate, {"KubeAPIDown"}, {{"a", "2"}}});
  REQUIRE(story.progress().pauses.size() == 1);
  CHECK(story.progress().pauses.front().reasons == std::vector<std::string>{"KubeAPIDown"});
  CHECK(story.progress().gate_hold->memory.at("a") == "2");
  story.add(Released{Holder::gate, "the gate is open"});
  CHECK_FALSE(story.progress().gate_hold);
  CHECK(story.progress().pauses.front().to.has_value());
  story.add(Held{Holder::gate, {"again"}, {}});
  CHECK(story.progress().pauses.size() == 2);
}

TEST_CASE("a doubt is ended by a look that tells, or by a person's resume, and not by the gate") {
  Story story;
  story.add(Held{Holder::doubt, {"the script vanished"}, {}});
  CHECK(story.progress().doubt);
  CHECK_FALSE(story.progress().gate_hold);
  story.add(Released{Holder::gate, {}});
  CHECK(story.progress().doubt);
  story.add(Released{Holder::doubt, "it can be told again"});
  CHECK_FALSE(story.progress().doubt);
  story.add(Held{Holder::doubt, {"again"}, {}}).add(Ordered{Verb::resume, "console:ana", {}});
  CHECK_FALSE(story.progress().doubt);
}

TEST_CASE("holders hold apart: a resume leaves the gate's hold, a release the person's") {
  Story story;
  story.add(Held{Holder::gate, {"alert"}, {}}).add(Ordered{Verb::pause, "console:ana", {}});
  story.add(Ordered{Verb::resume, "console:ana", {}});
  CHECK(story.progress().gate_hold);
  story.add(Ordered{Verb::pause, "console:ana", {}}).add(Released{Holder::gate, {}});
  CHECK(story.progress().person_hold);
  CHECK_FALSE(story.progress().gate_hold);
}

TEST_CASE("the first latch stays, whoever comes later") {
  Story story;
  story.add(Ordered{Verb::abort, "console:ana", "enough"});
  REQUIRE(story.progress().latched);
  CHECK(story.progress().latched->reasons.front() == "console:ana: enough");
  story.add(Latched{"rule", {"Fatal"}}).add(Ordered{Verb::abort, "console:bob", "me too"});
  CHECK(story.progress().latched->by == "console:ana");
  Story by_rule;
  by_rule.add(Latched{"rule", {"Fatal"}});
  CHECK(by_rule.progress().latched->by == "rule");
}

TEST_CASE("an abort without words says abort") {
  Story story;
  story.add(Ordered{Verb::abort, "console:ana", {}});
  CHECK(story.progress().latched->reasons.front() == "console:ana: abort");
}

TEST_CASE("an order to clear changes nothing by itself") {
  Story story;
  story.add(Ordered{Verb::clear, "console:ana", {}});
  CHECK(story.progress().open());
  CHECK_FALSE(story.progress().latched);
}

TEST_CASE("the end of a run ends its pauses") {
  Story story;
  story.add(Held{Holder::gate, {"alert"}, {}});
  story.add(Closed{Ending::aborted, {"enough"}});
  CHECK(story.progress().pauses.front().to == story.progress().closed_at);
  CHECK(story.progress().closed->ending == Ending::aborted);
}

TEST_CASE("a node was worked on from its first step to its last, or to the run's end") {
  Story story;
  CHECK_FALSE(story.progress().worked_on("worker-2"));
  story.comes_to(Action::cordon, "worker-2").begins(Action::cordon, "worker-2");
  const Time cordoned = *story.progress().steps[10].begun;
  CHECK(story.progress().worked_on("worker-2") == std::pair(cordoned, cordoned));
  story.ends(StepResult::done).comes_to(Action::cordon, "worker-1");
  CHECK(story.progress().worked_on("worker-2") == std::pair(cordoned, cordoned + minutes(11)));
  CHECK_FALSE(story.progress().worked_on("worker-1"));
  story.add(Closed{Ending::aborted, {}});
  CHECK(story.progress().worked_on("worker-2")->second == story.progress().closed_at);
}

TEST_CASE("the fold of every prefix equals the fold step by step") {
  Story story;
  story.comes_to(Action::drain, "cp-1").add(Held{Holder::gate, {"alert"}, {}});
  story.add(Released{Holder::gate, {}}).comes_to(Action::cordon, "worker-1");
  story.add(Ordered{Verb::pause, "console:ana", {}}).add(Ordered{Verb::resume, "console:ana", {}});
  story.comes_to_its_end().add(Closed{Ending::done, {}});
  Progress live;
  const std::span<const Record> all = story.records();
  for (std::size_t count = 1; count <= all.size(); ++count) {
    REQUIRE(apply(live, all[count - 1]));
    const auto folded = fold(all.first(count));
    REQUIRE(folded);
    REQUIRE((folded->next() == nullptr) == (live.next() == nullptr));
    if (live.next() != nullptr) CHECK(*folded->next() == *live.next());
    CHECK(folded->in_doubt() == live.in_doubt());
    CHECK(folded->notes == live.notes);
    CHECK(folded->gate_hold == live.gate_hold);
    CHECK(folded->person_hold == live.person_hold);
    CHECK(folded->pauses.size() == live.pauses.size());
    CHECK(folded->open() == live.open());
  }
}

}  // namespace lockkeeper::test
