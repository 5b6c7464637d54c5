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
