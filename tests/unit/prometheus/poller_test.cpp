// SPDX-License-Identifier: Apache-2.0
#include "integrations/prometheus/poller.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "fake_prometheus.h"

using namespace lockkeeper;
using namespace lockkeeper::prometheus;

namespace {

/// A poller that looks at the fake, and what it says when a look fails.
struct Eyes {
  FakePrometheus prometheus;
  StoppedClock clock;
  RuleBook book = watchdog_book();
  GateSettings gate;

  [[nodiscard]] Poller poller() const { return {prometheus.settings(), gate, book, clock}; }

  std::string failure_for(const FakePrometheus::Answer& answer) {
    prometheus.answer_queries(answer);
    const Sighting sighting = poller().poll();
    CHECK_FALSE(sighting.good);
    CHECK(sighting.firing.empty());
    CHECK_FALSE(sighting.watchdog);
    const std::string prefix = "Prometheus " + prometheus.url() + ": ";
    CHECK(sighting.why_not.starts_with(prefix));
    return sighting.why_not.substr(std::min(prefix.size(), sighting.why_not.size()));
  }
};

}  // namespace

TEST_CASE("a good look gives the firing alerts, and whether the Watchdog was among them") {
  Eyes eyes;
  eyes.prometheus.answer_queries(
      {.body = vector_of({kWatchdog, series(R"("alertname":"KubeAPIDown","node":"n1")")})});
  const Sighting sighting = eyes.poller().poll();
  CHECK(sighting.good);
  CHECK(sighting.why_not.empty());
  CHECK(sighting.watchdog);
  CHECK(sighting.firing == std::vector<Labels>{{{"alertname", "Watchdog"}, {"severity", "none"}},
                                               {{"alertname", "KubeAPIDown"}, {"node", "n1"}}});
}

TEST_CASE("pending alerts are asked for only where a rule is about them, and told apart") {
  Eyes eyes;
  Rule rule;
  rule.state = StateScope::any;
  eyes.book.rules.push_back(rule);
  auto pending = series(R"("alertname":"SlowBurn")");
  pending.replace(pending.find("firing"), 6, "pending");
  eyes.prometheus.answer_queries({.body = vector_of({kWatchdog, pending})});
  const Sighting sighting = eyes.poller().poll();
  REQUIRE(sighting.good);
  CHECK(sighting.firing.size() == 1);
  CHECK(sighting.pending == std::vector<Labels>{{{"alertname", "SlowBurn"}}});
  CHECK(sighting.at == eyes.clock.now());
  CHECK(http::percent_decoded(eyes.prometheus.requests()[0].body, true) == "query=ALERTS");
}

TEST_CASE("it asks for ALERTS that fire, by POST, and for the rules' health") {
  Eyes eyes;
  CHECK(eyes.poller().poll().good);
  const auto requests = eyes.prometheus.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].method == "POST");
  CHECK(requests[0].path == "/api/v1/query");
  CHECK(http::percent_decoded(requests[0].body, true) == R"(query=ALERTS{alertstate="firing"})");
  CHECK(requests[0].headers.get("Content-Type") == "application/x-www-form-urlencoded");
  CHECK(requests[1].method == "GET");
  CHECK(requests[1].path == "/api/v1/rules");
  CHECK(requests[1].query_value("type") == "alert");
}

TEST_CASE("a URL may have a path, with or without a slash at its end") {
  Eyes eyes;
  auto settings = eyes.prometheus.settings();
  settings.url += "/monitoring/prometheus//";
  CHECK(Poller(settings, eyes.gate, eyes.book, eyes.clock).poll().good);
  CHECK(eyes.prometheus.requests().at(0).path == "/monitoring/prometheus/api/v1/query");
}

TEST_CASE("an empty answer is a good look in which the Watchdog was not seen") {
  Eyes eyes;
  eyes.prometheus.answer_queries({.body = vector_of({})});
  const Sighting sighting = eyes.poller().poll();
  CHECK(sighting.good);
  CHECK_FALSE(sighting.watchdog);
  CHECK(sighting.firing.empty());
}

