// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "fake_prometheus.h"
#include "integrations/prometheus/poller.h"

using namespace lockkeeper;
using namespace lockkeeper::prometheus;

namespace {

struct Eyes {
  FakePrometheus prometheus;
  StoppedClock clock;
  RuleBook book = watchdog_book();
  GateSettings gate;  // looks at the rules every fourth time
  Poller poller{prometheus.settings(), gate, book, clock};
};

const Labels kUnhealthy = {{"alertname", "GateRuleUnhealthy"}, {"rule_name", "X"}, {"group", "g"}};

bool saw(const Sighting& sighting, const Labels& labels) {
  return std::ranges::find(sighting.firing, labels) != sighting.firing.end();
}

}  // namespace

TEST_CASE("the rules are looked at first of all, and then every so many looks") {
  Eyes eyes;
  for (int look = 1; look <= 9; ++look) {
    CHECK(eyes.poller.poll().good);
    CHECK(eyes.prometheus.rules_requests() == static_cast<std::size_t>((look + 3) / 4));
  }
}

TEST_CASE("a sick rule is an alert until the rules are looked at again") {
  Eyes eyes;
  eyes.prometheus.answer_rules({.body = rules_with("err", "2026-11-21T11:59:50Z")});
  CHECK(saw(eyes.poller.poll(), kUnhealthy));
  eyes.prometheus.answer_rules({.body = kHealthyRules});
  for (int look = 2; look <= 4; ++look)
    CHECK(saw(eyes.poller.poll(), kUnhealthy));
  CHECK_FALSE(saw(eyes.poller.poll(), kUnhealthy));
}

