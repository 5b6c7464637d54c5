// SPDX-License-Identifier: Apache-2.0
#include "integrations/prometheus/past.h"

#include <doctest/doctest.h>

#include "tests/unit/prometheus/fake_prometheus.h"

namespace lockkeeper::prometheus {
namespace {

using std::chrono::seconds;

using Answer = FakePrometheus::Answer;

const Range kHours{kNow, kNow + seconds(15) * 4'999, seconds(15)};  // 5,000 looks

std::string matrix_of(const std::string& elements) {
  return R"({"status":"success","data":{"resultType":"matrix","result":[)" + elements + "]}}";
}

/// The number behind `name=` in a form-encoded body.
double number(const std::string& form, const std::string& name) {
  return std::stod(form.substr(form.find(name + "=") + name.size() + 1));
}

/// How many looks a request asks for.
int looks(const http::Request& request) {
  const double span = number(request.body, "end") - number(request.body, "start");
  return static_cast<int>(span / number(request.body, "step")) + 1;
}

TEST_CASE("a long past is asked for in pieces that meet and never overlap") {
  FakePrometheus prometheus;
  prometheus.answer_queries({.body = matrix_of("")});
  Past past(prometheus.settings());
  REQUIRE(past.alerts(kHours, [](const Series&) {}));
  const auto requests = prometheus.requests();
  REQUIRE(requests.size() == 3);
  CHECK(looks(requests[0]) == 2'000);
  CHECK(looks(requests[2]) == 1'000);
  CHECK(number(requests[1].body, "start") == number(requests[0].body, "end") + 15);
  CHECK(number(requests[2].body, "start") == number(requests[1].body, "end") + 15);
  CHECK(requests[0].method == "POST");
  CHECK(requests[0].body.starts_with("query=ALERTS%7Balertstate%3D%22firing%22%7D&start="));
}

TEST_CASE("alerts come with their own labels, and samples of 0 are none") {
  FakePrometheus prometheus;
  prometheus.answer_queries(
      {.body =
           matrix_of(R"({"metric":{"__name__":"ALERTS","alertstate":"firing","alertname":"Disk"},)"
                     R"("values":[[1795262400,"1"],[1795262415,"0"]]})")});
  Past past(prometheus.settings());
  std::vector<Series> taken;
  REQUIRE(past.alerts({kNow, kNow + seconds(15), seconds(15)},
                      [&](const Series& series) { taken.push_back(series); }));
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].labels == Labels{{"alertname", "Disk"}});
  REQUIRE(taken[0].samples.size() == 1);
  CHECK(taken[0].samples[0].at == kNow);
}

TEST_CASE("a piece that is too much is asked for in halves, and what comes is complete") {
  FakePrometheus prometheus;
  prometheus.answer_each([](const http::Request& request) -> Answer {
    if (looks(request) > 600) {
      return {.status = 503,
              .body = R"({"status":"error","errorType":"timeout","error":"query timed out"})"};
    }
    return {.body = matrix_of("")};
  });
  Past past(prometheus.settings());
  REQUIRE(past.alerts(kHours, [](const Series&) {}));
  int total = 0;
  for (const auto& request : prometheus.requests()) {
    if (looks(request) <= 600) total += looks(request);
  }
  CHECK(total == 5'000);
}

TEST_CASE("an answer larger than the limit is asked for in halves, but not for ever") {
  FakePrometheus prometheus;
  prometheus.answer_queries({.body = matrix_of("") + std::string(4'000, ' ')});
  auto settings = prometheus.settings();
  settings.body_max = 1'000;
  Past past(settings);
  const auto got = past.alerts(kHours, [](const Series&) {});
  REQUIRE(!got);
  CHECK(got.error().what.starts_with("Prometheus " + prometheus.url() + ": "));
  CHECK(prometheus.requests().size() == 9);  // 2000, 1000, ... 15, 10
}

TEST_CASE("errors of Prometheus come in its own words") {
  FakePrometheus prometheus;
  Past past(prometheus.settings());
  const auto failure = [&](Answer answer) {
    prometheus.answer_queries(std::move(answer));
    const auto got = past.alerts(kHours, [](const Series&) {});
    return got ? std::string("read") : got.error().what.substr(prometheus.url().size() + 13);
  };
  CHECK(failure({.status = 400,
                 .body = R"({"status":"error","errorType":"bad_data","error":"no such thing"})"}) ==
        "HTTP 400, bad_data: no such thing");
  CHECK(failure({.status = 502, .body = "<html>"}) == "HTTP 502");
  CHECK(failure({.body = vector_of({})}) == "the answer is not a matrix");
  CHECK(failure({.body = "{"}) != "read");
}

TEST_CASE("the Watchdog is asked for by its matchers, without labels that Prometheus lacks") {
  FakePrometheus prometheus;
  prometheus.answer_queries({.body = matrix_of("")});
  Past past(prometheus.settings());
  const auto watchdog = parse_matchers(R"(alertname="Watchdog",cluster="prod")").value();
  REQUIRE(past.watchdog_times({kNow, kNow + seconds(15), seconds(15)}, watchdog,
                              {{"cluster", "prod"}}, [](const Series&) {}));
  CHECK(prometheus.requests().at(0).body.starts_with(
      "query=timestamp%28ALERTS%7Balertstate%3D%22firing%22%2Calertname%3D%22Watchdog%22%7D%29&"));
}

TEST_CASE("the shortest evaluation interval is known where rules can be asked for") {
  FakePrometheus prometheus;
  Past past(prometheus.settings());
  CHECK(past.evaluation_interval() == seconds(15));
  prometheus.answer_rules({.status = 404, .body = "not found"});
  CHECK_FALSE(past.evaluation_interval().has_value());
}

}  // namespace
}  // namespace lockkeeper::prometheus
