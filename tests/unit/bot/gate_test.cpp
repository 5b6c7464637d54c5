// SPDX-License-Identifier: Apache-2.0
#include "bot/gate.h"

#include <doctest/doctest.h>

#include <array>

namespace lockkeeper {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Time kNoon{Millis(1'795'176'000'000)};

Moment at(Millis since_start) {
  return {since_start};
}

Rule rule(std::string name, std::string_view matcher, RuleAction action, Millis resume_after) {
  Rule made;
  made.name = std::move(name);
  made.file = "rules.ini";
  made.line = 7;
  made.match.push_back(parse_matchers(matcher).value());
  made.action = action;
  made.resume_after = resume_after;
  return made;
}

RuleBook book_with(std::vector<Rule> rules) {
  RuleBook book;
  book.rules = std::move(rules);
  book.fallback = rule("default_action", "alertname=~\".*\"", RuleAction::pause, minutes(2));
  return book;
}

GateSettings settings() {
  GateSettings gate;
  gate.poll_interval = seconds(15);
  gate.blind_after = seconds(45);
  gate.resume_after = minutes(2);
  return gate;
}

Sighting seen(std::vector<Labels> firing) {
  return {true, {}, std::move(firing), true};
}
Sighting unseen(std::string why) {
  return {false, std::move(why), {}, false};
}

Situation between() {
  Situation situation;
  situation.phase = Phase::between;
  return situation;
}

Situation in(Phase phase) {
  Situation situation;
  situation.phase = phase;
  return situation;
}

const Labels kDisk{{"alertname", "DiskFull"}, {"node", "worker-1"}};
const Labels kFatal{{"alertname", "Fatal"}};

/// Polls every 15 s from `from` to `to`, both included, each showing `firing`.
void poll(Gate& gate, Millis from, Millis to, const std::vector<Labels>& firing) {
  for (Millis now = from; now <= to; now += seconds(15))
    gate.saw(seen(firing), at(now));
}

/// A gate that has been quiet for long enough at 5 minutes.
struct OpenGate {
  Gate gate;
  explicit OpenGate(std::vector<Rule> rules = {}, GateSettings gate_settings = settings())
      : gate(book_with(std::move(rules)), gate_settings) {
    poll(gate, seconds(0), minutes(5), {});
  }
};

}  // namespace

TEST_CASE("a gate that has never seen anything is blind, and blindness waits") {
  Gate gate(book_with({}), settings());
  const auto verdict = gate.ask(between(), at(seconds(1)));
  CHECK(verdict.answer == Answer::wait);
  CHECK(verdict.reasons.front() == "blind: no poll of Prometheus yet");
  CHECK(gate.view(at(seconds(1))).state == GateState::blind);
}

TEST_CASE("a good poll ends blindness, and the quiet time after it opens the gate") {
  Gate gate(book_with({}), settings());
  gate.ask(between(), at(seconds(0)));
  gate.saw(seen({}), at(seconds(1)));
  CHECK(gate.ask(between(), at(seconds(2))).reasons.front() ==
        "quiet for 0s of 2m after blindness");
  poll(gate, seconds(15), seconds(105), {});
  CHECK(gate.ask(between(), at(seconds(106))).answer == Answer::wait);
  poll(gate, seconds(120), seconds(135), {});
  CHECK(gate.ask(between(), at(seconds(136))).answer == Answer::go);
}

TEST_CASE("a firing alert without a rule pauses, and says so") {
  OpenGate open;
  open.gate.saw(seen({kDisk}), at(minutes(6)));
  const auto verdict = open.gate.ask(between(), at(minutes(8)));
  CHECK(verdict.answer == Answer::wait);
  CHECK(verdict.reasons.size() == 2);  // it is blind by now, too
  CHECK(verdict.reasons.front() ==
        "DiskFull{node=\"worker-1\"} firing 2m: rule default_action (rules.ini:7) pauses");
  CHECK(verdict.next_look == seconds(15));
}

