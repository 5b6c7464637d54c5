// SPDX-License-Identifier: Apache-2.0
#include "integrations/prometheus/past_uses.h"

#include "tests/unit/prometheus/fake_prometheus.h"

namespace lockkeeper::prometheus {
namespace {

constexpr Millis kDay = std::chrono::hours(24);
const std::string kTarget = R"("job":"apiserver","instance":"10.0.0.1:6443")";

std::string use(const std::string& more, const std::string& value = "1") {
  return series(kTarget + "," + more, value);
}

/// A Prometheus that has seen the server for a day, and one API that is requested.
struct Bench {
  FakePrometheus prometheus;
  std::string uses = vector_of(
      {use(R"("group":"batch","version":"v1beta1","resource":"cronjobs","removed_release":"1.25")"),
       use(R"("group":"","version":"v1","resource":"endpoints","removed_release":"")", "0")});
  std::string minutes = vector_of({series(kTarget, "1439")});

  Bench() {
    prometheus.answer_each([this](const http::Request& request) -> FakePrometheus::Answer {
      return {.body = request.body.starts_with("query=max_over_time") ? uses : minutes};
    });
  }
  PastUse ask(const std::string& address = "10.0.0.1") {
    return past_uses(prometheus.settings(), {}, address, kDay);
  }
};

}  // namespace

TEST_CASE("what was requested is remembered, and a day that was watched is believed") {
  Bench bench;
  const auto past = bench.ask();
  CHECK(past.failure.empty());
  CHECK(past.uses == std::vector<DeprecatedUse>{{"batch/v1beta1/cronjobs", "1.25"}});
  const auto requests = bench.prometheus.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].body ==
        "query=max_over_time%28apiserver_requested_deprecated_apis%7Binstance%3D~%2210%5B.%5D0%5B."
        "%5D0%5B.%5D1%28%3A%5B0-9%5D%2B%29%3F%22%7D%5B86400s%5D%29");
  CHECK(requests[1].body.contains("instance%3D%2210.0.0.1%3A6443%22"));
  CHECK(requests[1].body.contains("offset%2086400s"));
}

TEST_CASE("a history that is short, or has gaps, proves nothing") {
  Bench bench;
  bench.minutes = vector_of({series(kTarget, "1368")});
  CHECK(bench.ask().failure.empty());
  bench.minutes = vector_of({series(kTarget, "1367")});
  CHECK(bench.ask().failure == "it has seen the server in 94.9 % of the last 1d only");
  bench.minutes = vector_of({});
  CHECK(bench.ask().failure == "it has not watched the server for 1d");
  CHECK(bench.ask().uses.size() == 1);
}

TEST_CASE("without one series of the metric it may be one that drops it") {
  Bench bench;
  bench.uses = vector_of({});
  CHECK(bench.ask().failure == "it has no apiserver_requested_deprecated_apis of 10.0.0.1");
}

TEST_CASE("of two jobs that scrape the server, one with the whole history is enough") {
  Bench bench;
  bench.uses = vector_of({use(R"("resource":"a")"),
                          series(R"("job":"young","instance":"10.0.0.1:443","resource":"a")")});
  bench.prometheus.answer_each([&](const http::Request& request) -> FakePrometheus::Answer {
    if (request.body.starts_with("query=max_over_time")) return {.body = bench.uses};
    return {.body = request.body.contains("young") ? vector_of({}) : bench.minutes};
  });
  CHECK(bench.ask().failure.empty());
}

TEST_CASE("answers that are none, and addresses that are none") {
  Bench bench;
  CHECK(bench.ask("10.0.0.1\"} or vector(1)").failure == "the server's address is not known");
  CHECK(bench.ask("").failure == "the server's address is not known");
  CHECK(bench.prometheus.requests().empty());
  CHECK(bench.ask("fd00::1").failure.empty());
  CHECK(bench.prometheus.requests()[0].body.contains("%5B%5B%5Dfd00%3A%3A1%5B%5D%5D"));
  bench.prometheus.answer_each([](const http::Request&) -> FakePrometheus::Answer {
    return {.status = 503, .body = "starting"};
  });
  CHECK(bench.ask().failure == "HTTP 503");
}

}  // namespace lockkeeper::prometheus
