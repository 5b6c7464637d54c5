// SPDX-License-Identifier: Apache-2.0

// Several sources at one gate: what any of them sees holds it, and only what enough of them do not
// see any more lets it go.

#include "bot/lookout.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/unit/bot/gate_world.h"

namespace lockkeeper::test {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const Labels kDisk{{"alertname", "DiskFull"}, {"node", "w1"}};
const Labels kLoki{{"alertname", "LokiDown"}};

/// A gate behind a lookout that has been quiet for long enough, with a run open.
struct Sources {
  GateSettings settings;
  Lookout lookout;
  Gate gate;
  Millis now{};

  static std::vector<Rule> rules() {
    auto storage = gate_rule("storage", "alertname=\"DiskFull\"", RuleAction::pause);
    storage.honor_silences = true;
    return {storage, gate_rule("loki", "alertname=\"LokiDown\"", RuleAction::pause)};
  }

  explicit Sources(LookoutSettings of, std::vector<Rule> book = rules())
      : lookout([&] {
          of.fresh = settings.blind_after;
          return of;
        }()),
        gate(GateWorld::book(std::move(book)), settings) {
    for (; now < minutes(5); now += kPoll) {
      for (std::size_t i = 0; i < of.prometheus.size(); ++i)
        sees(i, {});
      if (of.alertmanager) manager({});
    }
    gate.arm({}, kNoon, after(now));
    REQUIRE(answer() == Answer::go);
  }

  void tell(const Sighting& sighting) { gate.saw(sighting, after(now)); }
  void sees(std::size_t which, std::vector<Labels> firing) {
    tell(lookout.prometheus(which, GateWorld::sighting(std::move(firing)), after(now)));
  }
  void fails(std::size_t which, const std::string& why) {
    tell(lookout.prometheus(which, {.good = false, .why_not = why, .firing = {}, .watchdog = false},
                            after(now)));
  }
  void manager(std::vector<Labels> firing, std::vector<Suppressed> suppressed = {}) {
    Sighting look{.good = true, .why_not = {}, .firing = {}, .watchdog = false};
    look.alertmanager = std::move(firing);
    look.suppressed = std::move(suppressed);
    tell(lookout.alertmanager(look, after(now)));
  }
  void manager_fails() {
    tell(lookout.alertmanager(
        {.good = false, .why_not = "Alertmanager: refused", .firing = {}, .watchdog = false},
        after(now)));
  }
  Verdict ask() { return gate.ask({.phase = Phase::between, .nodes = {}}, after(now)); }
  Answer answer() { return ask().answer; }
};

LookoutSettings two(int quorum = 0) {
  LookoutSettings of;
  of.prometheus = {"prometheus", "prometheus replica"};
  of.quorum = quorum;
  return of;
}

LookoutSettings with_manager(bool needed = false) {
  LookoutSettings of;
  of.prometheus = {"prometheus"};
  of.alertmanager = true;
  of.needed = needed;
  return of;
}

}  // namespace

TEST_CASE("one source alone is told as it is") {
  Lookout lookout({.prometheus = {"prometheus"}, .fresh = seconds(45)});
  const auto good = lookout.prometheus(0, GateWorld::sighting({kDisk}), after(seconds(1)));
  CHECK(good.good);
  CHECK(good.watchdog);
  CHECK(good.firing == std::vector{kDisk});
  const auto bad = lookout.prometheus(
      0, {.good = false, .why_not = "refused", .firing = {}, .watchdog = false}, after(seconds(2)));
  CHECK_FALSE(bad.good);
  CHECK_FALSE(bad.partial);
  CHECK(bad.why_not == "refused");
  auto barks = GateWorld::sighting({kDisk});
  barks.watchdog = false;
  const auto mute = lookout.prometheus(0, barks, after(seconds(3)));
  CHECK_FALSE(mute.good);
  CHECK(mute.firing.empty());
  CHECK(mute.why_not == "the Watchdog alert is not firing, so rules are not evaluated");
}

TEST_CASE("an alert that one of two Prometheus sees holds the run at once") {
  Sources world(two());
  world.now += kPoll;
  world.sees(1, {kDisk});
  CHECK(world.answer() == Answer::wait);
  CHECK(world.ask().reasons.at(0).find("DiskFull") == 0);
}

