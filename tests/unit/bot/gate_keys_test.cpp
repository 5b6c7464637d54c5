// SPDX-License-Identifier: Apache-2.0

// The keys of rules that need a memory: what has been seen for how long, who holds, since when.

#include <doctest/doctest.h>

#include <array>

#include "tests/unit/bot/gate_world.h"

namespace lockkeeper::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Labels kDisk{{"alertname", "DiskFull"}, {"node", "worker-1"}};
const Labels kOther{{"alertname", "DiskFull"}, {"node", "worker-2"}};
const Labels kMaintenance{{"alertname", "Maintenance"}};

Rule disk_rule(RuleAction action = RuleAction::pause) {
  return gate_rule("disk", "alertname=\"DiskFull\"", action);
}

Rule resume_rule() {
  auto rule = gate_rule("maintenance", "alertname=\"Maintenance\"", RuleAction::resume);
  rule.resumes = {"disk"};
  return rule;
}

}  // namespace

TEST_CASE("hold_for acts with the poll that has seen the alert for long enough") {
  auto rule = disk_rule();
  rule.hold_for = seconds(30);
  GateWorld world({rule});
  world.passes(seconds(30), {kDisk});
  CHECK(world.answer() == Answer::go);
  CHECK(world.gate.view(after(world.now)).notes ==
        std::vector<std::string>{"DiskFull{node=\"worker-1\"}: rule disk (rules.ini:7) does not "
                                 "pause: seen for 15s of hold_for 30s"});
  world.passes(seconds(15), {kDisk});
  CHECK(world.answer() == Answer::wait);
}

TEST_CASE("hold_for begins anew when the alert was gone, and after blindness") {
  auto rule = disk_rule();
  rule.hold_for = seconds(60);
  GateWorld world({rule});
  world.passes(seconds(60), {kDisk});
  world.passes(seconds(15), {});
  world.passes(seconds(60), {kDisk});
  CHECK(world.answer() == Answer::go);
  world.now += minutes(10);
  world.passes(seconds(15), {kDisk});
  CHECK(world.ask().reasons.front().starts_with("quiet for"));  // of the blindness
  world.passes(seconds(60), {kDisk});
  CHECK(world.ask().reasons.front().find("rule disk") != std::string::npos);
}

TEST_CASE("a webhook's word does not reach hold_for") {
  auto rule = disk_rule();
  rule.hold_for = seconds(1);
  GateWorld world({rule});
  world.gate.suspect(std::array{kDisk}, 0, after(world.now));
  world.now += seconds(10);
  CHECK(world.answer() == Answer::go);
}

TEST_CASE("min_pause keeps the gate shut although it has been quiet for long enough") {
  auto rule = disk_rule();
  rule.min_pause = minutes(5);
  GateWorld world({rule});
  world.passes(seconds(15), {kDisk});
  world.passes(minutes(5) - seconds(15), {});
  CHECK(world.ask().reasons.front() == "quiet for 4m30s of 1m after disk; min_pause has 15s left");
  world.passes(seconds(15), {});
  CHECK(world.answer() == Answer::go);
}

TEST_CASE("min_alerts pauses once so many alerts are distinct") {
  auto rule = disk_rule();
  rule.min_alerts = 2;
  GateWorld world({rule});
  world.passes(seconds(15), {kDisk, kDisk});
  CHECK(world.answer() == Answer::go);
  world.passes(seconds(15), {kDisk, kOther});
  CHECK(world.answer() == Answer::wait);
}