TEST_CASE("a rule's age is told by Prometheus' own clock") {
  Eyes eyes;
  const Labels stale = {{"alertname", "GateRulesStale"}, {"rule_name", "X"}, {"group", "g"}};
  eyes.clock.time = kNow + Millis(50'000);  // ours is ahead, its rule was evaluated 10 s ago
  CHECK_FALSE(saw(eyes.poller.poll(), stale));
  Eyes later;
  later.prometheus.answer_rules({.body = rules_with("ok", "2026-11-21T11:59:10Z")});
  CHECK(saw(later.poller.poll(), stale));
}

TEST_CASE("rules that cannot be looked at make the look a failed one, until they can") {
  Eyes eyes;
  for (const FakePrometheus::Answer& answer : {FakePrometheus::Answer{.status = 500, .body = ""},
                                               {.body = "<html>"},
                                               {.body = R"({"status":"success","data":{}})"}}) {
    eyes.prometheus.answer_rules(answer);
    const Sighting sighting = eyes.poller.poll();
    CHECK_FALSE(sighting.good);
    CHECK(sighting.why_not.find(": rules: ") != std::string::npos);
  }
  eyes.prometheus.answer_rules({.body = kHealthyRules});
  CHECK(eyes.poller.poll().good);
  CHECK(eyes.prometheus.rules_requests() == 4);
}

TEST_CASE("a front end without rules is not asked again") {
  Eyes eyes;
  eyes.prometheus.answer_rules({.status = 404, .body = "404 page not found"});
  for (int look = 1; look <= 6; ++look)
    CHECK(eyes.poller.poll().good);
  CHECK(eyes.prometheus.rules_requests() == 1);
}

TEST_CASE("a rule that was just loaded is no sick one, unless nobody evaluates it") {
  Eyes eyes;
  eyes.prometheus.answer_rules({.body = rules_with("unknown", "0001-01-01T00:00:00Z")});
  CHECK_FALSE(saw(eyes.poller.poll(), kUnhealthy));
  const auto later = [&](double seconds) {
    eyes.clock.time = kNow + Millis(static_cast<int>(seconds * 1000));
    eyes.prometheus.answer_queries(
        {.body = vector_of({series(R"("alertname":"Watchdog")", "1", 1'795'262'400.0 + seconds)})});
    return eyes.poller.poll();
  };
  // Its group's interval is 15 s. While it waits, every look asks.
  CHECK_FALSE(saw(later(30), kUnhealthy));
  CHECK(eyes.prometheus.rules_requests() == 2);
  CHECK(saw(later(31), kUnhealthy));
  eyes.prometheus.answer_rules({.body = rules_with("ok", "2026-11-21T12:00:30Z")});
  CHECK_FALSE(saw(later(32), kUnhealthy));
}

TEST_CASE("an alert whose rule was loaded anew goes on firing until the rule has been evaluated") {
  const Labels alert = {{"alertname", "X"}, {"node", "n1"}};
  const std::string fires = series(R"("alertname":"X","node":"n1")");
  Eyes eyes;
  eyes.prometheus.answer_queries({.body = vector_of({kWatchdog, fires})});
  CHECK(saw(eyes.poller.poll(), alert));
  eyes.prometheus.answer_rules({.body = rules_with("unknown", "0001-01-01T00:00:00Z")});
  eyes.prometheus.answer_queries({.body = vector_of({kWatchdog})});
  CHECK(saw(eyes.poller.poll(), alert));
  CHECK(saw(eyes.poller.poll(), alert));
  // Its `for` counts anew: that is not over either.
  auto pending = kHealthyRules;
  pending.replace(pending.find("\"firing\""), 8, "\"pending\"");
  eyes.prometheus.answer_rules({.body = pending});
  CHECK(saw(eyes.poller.poll(), alert));
  // It fires, and ALERTS does not tell: after a restart that is so until it has been restored.
  eyes.prometheus.answer_rules({.body = kHealthyRules});
  CHECK(saw(eyes.poller.poll(), alert));
  auto inactive = kHealthyRules;
  inactive.replace(inactive.find("\"firing\""), 8, "\"inactive\"");
  eyes.prometheus.answer_rules({.body = inactive});
  CHECK_FALSE(saw(eyes.poller.poll(), alert));
  CHECK_FALSE(saw(eyes.poller.poll(), alert));
}

TEST_CASE("an alert whose rule is well, or gone, is over when it is not seen any more") {
  const Labels alert = {{"alertname", "Y"}};
  Eyes eyes;
  eyes.prometheus.answer_queries({.body = vector_of({kWatchdog, series(R"("alertname":"Y")")})});
  CHECK(saw(eyes.poller.poll(), alert));
  eyes.prometheus.answer_rules({.body = rules_with("unknown", "0001-01-01T00:00:00Z")});  // X's
  eyes.prometheus.answer_queries({.body = vector_of({kWatchdog})});
  CHECK_FALSE(saw(eyes.poller.poll(), alert));
  CHECK(eyes.prometheus.rules_requests() == 2);
}

TEST_CASE("a Watchdog is never kept: it proves something only while it is there") {
  Eyes eyes;
  auto unknown = rules_with("unknown", "0001-01-01T00:00:00Z");
  unknown.replace(unknown.find("\"X\""), 3, "\"Watchdog\"");
  CHECK(eyes.poller.poll().watchdog);
  eyes.prometheus.answer_rules({.body = unknown});
  eyes.prometheus.answer_queries({.body = vector_of({})});
  const Sighting sighting = eyes.poller.poll();
  CHECK(sighting.good);
  CHECK_FALSE(sighting.watchdog);
  CHECK(sighting.firing.empty());
}

TEST_CASE("an alert whose rule was evaluated while we were asking is not over for that look") {
  const Labels alert = {{"alertname", "X"}};
  Eyes eyes;
  eyes.prometheus.answer_queries({.body = vector_of({kWatchdog, series(R"("alertname":"X")")})});
  CHECK(saw(eyes.poller.poll(), alert));
  eyes.prometheus.answer_queries({.body = vector_of({kWatchdog})});
  eyes.prometheus.answer_rules({.body = rules_with("ok", "2026-11-21T12:00:00.001Z")});
  CHECK(saw(eyes.poller.poll(), alert));
  eyes.prometheus.answer_rules({.body = kHealthyRules});
  CHECK_FALSE(saw(eyes.poller.poll(), alert));
}