TEST_CASE("two replicas of one alert are one, whatever their replica labels say") {
  Sources world(two());
  world.now += kPoll;
  world.sees(0, {kDisk});
  world.sees(1, {kDisk});
  CHECK(world.gate.view(after(world.now)).alerts.size() == 1);
}

TEST_CASE("what one has stopped seeing is gone when all have looked again, and not before") {
  Sources world(two());
  world.now += kPoll;
  world.sees(0, {kDisk});
  world.sees(1, {kDisk});
  for (int i = 0; i < 8; ++i) {
    world.now += kPoll;
    world.sees(0, {});  // the other one hangs
    CHECK(world.answer() == Answer::wait);
  }
  world.fails(1, "prometheus replica: no answer in time");
  CHECK(world.ask().reasons.back() == "blind for 2m: prometheus replica: no answer in time");
  Millis quiet{};
  for (; world.answer() == Answer::wait && quiet < minutes(10); quiet += kPoll) {
    world.now += kPoll;
    world.sees(0, {});
    world.sees(1, {});
  }
  CHECK(quiet >= minutes(2));
  CHECK(quiet <= minutes(3));
}

TEST_CASE("by default every Prometheus must be seen, and the one that is not is named") {
  Sources world(two());
  for (int i = 0; i < 4; ++i) {
    world.now += kPoll;
    world.sees(0, {});
    world.fails(1, "Prometheus replica http://b:9090: connection refused");
  }
  const auto verdict = world.ask();
  CHECK(verdict.answer == Answer::wait);
  CHECK(verdict.reasons.at(0).find("Prometheus replica http://b:9090: connection refused") !=
        std::string::npos);
  const auto view = world.gate.view(after(world.now));
  CHECK(view.state == GateState::blind);
  REQUIRE(view.sources.size() == 2);
  CHECK(view.sources[0].good);
  CHECK_FALSE(view.sources[1].good);
  CHECK(view.sources[1].name == "prometheus replica");
}

TEST_CASE("a replica without its Watchdog is not seen") {
  Sources world(two());
  auto mute = GateWorld::sighting({});
  mute.watchdog = false;
  for (int i = 0; i < 4; ++i) {
    world.now += kPoll;
    world.sees(0, {});
    world.tell(world.lookout.prometheus(1, mute, after(world.now)));
  }
  CHECK(world.ask().reasons.at(0).find("prometheus replica: the Watchdog alert is not firing") !=
        std::string::npos);
}

TEST_CASE("with quorum = 1 the other one may be away, but what it saw last still counts a while") {
  Sources world(two(1));
  world.now += kPoll;
  world.sees(0, {});
  world.sees(1, {kDisk});
  CHECK(world.answer() == Answer::wait);
  Millis waited{};
  for (; world.answer() == Answer::wait && waited < minutes(10); waited += kPoll) {
    world.now += kPoll;
    world.fails(1, "prometheus replica: refused");
    world.sees(0, {});
  }
  // blind_after for its last word, a minute of quiet for the rule.
  CHECK(waited >= seconds(105));
  CHECK(waited <= seconds(150));
  const auto view = world.gate.view(after(world.now));
  CHECK(view.state == GateState::clear);
  CHECK(std::ranges::find(view.notes, "prometheus replica: prometheus replica: refused") !=
        view.notes.end());
}

TEST_CASE("alerts of other rulers come by Alertmanager, and cannot be gone while it is away") {
  Sources world(with_manager());
  world.now += kPoll;
  world.sees(0, {});
  world.manager({kLoki});
  CHECK(world.answer() == Answer::wait);
  for (int i = 0; i < 40; ++i) {
    world.now += kPoll;
    world.sees(0, {});
    world.manager_fails();
  }
  CHECK(world.answer() == Answer::wait);
  for (int i = 0; i < 6; ++i) {
    world.now += kPoll;
    world.manager({});
    world.sees(0, {});
  }
  CHECK(world.answer() == Answer::go);
}

TEST_CASE("an alert that Prometheus knew is gone when Prometheus says so, Alertmanager or not") {
  Sources world(with_manager());
  world.now += kPoll;
  world.sees(0, {kLoki});
  world.manager({kLoki});
  CHECK(world.answer() == Answer::wait);
  for (int i = 0; i < 12; ++i) {
    world.now += kPoll;
    world.manager_fails();
    world.sees(0, {});
  }
  CHECK(world.answer() == Answer::go);
}