TEST_CASE("a sticky pause ends only after a person's resume, given when the alert is gone") {
  auto rule = disk_rule();
  rule.sticky = true;
  GateWorld world({rule});
  CHECK_FALSE(world.gate.resume());
  world.passes(seconds(15), {kDisk});
  CHECK(world.answer() == Answer::wait);
  SUBCASE("quiet alone does not end it") {
    world.passes(hours(1), {});
    CHECK(world.ask().reasons.front() ==
          "quiet for 59m45s of 1m after disk; disk is sticky: ends with /upgrade resume");
    CHECK(world.gate.resume());
    world.passes(seconds(15), {});
    CHECK(world.answer() == Answer::go);
  }
  SUBCASE("a resume while the alert fires says nothing about it") {
    CHECK(world.gate.resume());
    world.passes(seconds(15), {kDisk});
    world.passes(hours(1), {});
    CHECK(world.answer() == Answer::wait);
  }
  SUBCASE("a restarted gate is as sticky, unless a person has spoken since") {
    auto memory = world.gate.memory(kNoon, after(world.now));
    const auto restarted = [&](const Notes& notes) {
      Gate gate(GateWorld::book({rule}), GateSettings());
      gate.arm(notes, kNoon + minutes(1), after(seconds(0)));
      for (Millis now{}; now <= minutes(10); now += kPoll)
        gate.saw(GateWorld::sighting({}), after(now));
      Situation situation;
      situation.phase = Phase::between;
      return gate.ask(situation, after(minutes(10))).answer;
    };
    CHECK(restarted(memory) == Answer::wait);
    unstick(memory);
    CHECK(restarted(memory) == Answer::go);
  }
}

TEST_CASE("nothing is sticky while no run is open: a start is a person's word, too") {
  auto rule = disk_rule();
  rule.sticky = true;
  GateWorld world({rule});
  world.passes(kPoll, {kDisk});
  CHECK(world.gate.memory(kNoon, after(world.now)).contains("sticky/disk"));
  world.gate.disarm();
  world.passes(kPoll, {kDisk});
  world.passes(minutes(2), {});
  CHECK(world.answer() == Answer::go);
}

TEST_CASE("a rule that resumes voids the pauses that it names, as long as its alert is seen") {
  GateWorld world({resume_rule(), disk_rule()});
  world.passes(seconds(15), {kDisk});
  CHECK(world.answer() == Answer::wait);
  world.passes(seconds(15), {kDisk, kMaintenance});
  CHECK(world.answer() == Answer::go);
  CHECK(world.gate.view(after(world.now)).notes.front() ==
        "DiskFull{node=\"worker-1\"}: notify by rule disk (rules.ini:7): void while rule "
        "maintenance (rules.ini:7) says resume");
  world.passes(seconds(15), {kDisk});
  CHECK(world.answer() == Answer::wait);
}

TEST_CASE("a rule that resumes never lifts an abort, blindness, or another rule's pause") {
  auto fatal = gate_rule("fatal", "alertname=\"Fatal\"", RuleAction::abort);
  auto third = gate_rule("third", "alertname=\"Third\"", RuleAction::pause);
  GateWorld world({resume_rule(), disk_rule(), third, fatal});
  world.passes(seconds(15), {kMaintenance, {{"alertname", "Third"}}});
  CHECK(world.answer() == Answer::wait);
  world.passes(minutes(2), {kMaintenance});
  CHECK(world.answer() == Answer::go);
  SUBCASE("blindness") {
    world.now += minutes(1);
    CHECK(world.answer() == Answer::wait);
  }
  SUBCASE("an abort") {
    world.passes(seconds(15), {kMaintenance, {{"alertname", "Fatal"}}});
    CHECK(world.answer() == Answer::stop);
  }
}

TEST_CASE("a webhook's word resumes nothing") {
  GateWorld world({resume_rule(), disk_rule()});
  world.passes(seconds(15), {kDisk});
  world.gate.suspect(std::array{kMaintenance}, 0, after(world.now));
  CHECK(world.answer() == Answer::wait);
}

TEST_CASE("a rule that believes webhooks holds until webhook_ttl has passed after the newest one") {
  auto rule = disk_rule();
  rule.source = Source::webhook;
  GateSettings settings;
  settings.webhook_ttl = minutes(20);
  GateWorld world({rule}, settings);
  world.gate.suspect(std::array{kDisk}, 0, after(world.now));
  world.passes(minutes(10), {});
  CHECK(world.answer() == Answer::wait);
  world.gate.suspect(std::array{kDisk}, 0, after(world.now));
  world.passes(minutes(20), {});
  CHECK(world.answer() == Answer::wait);
  world.passes(minutes(2), {});
  CHECK(world.answer() == Answer::go);
}

