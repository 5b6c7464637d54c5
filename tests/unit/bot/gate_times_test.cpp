// SPDX-License-Identifier: Apache-2.0

// What a run takes along from its beginning, and what goes by the clock on the wall.

#include <doctest/doctest.h>

#include "tests/unit/bot/gate_world.h"

namespace lockkeeper::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Labels kDisk{{"alertname", "DiskFull"}, {"node", "worker-1"}};
const Labels kOther{{"alertname", "DiskFull"}, {"node", "worker-2"}};

Rule disk_rule() {
  return gate_rule("disk", "alertname=\"DiskFull\"", RuleAction::pause);
}

}  // namespace

TEST_CASE("21: alerts that fired when the run began are ignored, a second instance pauses") {
  auto rule = disk_rule();
  rule.preexisting = Preexisting::ignore;
  GateWorld world({rule});
  world.gate.disarm();
  world.passes(seconds(15), {kDisk});
  const auto baseline = world.gate.baseline({}, {}, kNoon, after(world.now)).value();
  CHECK(baseline.size() == 2);  // the alert, and the rules that were in force
  world.gate.arm(baseline, kNoon, after(world.now));
  world.passes(minutes(2), {kDisk});
  CHECK(world.answer() == Answer::go);
  world.passes(seconds(15), {kDisk, kOther});
  CHECK(world.ask().reasons.front().starts_with("DiskFull{node=\"worker-2\"}"));
  // For that run only.
  world.gate.disarm();
  world.gate.arm({}, kNoon, after(world.now));
  CHECK(world.ask().reasons.size() == 2);
}

TEST_CASE("an order sets alerts aside by name, for a while, and never one that aborts") {
  auto fatal = gate_rule("fatal", "alertname=\"Fatal\"", RuleAction::abort);
  GateWorld world({disk_rule(), fatal});
  world.gate.disarm();
  world.passes(minutes(1), {kDisk});
  const std::vector<std::string> names = {"DiskFull"};
  const auto baseline = world.gate.baseline(names, minutes(30), kNoon, after(world.now)).value();
  world.gate.arm(baseline, kNoon, after(world.now));
  world.passes(minutes(2), {kDisk});
  CHECK(world.answer() == Answer::go);
  CHECK(world.gate.view(after(world.now))
            .notes.front()
            .ends_with("ignore by rule disk (rules.ini:7): set aside for this run, for 28m more"));
  world.passes(minutes(28) - kPoll, {kDisk});
  CHECK(world.answer() == Answer::go);
  world.passes(kPoll, {kDisk});
  CHECK(world.answer() == Answer::wait);

  const std::vector<std::string> fatal_name = {"Fatal"};
  GateWorld other({fatal});
  other.gate.disarm();
  other.passes(kPoll, {{{"alertname", "Fatal"}}});
  other.gate.arm(other.gate.baseline(fatal_name, hours(1), kNoon, after(other.now)).value(), kNoon,
                 after(other.now));
  CHECK(other.answer() == Answer::stop);
}

TEST_CASE("what does not fire cannot be set aside, and nothing can while the gate is blind") {
  GateWorld world({disk_rule()});
  world.passes(kPoll, {kDisk});
  const auto refused = [&](std::string name) {
    const std::vector<std::string> names = {std::move(name)};
    const auto notes = world.gate.baseline(names, hours(1), kNoon, after(world.now));
    return notes ? "accepted" : notes.error().what;
  };
  CHECK(refused("DiskFull") == "accepted");
  CHECK(refused("DiskFul") ==
        "DiskFul does not fire, so it cannot be set aside (did you mean \"DiskFull\"?)");
  world.now += minutes(1);
  CHECK(refused("DiskFull") ==
        "no alert can be set aside: nobody can tell which fire, the gate is blind");
}

TEST_CASE("windows go by the wall time of the situation and of the sightings") {
  auto rule = disk_rule();
  Window noon;
  noon.days.fill(true);
  noon.from = hours(12);
  noon.to = hours(13);
  rule.active = {noon};
  GateWorld world({rule});
  CHECK(world.answer(kNoon - minutes(2)) == Answer::go);
  world.passes(kPoll, {kDisk});
  CHECK(world.answer(kNoon - minutes(1)) == Answer::go);
  CHECK(world.answer(kNoon) == Answer::wait);
  // Between two questions the monotonic clock goes on counting.
  world.passes(minutes(58), {kDisk});
  CHECK(world.ask().reasons.front().find("rule disk") != std::string::npos);
  world.passes(minutes(5), {kDisk});
  CHECK(world.answer() == Answer::go);
}

TEST_CASE("a window that says pause keeps what was held when it ended, beyond a restart, too") {
  auto rule = disk_rule();
  Window noon;
  noon.days.fill(true);
  noon.from = hours(12);
  noon.to = hours(13);
  noon.end_action = EndAction::pause;
  rule.active = {noon};
  GateWorld world({rule});
  world.passes(kPoll, {kDisk});
  CHECK(world.answer(kNoon) == Answer::wait);
  CHECK(world.answer(kNoon + hours(2)) == Answer::wait);
  const auto memory = world.gate.memory(kNoon, after(world.now));
  Gate restarted(GateWorld::book({rule}), GateSettings());
  restarted.arm(memory, kNoon + hours(2), after(seconds(0)));
  for (Millis now{}; now <= minutes(10); now += kPoll)
    restarted.saw(GateWorld::sighting({kDisk}), after(now));
  Situation situation;
  situation.phase = Phase::between;
  CHECK(restarted.ask(situation, after(minutes(10))).answer == Answer::wait);
  world.passes(minutes(2), {});
  CHECK(world.answer(kNoon + hours(3)) == Answer::go);
  // Gone and back outside of the window, it is not the rule's any more.
  world.passes(kPoll, {kDisk});
  CHECK(world.answer(kNoon + hours(3)) == Answer::go);
}

TEST_CASE("a gate that polls faster than anybody looks is asked at its own pace") {
  GateSettings settings;
  settings.poll_interval = std::chrono::milliseconds(100);
  GateWorld world({gate_rule("disk", "alertname=\"DiskFull\"", RuleAction::pause)}, settings);
  world.passes(kPoll, {{{"alertname", "DiskFull"}}});
  world.passes(kPoll, {});
  const auto verdict = world.ask();
  CHECK(verdict.answer == Answer::wait);
  CHECK(verdict.next_look == settings.poll_interval);
}

}  // namespace lockkeeper::test