TEST_CASE("a silenced alert is set aside where its rule honors it, and only while that is known") {
  Sources world(with_manager());
  for (int i = 0; i < 3; ++i) {
    world.now += kPoll;
    world.manager({}, {{kDisk, "silenced by 7d4c (ana)"}});
    world.sees(0, {kDisk});
    CHECK(world.answer() == Answer::go);
  }
  const auto notes = world.gate.view(after(world.now)).notes;
  REQUIRE_FALSE(notes.empty());
  CHECK(notes.at(0).find("silenced by 7d4c (ana)") != std::string::npos);
  // Nobody can tell any more: after a while it is not silenced.
  for (int i = 0; i < 5; ++i) {
    world.now += kPoll;
    world.manager_fails();
    world.sees(0, {kDisk});
  }
  CHECK(world.answer() == Answer::wait);
}

TEST_CASE("where a rule needs Alertmanager, not seeing it is blindness") {
  auto rules = Sources::rules();
  rules[1].source = Source::alertmanager;
  Sources world(with_manager(true), rules);
  for (int i = 0; i < 5; ++i) {
    world.now += kPoll;
    world.manager_fails();
    world.sees(0, {});
  }
  const auto verdict = world.ask();
  CHECK(verdict.answer == Answer::wait);
  CHECK(verdict.reasons.at(0).find("Alertmanager: refused, and rules with source = alertmanager "
                                   "need it") != std::string::npos);
}

TEST_CASE("a heartbeat by webhook is shown, and its absence is") {
  GateSettings settings;
  settings.webhook_watchdog = minutes(3);
  auto book = GateWorld::book({});
  book.watchdog = parse_matchers("alertname=\"Watchdog\"").value();
  Gate gate(book, settings);
  Millis now{};
  const auto passes = [&](Millis time) {
    for (const Millis end = now + time; now < end;)
      gate.saw(GateWorld::sighting({}), after(now += kPoll));
  };
  passes(minutes(2));
  CHECK(gate.view(after(now)).sources.empty());
  gate.suspect(std::vector{Labels{{"alertname", "Watchdog"}}}, 0, after(now));
  auto sources = gate.view(after(now)).sources;
  REQUIRE(sources.size() == 1);
  CHECK(sources[0].name == "webhook");
  CHECK(sources[0].good);
  passes(minutes(4));
  sources = gate.view(after(now)).sources;
  REQUIRE(sources.size() == 1);
  CHECK(sources[0].why_not ==
        "deaf: no Watchdog has come by webhook for 4m (webhook_watchdog = 3m)");
  // No rule rests on webhooks, so the poll's word is enough.
  CHECK(gate.view(after(now)).state == GateState::clear);
}

TEST_CASE("where a rule believes webhooks, hearing none is blindness, and ends with a heartbeat") {
  GateSettings settings;
  settings.webhook_watchdog = minutes(3);
  auto rule = gate_rule("outside", "team=\"network\"", RuleAction::pause);
  rule.source = Source::webhook;
  auto book = GateWorld::book({rule});
  book.watchdog = parse_matchers("alertname=\"Watchdog\"").value();
  Gate gate(book, settings);
  Millis now{};
  const auto beats = [&](Millis time, bool heard) {
    for (const Millis end = now + time; now < end;) {
      now += kPoll;
      if (heard) gate.suspect(std::vector{Labels{{"alertname", "Watchdog"}}}, 0, after(now));
      gate.saw(GateWorld::sighting({{{"alertname", "Watchdog"}}}), after(now));
    }
  };
  const auto ask = [&] { return gate.ask({.phase = Phase::between, .nodes = {}}, after(now)); };
  beats(minutes(5), true);
  CHECK(ask().answer == Answer::go);
  beats(minutes(4), false);
  CHECK(ask().answer == Answer::wait);
  CHECK(ask().reasons.at(0).find("deaf: no Watchdog has come by webhook for 4m") == 0);
  CHECK(gate.view(after(now)).state == GateState::blind);
  beats(seconds(90), true);
  CHECK(ask().answer == Answer::wait);
  beats(minutes(1), true);
  CHECK(ask().answer == Answer::go);
}

}  // namespace lockkeeper::test