TEST_CASE("a sample of 0 does not fire, one that is no number does") {
  Eyes eyes;
  eyes.prometheus.answer_queries({.body = vector_of({series(R"("alertname":"Watchdog")", "0"),
                                                     series(R"("alertname":"Odd")", "NaN")})});
  const Sighting sighting = eyes.poller().poll();
  CHECK(sighting.good);
  CHECK_FALSE(sighting.watchdog);
  CHECK(sighting.firing == std::vector<Labels>{{{"alertname", "Odd"}}});
}

TEST_CASE("the Watchdog is known by the book's matchers, after normalisation") {
  Eyes eyes;
  eyes.book.watchdog = parse_matchers(R"(alertname="DeadMan", cluster="eu")").value();
  CHECK_FALSE(eyes.poller().poll().watchdog);
  eyes.prometheus.answer_queries({.body = vector_of({series(R"("alertname":"DeadMan")")})});
  CHECK_FALSE(eyes.poller().poll().watchdog);
  eyes.book.external_labels.set("cluster", "eu");
  CHECK(eyes.poller().poll().watchdog);
  eyes.book.watchdog.clear();
  CHECK_FALSE(eyes.poller().poll().watchdog);
}

TEST_CASE("only 200, success and a vector are success") {
  Eyes eyes;
  CHECK(eyes.failure_for({.status = 503, .body = "Service Unavailable"}) == "HTTP 503");
  CHECK(eyes.failure_for({.status = 503,
                          .body = R"({"status":"error","errorType":"timeout","error":"slow"})"}) ==
        "HTTP 503, timeout: slow");
  CHECK(eyes.failure_for(
            {.status = 400, .body = R"({"status":"error","errorType":"bad_data","error":"no"})"}) ==
        "HTTP 400, bad_data: no");
  CHECK(eyes.failure_for({.status = 204, .body = ""}) == "HTTP 204");
  CHECK(eyes.failure_for({.status = 302, .body = ""}) == "HTTP 302");
  CHECK(eyes.failure_for({.body = "<html><h1>Login</h1></html>"}) == "malformed JSON at byte 1");
  CHECK(eyes.failure_for({.body = ""}) == "malformed JSON at byte 1");
  CHECK(eyes.failure_for({.body = vector_of({kWatchdog}).substr(0, 90)})
            .starts_with("malformed JSON"));
  CHECK(eyes.failure_for({.body = R"({"status":"error","errorType":"x","error":"y"})"}) == "x: y");
  CHECK(eyes.failure_for(
            {.body = R"({"status":"success","data":{"resultType":"matrix","result":[]}})"}) ==
        "the answer is not a vector");
  CHECK(eyes.failure_for(
                {.body = R"({"status":"success","data":{"resultType":"scalar","result":[1,"1"]}})"})
            .starts_with("data.result[0]: not"));
}