TEST_CASE("resume_after restarts with every re-fire") {
  OpenGate open;
  poll(open.gate, minutes(6), minutes(7), {kDisk});
  poll(open.gate, minutes(7) + seconds(15), minutes(9), {});
  open.gate.saw(seen({kDisk}), at(minutes(9) + seconds(15)));
  poll(open.gate, minutes(9) + seconds(30), minutes(11) + seconds(15), {});
  CHECK(open.gate.ask(between(), at(minutes(11) + seconds(20))).answer == Answer::wait);
  poll(open.gate, minutes(11) + seconds(30), minutes(11) + seconds(30), {});
  CHECK(open.gate.ask(between(), at(minutes(11) + seconds(31))).answer == Answer::go);
}

TEST_CASE("the longest resume_after among the rules that held is the one that counts") {
  OpenGate open({rule("slow", "alertname=\"DiskFull\"", RuleAction::pause, minutes(10))});
  open.gate.saw(seen({kDisk, {{"alertname", "Other"}}}), at(minutes(6)));
  poll(open.gate, minutes(6) + seconds(15), minutes(16), {});
  CHECK(open.gate.ask(between(), at(minutes(16))).reasons.front() ==
        "quiet for 9m45s of 10m after blindness, default_action, slow");
  poll(open.gate, minutes(16) + seconds(15), minutes(16) + seconds(15), {});
  CHECK(open.gate.ask(between(), at(minutes(16) + seconds(16))).answer == Answer::go);
}

TEST_CASE("time without sight never counts as quiet") {
  OpenGate open;
  open.gate.saw(seen({kDisk}), at(minutes(6)));
  open.gate.saw(seen({}), at(minutes(6) + seconds(15)));
  SUBCASE("failed polls, not yet blind: the gap is left out") {
    open.gate.saw(unseen("connection refused"), at(minutes(6) + seconds(30)));
    poll(open.gate, minutes(6) + seconds(45), minutes(8) + seconds(30), {});
    // Seen clear from 6:15 to 8:30, but 30 s of it around the failed poll do not count.
    CHECK(open.gate.ask(between(), at(minutes(8) + seconds(31))).answer == Answer::wait);
    poll(open.gate, minutes(8) + seconds(45), minutes(8) + seconds(45), {});
    CHECK(open.gate.ask(between(), at(minutes(8) + seconds(46))).answer == Answer::go);
  }
  SUBCASE("blind for an hour: quiet starts anew") {
    poll(open.gate, minutes(66), minutes(67) + seconds(45), {});
    CHECK(open.gate.ask(between(), at(minutes(67) + seconds(46))).answer == Answer::wait);
    poll(open.gate, minutes(68), minutes(68), {});
    CHECK(open.gate.ask(between(), at(minutes(68) + seconds(1))).answer == Answer::go);
  }
}

TEST_CASE("an answer without the Watchdog is blindness, not an empty list") {
  OpenGate open;
  auto empty = seen({});
  empty.watchdog = false;
  for (Millis now = minutes(6); now <= minutes(7); now += seconds(15))
    open.gate.saw(empty, at(now));
  const auto verdict = open.gate.ask(between(), at(minutes(7)));
  CHECK(verdict.answer == Answer::wait);
  CHECK(verdict.reasons.front() ==
        "blind for 2m: the Watchdog alert is not firing, so rules are not evaluated");
}

TEST_CASE("blindness can be told to abort an open run, or to go on") {
  auto abort_blind = settings();
  abort_blind.on_blind = GateSettings::OnBlind::abort;
  OpenGate aborting({}, abort_blind);
  aborting.gate.arm({}, kNoon, at(minutes(5)));
  CHECK(aborting.gate.ask(between(), at(minutes(7))).answer == Answer::stop);

  auto go_blind = settings();
  go_blind.on_blind = GateSettings::OnBlind::proceed;
  OpenGate going({}, go_blind);
  CHECK(going.gate.ask(between(), at(minutes(7))).answer == Answer::go);
}

