// SPDX-License-Identifier: Apache-2.0

// Other rules in the middle of everything.

#include <doctest/doctest.h>

#include "tests/unit/bot/gate_world.h"

using namespace lockkeeper;
using namespace lockkeeper::test;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

const Labels kDisk{{"alertname", "Disk"}};

Rule disk(RuleAction action) {
  return gate_rule("disk", "alertname=\"Disk\"", action);
}

void adopt(GateWorld& world, std::vector<Rule> rules, GateSettings settings = {}) {
  world.gate.adopt(GateWorld::book(std::move(rules)), settings, after(world.now));
}

}  // namespace

TEST_CASE("new rules judge what fires already") {
  GateWorld world({});
  world.passes(minutes(1), {kDisk});
  CHECK(world.answer() == Answer::go);
  adopt(world, {disk(RuleAction::pause)});
  CHECK(world.answer() == Answer::wait);
}

TEST_CASE("an alert that aborts by the new rules latches at once") {
  GateWorld world({disk(RuleAction::pause)});
  world.passes(minutes(1), {kDisk});
  adopt(world, {disk(RuleAction::abort)});
  CHECK(world.answer() == Answer::stop);
  adopt(world, {disk(RuleAction::ignore)});
  CHECK(world.answer() == Answer::stop);
}

TEST_CASE("what a removed rule held owes the quiet time of [gate]") {
  auto slow = disk(RuleAction::pause);
  slow.resume_after = minutes(60);
  GateWorld world({slow});
  world.passes(minutes(1), {kDisk});
  GateSettings settings;
  settings.resume_after = minutes(3);
  adopt(world, {}, settings);
  world.passes(minutes(3) - kPoll, {kDisk});
  CHECK(world.answer() == Answer::wait);
  world.passes(2 * kPoll, {kDisk});
  CHECK(world.answer() == Answer::go);
}

TEST_CASE("a shorter resume_after counts for the stretch that has begun") {
  auto slow = disk(RuleAction::pause);
  slow.resume_after = minutes(60);
  GateWorld world({slow});
  world.passes(minutes(1), {kDisk});
  adopt(world, {disk(RuleAction::pause)});
  CHECK(world.answer() == Answer::wait);
  world.passes(minutes(1) + kPoll, {});
  CHECK(world.answer() == Answer::go);
}

TEST_CASE("a rule that is no longer sticky needs nobody") {
  auto sticky = disk(RuleAction::pause);
  sticky.sticky = true;
  GateWorld world({sticky});
  world.passes(minutes(1), {kDisk});
  world.passes(minutes(10), {});
  CHECK(world.answer() == Answer::wait);
  adopt(world, {disk(RuleAction::pause)});
  world.passes(minutes(1), {});
  CHECK(world.answer() == Answer::go);
}

TEST_CASE("what a person has unstuck stays so, though the rule says sticky still") {
  auto sticky = disk(RuleAction::pause);
  sticky.sticky = true;
  GateWorld world({sticky});
  world.passes(minutes(1), {kDisk});
  world.passes(kPoll, {});
  CHECK(world.gate.resume());
  adopt(world, {sticky});
  world.passes(minutes(2), {});
  CHECK(world.answer() == Answer::go);
}

TEST_CASE("what was waived under a rule holds again when the rule would not waive it") {
  auto patient = disk(RuleAction::pause);
  patient.max_pause = minutes(2);
  patient.on_timeout = OnTimeout::proceed;
  GateWorld world({patient});
  world.passes(minutes(5), {kDisk});
  CHECK(world.answer() == Answer::go);
  adopt(world, {patient});
  CHECK(world.answer() == Answer::go);
  adopt(world, {disk(RuleAction::pause)});
  CHECK(world.answer() == Answer::wait);
}

TEST_CASE("a pause that outlasts its window goes on under the rule of the same name") {
  auto night = disk(RuleAction::pause);
  Window window;
  window.days.fill(true);
  window.from = std::chrono::hours(11);
  window.to = std::chrono::hours(13);
  window.end_action = EndAction::pause;
  night.active = {window};
  GateWorld world({night});
  auto seen = GateWorld::sighting({kDisk});
  seen.at = kNoon;
  world.polls(seen);
  CHECK(world.answer(kNoon) == Answer::wait);
  adopt(world, {gate_rule("other", "alertname=\"Other\"", RuleAction::pause), night});
  seen.at = kNoon + std::chrono::hours(2);
  world.polls(seen);
  CHECK(world.answer(seen.at) == Answer::wait);
  adopt(world, {});
  world.passes(GateSettings().resume_after + kPoll, {kDisk});
  CHECK(world.answer() == Answer::go);
}

TEST_CASE("a blind gate stays blind, and hold_for counts from the sight it had") {
  auto slow = disk(RuleAction::pause);
  slow.hold_for = minutes(2);
  GateWorld world({});
  world.passes(minutes(2) + kPoll, {kDisk});
  adopt(world, {slow});
  CHECK(world.answer() == Answer::wait);
  Gate never_saw(GateWorld::book({}), {});
  never_saw.adopt(GateWorld::book({}), {}, after(minutes(1)));
  CHECK(never_saw.view(after(minutes(1))).state == GateState::blind);
}

TEST_CASE("the baseline of a run tells which rules were in force") {
  GateWorld world({});
  const auto before = world.gate.baseline({}, {}, kNoon, after(world.now)).value();
  adopt(world, {disk(RuleAction::pause)});
  const auto now = world.gate.baseline({}, {}, kNoon, after(world.now)).value();
  CHECK(before.at("rules").size() == 8);
  CHECK(before.at("rules") != now.at("rules"));
}