TEST_CASE("clocks may differ a little, and no more") {
  Eyes eyes;
  const auto at = [&](double seconds) {
    eyes.prometheus.answer_queries(
        {.body = vector_of({series(R"("alertname":"Watchdog")", "1", 1'795'262'400 + seconds)})});
    return eyes.poller().poll();
  };
  CHECK(at(-59).good);
  CHECK(at(60).good);
  // What is tolerated is shown all the same.
  CHECK(at(-59).note == "its clock is 59s behind ours");
  CHECK(at(5).note.empty());
  CHECK(at(-600).why_not.ends_with(": its clock is 10m behind ours (limit 1m)"));
  CHECK(at(61).why_not.ends_with(": its clock is 1m1s ahead of ours (limit 1m)"));
}

TEST_CASE("a failure of a further Prometheus says which it is") {
  Eyes eyes;
  auto settings = eyes.prometheus.settings();
  settings.name = "replica";
  eyes.prometheus.answer_queries({.status = 503, .body = ""});
  CHECK(Poller(settings, eyes.gate, eyes.book, eyes.clock).poll().why_not ==
        "Prometheus replica " + eyes.prometheus.url() + ": HTTP 503");
}

TEST_CASE("a limit for the clock that is narrower than what is worth a line still holds") {
  Eyes eyes;
  eyes.gate.clock_skew_max = Millis(2'000);
  eyes.prometheus.answer_queries(
      {.body = vector_of({series(R"("alertname":"Watchdog")", "1", 1'795'262'403)})});
  CHECK(eyes.poller().poll().why_not.ends_with(": its clock is 3s ahead of ours (limit 2s)"));
}

TEST_CASE("a token goes along, and is read again for each look") {
  Eyes eyes;
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / fmt::format("lockkeeper-token.{}", ::getpid());
  auto settings = eyes.prometheus.settings();
  settings.bearer_token.file = file.native();
  Poller poller(settings, eyes.gate, eyes.book, eyes.clock);
  for (const char* token : {"first", "second"}) {
    std::ofstream(file) << token << '\n';
    ::chmod(file.c_str(), 0600);
    CHECK(poller.poll().good);
    CHECK(eyes.prometheus.requests().back().headers.get("Authorization") ==
          std::string("Bearer ") + token);
  }
  std::filesystem::remove(file);
  const Sighting without = poller.poll();
  CHECK_FALSE(without.good);
  CHECK(without.why_not.find(file.native()) != std::string::npos);
}

TEST_CASE("nobody there, an answer that is too large, and no answer at all are failures") {
  Eyes eyes;
  auto settings = eyes.prometheus.settings();
  SUBCASE("a port where nothing listens") {
    settings.url = "http://127.0.0.1:1";
    const Sighting sighting = Poller(settings, eyes.gate, eyes.book, eyes.clock).poll();
    CHECK(sighting.why_not == "Prometheus http://127.0.0.1:1: connection refused");
  }
  SUBCASE("an answer over the limit") {
    settings.body_max = 100;
    const Sighting sighting = Poller(settings, eyes.gate, eyes.book, eyes.clock).poll();
    CHECK_FALSE(sighting.good);
    CHECK(sighting.why_not.find("100") != std::string::npos);
  }
  SUBCASE("a server that accepts and then says nothing") {
    settings.timeout = Millis(150);
    eyes.prometheus.answer_queries({.body = "", .hang = true});
    Poller poller(settings, eyes.gate, eyes.book, eyes.clock);
    for (int i = 0; i < 3; ++i)
      CHECK_FALSE(poller.poll().good);
    eyes.prometheus.answer_queries({.body = vector_of({kWatchdog})});
    CHECK(poller.poll().good);
  }
}

TEST_CASE("a look that is under way ends when the poller is stopped") {
  Eyes eyes;
  auto settings = eyes.prometheus.settings();
  settings.timeout = Millis(60'000);
  eyes.prometheus.answer_queries({.body = "", .hang = true});
  Poller poller(settings, eyes.gate, eyes.book, eyes.clock);
  std::thread stopper([&] {
    while (eyes.prometheus.requests().empty())
      std::this_thread::yield();
    poller.stop();
  });
  CHECK_FALSE(poller.poll().good);
  stopper.join();
  CHECK_FALSE(poller.poll().good);
}

TEST_CASE("ten thousand alerts in one answer") {
  Eyes eyes;
  std::vector<std::string> elements = {kWatchdog};
  for (int i = 0; i < 10'000; ++i) {
    elements.push_back(series(fmt::format(
        R"("alertname":"Flood","instance":"10.0.0.{}:9100","pod":"web-{}","severity":"warning")",
        i % 250, i)));
  }
  eyes.prometheus.answer_queries({.body = vector_of(elements)});
  const Sighting sighting = eyes.poller().poll();
  CHECK(sighting.good);
  CHECK(sighting.watchdog);
  CHECK(sighting.firing.size() == 10'001);
}