TEST_CASE(
    "what a webhook told of stays the webhook's when a poll sees it, until the poll does not") {
  auto rule = disk_rule();
  rule.source = Source::webhook;
  GateWorld world({rule});
  world.passes(seconds(15), {kDisk});
  CHECK(world.answer() == Answer::go);
  world.gate.suspect(std::array{kDisk}, 0, after(world.now));
  CHECK(world.answer() == Answer::wait);
  world.passes(seconds(15), {kDisk});
  CHECK(world.answer() == Answer::wait);
  world.passes(minutes(2), {});
  CHECK(world.answer() == Answer::go);
}

TEST_CASE("an alert that only Alertmanager knows is judged, and counts as a poll's") {
  auto rule = disk_rule(RuleAction::abort);
  rule.source = Source::alertmanager;
  GateWorld world({rule});
  world.passes(seconds(15), {kDisk});
  CHECK(world.answer() == Answer::go);
  auto seen = GateWorld::sighting({kDisk});
  seen.alertmanager = {kDisk};
  world.polls(seen);
  CHECK(world.answer() == Answer::stop);
}

TEST_CASE("pending alerts count for rules about them, and are shown only then") {
  auto rule = disk_rule();
  rule.state = StateScope::pending;
  GateWorld world({rule});
  auto seen = GateWorld::sighting({});
  seen.pending = {kDisk, kMaintenance};
  world.polls(seen);
  CHECK(world.ask().reasons.front() ==
        "DiskFull{node=\"worker-1\"} pending 0s: rule disk (rules.ini:7) pauses");
  CHECK(world.gate.view(after(world.now)).alerts.size() == 1);
  // As soon as it fires, it is another rule's.
  world.passes(minutes(2), {kDisk});
  CHECK(world.answer() == Answer::go);
}

TEST_CASE("23: a silenced alert proceeds only where silences are honoured, and says by whom") {
  auto rule = disk_rule();
  auto seen = GateWorld::sighting({kDisk});
  seen.suppressed = {{kDisk, "silenced by 7d4c (ana)"}};
  GateWorld no({rule});
  no.polls(seen);
  CHECK(no.answer() == Answer::wait);
  rule.honor_silences = true;
  GateWorld yes({rule});
  yes.polls(seen);
  CHECK(yes.answer() == Answer::go);
  CHECK(yes.gate.view(after(yes.now)).notes.front().ends_with("silenced by 7d4c (ana)"));
  // Alertmanager is away: nobody says that it is silenced.
  yes.polls(GateWorld::sighting({kDisk}));
  CHECK(yes.answer() == Answer::wait);
}

TEST_CASE("30: what is waived owes no quiet time, but what another rule waits for stays") {
  auto waived = disk_rule();
  waived.max_pause = minutes(2);
  waived.on_timeout = OnTimeout::proceed;
  auto slow = gate_rule("slow", "alertname=\"Slow\"", RuleAction::pause);
  slow.resume_after = minutes(10);
  GateWorld world({waived, slow});
  world.passes(minutes(1), {kDisk});
  world.passes(kPoll, {kDisk, {{"alertname", "Slow"}}});
  world.passes(minutes(3), {kDisk});
  CHECK(world.ask().reasons.front().find("after slow") != std::string::npos);
  world.passes(minutes(10), {kDisk});
  CHECK(world.answer() == Answer::go);
}

TEST_CASE("every rule says what it does now") {
  auto held = disk_rule();
  auto aside = gate_rule("aside", "alertname=\"X\"", RuleAction::pause);
  aside.phases = {Phase::soak};
  GateWorld world({held, aside, resume_rule()});
  world.passes(kPoll, {kDisk});
  std::ignore = world.answer();
  const auto rules = world.gate.rules(after(world.now));
  REQUIRE(rules.size() == 4);
  CHECK(rules[0].state == "decides about 1 alert, holds");
  CHECK(rules[1].state == "not in phase between");
  CHECK(rules[2].state == "in force");
  CHECK(rules[3].rule.name == "default_action");
}

}  // namespace lockkeeper::test
