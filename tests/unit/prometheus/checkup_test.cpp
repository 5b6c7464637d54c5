// SPDX-License-Identifier: Apache-2.0
#include "integrations/prometheus/checkup.h"

#include "tests/unit/prometheus/fake_prometheus.h"

namespace lockkeeper::prometheus {
namespace {

struct Bench {
  FakePrometheus prometheus;
  StoppedClock clock;
  RuleBook book = watchdog_book();
  std::string alerts = vector_of({kWatchdog});
  double its_time = 1'795'262'400.0;

  Bench() {
    prometheus.answer_each([this](const http::Request& request) -> FakePrometheus::Answer {
      if (request.body.contains("ALERTS")) return {.body = alerts};
      return {.body = vector_of({series(R"("a":"b")", "1", its_time)})};
    });
    prometheus.answer_rules({.body = kHealthyRules});
  }
  PrometheusExam look() { return check_up(prometheus.settings(), book, clock, {}, {}); }
};

}  // namespace

TEST_CASE("a Prometheus that is well") {
  Bench bench;
  const auto exam = bench.look();
  CHECK(exam.failure.empty());
  CHECK(exam.alerts);
  CHECK(exam.watchdog);
  CHECK(exam.rules == 1);
  CHECK(exam.sick_rules.empty());
  REQUIRE(exam.clock);
  CHECK(exam.clock->at_least() == Millis(0));
}

TEST_CASE("no ALERTS at all, and ALERTS without the Watchdog, are told apart") {
  Bench bench;
  bench.alerts = vector_of({});
  CHECK_FALSE(bench.look().alerts);
  bench.alerts = vector_of({series(R"("alertname":"Other")")});
  CHECK(bench.look().alerts);
  CHECK_FALSE(bench.look().watchdog);
}

TEST_CASE("its clock, a rule that fails, and rules that nobody tells of") {
  Bench bench;
  bench.its_time += 90;
  CHECK(bench.look().clock->offset > Millis(89'000));
  bench.prometheus.answer_rules({.body = rules_with("err", "2026-11-21T11:59:50Z")});
  CHECK(bench.look().sick_rules == std::vector<std::string>{"X (group g)"});
  bench.prometheus.answer_rules({.status = 404, .body = "no such page"});
  CHECK(bench.look().rules_failure == "HTTP 404");
}

TEST_CASE("what is no Prometheus, and a token that cannot be read") {
  Bench bench;
  bench.prometheus.answer_each([](const http::Request&) -> FakePrometheus::Answer {
    return {.body = "<html>hello</html>"};
  });
  CHECK_FALSE(bench.look().failure.empty());
  auto settings = bench.prometheus.settings();
  settings.bearer_token.file = "/nowhere/token";
  const auto unasked = check_up(settings, bench.book, bench.clock, {}, {});
  CHECK(unasked.unasked);
  settings.bearer_token = {};
  settings.bearer_token.kubernetes = "a/b/c";
  const auto broken = check_up(settings, bench.book, bench.clock, {}, {});
  CHECK_FALSE(broken.unasked);
  CHECK(broken.failure.starts_with("Kubernetes Secret a/b/c: "));
}

}  // namespace lockkeeper::prometheus