TEST_CASE("a webhook shuts the gate at once and cannot open it") {
  OpenGate open;
  CHECK(open.gate.ask(between(), at(minutes(5))).answer == Answer::go);
  CHECK(open.gate.suspect(std::array{kDisk}, 0, at(minutes(5) + Millis(1))));
  CHECK_FALSE(open.gate.suspect(std::array{kDisk}, 0, at(minutes(5) + Millis(2))));
  const auto verdict = open.gate.ask(between(), at(minutes(5) + Millis(3)));
  CHECK(verdict.answer == Answer::wait);
  CHECK(verdict.reasons.front().ends_with("pauses until a poll confirms or denies it"));
}

TEST_CASE("a suspicion that no poll confirms is dropped after its while, and quiet follows") {
  OpenGate open;
  open.gate.suspect(std::array{kDisk}, 0, at(minutes(5)));
  poll(open.gate, minutes(5) + seconds(1), minutes(6) + seconds(1), {});
  CHECK(open.gate.ask(between(), at(minutes(6) + seconds(2))).answer == Answer::wait);
  // Dropped at the first poll after 2 * 15 s + 30 s; two minutes of quiet begin there.
  poll(open.gate, minutes(6) + seconds(16), minutes(7) + seconds(46), {});
  CHECK(open.gate.ask(between(), at(minutes(7) + seconds(47))).answer == Answer::wait);
  poll(open.gate, minutes(8) + seconds(1), minutes(8) + seconds(1), {});
  CHECK(open.gate.ask(between(), at(minutes(8) + seconds(2))).answer == Answer::go);
}

TEST_CASE("what a truncated webhook left out is taken for firing until the next poll") {
  OpenGate open;
  CHECK(open.gate.suspect({}, 2, at(minutes(5) + seconds(1))));
  const auto verdict = open.gate.ask(between(), at(minutes(5) + seconds(2)));
  CHECK(verdict.answer == Answer::wait);
  CHECK(verdict.reasons.front() == "a webhook left 2 alerts out; waiting for a poll");
}

TEST_CASE("an abort rule latches while a run is open, and stays latched when the alert is gone") {
  OpenGate open({rule("fatal", "alertname=\"Fatal\"", RuleAction::abort, minutes(1))});
  open.gate.arm({}, kNoon, at(minutes(5)));
  open.gate.saw(seen({kFatal}), at(minutes(6)));
  poll(open.gate, minutes(6) + seconds(15), minutes(12), {});
  CHECK(open.gate.ask(between(), at(minutes(12))).answer == Answer::stop);
  CHECK(open.gate.view(at(minutes(12))).state == GateState::aborted);
  open.gate.disarm();
  CHECK(open.gate.ask(between(), at(minutes(12))).answer == Answer::go);
}

TEST_CASE("an abort rule only pauses when no run is open, or when only a webhook says so") {
  OpenGate open({rule("fatal", "alertname=\"Fatal\"", RuleAction::abort, minutes(1))});
  open.gate.saw(seen({kFatal}), at(minutes(6)));
  CHECK(open.gate.ask(between(), at(minutes(6))).answer == Answer::wait);
  OpenGate armed({rule("fatal", "alertname=\"Fatal\"", RuleAction::abort, minutes(1))});
  armed.gate.arm({}, kNoon, at(minutes(5)));
  armed.gate.suspect(std::array{kFatal}, 0, at(minutes(5)));
  CHECK(armed.gate.ask(between(), at(minutes(5))).answer == Answer::wait);
  armed.gate.saw(seen({kFatal}), at(minutes(5) + seconds(1)));
  CHECK(armed.gate.ask(between(), at(minutes(5) + seconds(2))).answer == Answer::stop);
}

TEST_CASE("a rule acts in its phases only") {
  auto everywhere = rule("fatal", "alertname=\"Fatal\"", RuleAction::abort, minutes(1));
  everywhere.phases = {Phase::drain};
  OpenGate open({everywhere});
  open.gate.arm({}, kNoon, at(minutes(5)));
  open.gate.ask(in(Phase::upgrade), at(minutes(5)));
  open.gate.saw(seen({kFatal, kDisk}), at(minutes(5)));
  CHECK(open.gate.ask(in(Phase::upgrade), at(minutes(5) + seconds(1))).answer == Answer::go);
  CHECK(open.gate.ask(in(Phase::drain), at(minutes(5) + seconds(2))).answer == Answer::stop);
}

