// SPDX-License-Identifier: Apache-2.0
#include "integrations/prometheus/rule_watch.h"

#include <doctest/doctest.h>

using namespace lockkeeper;
using namespace lockkeeper::prometheus;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

const Time kNow{seconds(1'795'000'000)};
const Labels kAlert{{"alertname", "X"}};

/// The rule of X, evaluated every second, last so long ago.
std::vector<RuleHealth> evaluated(Time now, milliseconds ago) {
  return {{.group = "g",
           .name = "X",
           .health = "ok",
           .last_evaluation = now - ago,
           .interval = seconds(1),
           .state = "inactive"}};
}

}  // namespace

TEST_CASE("an alert that went while its rule was being evaluated is asked for once more") {
  RuleWatch watch;
  watch.looked(evaluated(kNow, milliseconds(100)), kNow);
  CHECK(watch.kept({kAlert}).size() == 1);
  CHECK(watch.unsettled());
  watch.looked(evaluated(kNow + seconds(1), milliseconds(600)), kNow + seconds(1));
  CHECK(watch.kept({kAlert}).empty());
}

TEST_CASE("looks that keep step with evaluations do not keep an alert for ever") {
  RuleWatch watch;
  std::vector<Labels> fires = {kAlert};
  for (int look = 0; look < 3; ++look) {
    const Time now = kNow + look * seconds(1);
    watch.looked(evaluated(now, milliseconds(100)), now);
    fires = watch.kept(fires);
    CHECK(fires.size() == (look == 0 ? 1 : 0));
  }
}

TEST_CASE("an evaluation that takes long is overtaken for as long as it took") {
  auto rules = evaluated(kNow, milliseconds(2'000));
  RuleWatch quick;
  quick.looked(rules, kNow);
  CHECK(quick.kept({kAlert}).empty());
  rules.front().evaluation = milliseconds(2'100);
  RuleWatch slow;
  slow.looked(rules, kNow);
  CHECK(slow.kept({kAlert}).size() == 1);
}

TEST_CASE("while a rule is being evaluated for the first time its alerts stay") {
  auto rules = evaluated(kNow, milliseconds(0));
  rules.front().last_evaluation.reset();
  RuleWatch watch;
  for (int look = 0; look < 3; ++look) {
    watch.looked(rules, kNow + look * milliseconds(100));
    CHECK(watch.kept({kAlert}).size() == 1);
    CHECK(watch.alerts().empty());
  }
}

TEST_CASE("a rule that fires after a restart keeps its alerts until ALERTS can tell") {
  auto rules = evaluated(kNow, milliseconds(0));
  const auto looked = [&](RuleWatch& watch, milliseconds later, const char* state) {
    rules.front().health = "ok";
    rules.front().state = state;
    rules.front().last_evaluation = kNow + later - milliseconds(600);
    watch.looked(rules, kNow + later);
    return !watch.kept({kAlert}).empty();
  };
  rules.front().health = "unknown";
  rules.front().last_evaluation.reset();
  RuleWatch watch;
  watch.looked(rules, kNow);
  CHECK(watch.kept({kAlert}).size() == 1);
  RuleWatch other = watch;
  CHECK(looked(watch, milliseconds(1'500), "firing"));
  CHECK(looked(watch, milliseconds(4'000), "firing"));
  CHECK(watch.unsettled());
  CHECK_FALSE(looked(watch, milliseconds(4'100), "firing"));
  CHECK_FALSE(watch.unsettled());
  // What it calls over itself is over.
  CHECK_FALSE(looked(other, milliseconds(1'500), "inactive"));
}

TEST_CASE("a reload soon after a start makes no rule sick that has just been evaluated") {
  auto rules = evaluated(kNow, milliseconds(0));
  RuleWatch watch;
  const auto unknown = [&](milliseconds later) {
    rules.front().health = "unknown";
    rules.front().last_evaluation.reset();
    watch.looked(rules, kNow + later);
    return watch.alerts().size();
  };
  CHECK(unknown(milliseconds(0)) == 0);
  rules.front().health = "ok";
  rules.front().state = "firing";
  rules.front().last_evaluation = kNow + milliseconds(500);
  watch.looked(rules, kNow + milliseconds(2'000));
  CHECK(unknown(milliseconds(3'000)) == 0);
  CHECK(unknown(milliseconds(5'000)) == 0);
  CHECK(unknown(milliseconds(5'100)) == 1);
}