TEST_CASE("max_pause ends a pause as on_timeout says") {
  auto held = rule("storage", "alertname=\"DiskFull\"", RuleAction::pause, minutes(1));
  held.max_pause = minutes(30);
  const auto after_half_an_hour = [&](OnTimeout what) {
    held.on_timeout = what;
    OpenGate open({held});
    open.gate.arm({}, kNoon, at(minutes(5)));
    poll(open.gate, minutes(6), minutes(37), {kDisk});
    return open.gate.ask(between(), at(minutes(37)));
  };
  CHECK(after_half_an_hour(OnTimeout::stay).answer == Answer::wait);
  CHECK(after_half_an_hour(OnTimeout::proceed).answer == Answer::go);
  const auto aborted = after_half_an_hour(OnTimeout::abort);
  CHECK(aborted.answer == Answer::stop);
  CHECK(aborted.reasons.front().ends_with("aborts, after max_pause = 30m"));
}

TEST_CASE("an alert that was waived pauses again once it has been gone and comes back") {
  auto held = rule("storage", "alertname=\"DiskFull\"", RuleAction::pause, minutes(1));
  held.max_pause = minutes(10);
  held.on_timeout = OnTimeout::proceed;
  OpenGate open({held});
  poll(open.gate, minutes(6), minutes(17), {kDisk});
  CHECK(open.gate.ask(between(), at(minutes(17))).answer == Answer::go);
  poll(open.gate, minutes(17) + seconds(15), minutes(18), {});
  open.gate.saw(seen({kDisk}), at(minutes(18) + seconds(15)));
  CHECK(open.gate.ask(between(), at(minutes(18) + seconds(16))).answer == Answer::wait);
}

TEST_CASE("replicas of Prometheus and external labels do not make two alerts of one") {
  auto book = book_with({rule("prod", "cluster=\"prod\"", RuleAction::ignore, minutes(1))});
  book.external_labels = Labels{{"cluster", "prod"}};
  book.ignore_labels = {"replica"};
  Gate gate(std::move(book), settings());
  gate.saw(seen({Labels{{"alertname", "A"}, {"replica", "a"}},
                 Labels{{"alertname", "A"}, {"replica", "b"}}}),
           at(seconds(1)));
  const auto view = gate.view(at(seconds(2)));
  REQUIRE(view.alerts.size() == 1);
  CHECK(view.alerts.front().rule == "prod (rules.ini:7)");
}

TEST_CASE("a restarted gate is as paused as it was, and its max_pause goes on counting") {
  auto held = rule("storage", "alertname=\"DiskFull\"", RuleAction::pause, minutes(20));
  held.max_pause = minutes(30);
  held.on_timeout = OnTimeout::abort;
  OpenGate before({held});
  before.gate.saw(seen({kDisk}), at(minutes(6)));
  const auto memory = before.gate.memory(kNoon, at(minutes(26)));

  Gate after(book_with({held}), settings());
  after.arm(memory, kNoon + minutes(5), at(seconds(0)));
  poll(after, seconds(1), minutes(3), {});
  const auto verdict = after.ask(between(), at(minutes(3)));
  CHECK(verdict.answer == Answer::wait);
  CHECK(verdict.reasons.front().find("of 20m after blindness, storage") != std::string::npos);

  Gate still(book_with({held}), settings());
  still.arm(memory, kNoon + minutes(5), at(seconds(0)));
  poll(still, seconds(1), minutes(6), {kDisk});
  CHECK(still.ask(between(), at(minutes(6))).answer == Answer::stop);
}

TEST_CASE("a flood of alerts is bounded in memory and in words") {
  OpenGate open;
  std::vector<Labels> flood;
  for (int i = 0; i < 30'000; ++i)
    flood.push_back({{"alertname", "A"}, {"i", std::to_string(i)}});
  CHECK(open.gate.suspect(flood, 0, at(minutes(5))));
  const auto verdict = open.gate.ask(between(), at(minutes(5)));
  CHECK(verdict.answer == Answer::wait);
  CHECK(verdict.reasons.size() == 7);
  CHECK(verdict.reasons[5] == "and 19995 more alerts");
}

}  // namespace lockkeeper
