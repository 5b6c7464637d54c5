// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Prometheus that answers what the test tells it to, over a real socket, and a clock that stands
// still.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "integrations/http/server.h"
#include "integrations/prometheus/poller.h"

namespace lockkeeper::prometheus {

inline constexpr Time kNow{Millis(1'795'262'400'000)};  // 2026-11-21T12:00:00Z

class StoppedClock : public Clock {
 public:
  Time time = kNow;
  [[nodiscard]] Time now() const override { return time; }
  [[nodiscard]] Moment moment() const override { return {}; }
  void wait_until(Moment) override {}
};

/// The series of one firing alert, as an element of `data.result`.
inline std::string series(const std::string& labels, const std::string& value = "1",
                          double at = 1'795'262'400.0) {
  return fmt::format(R"({{"metric":{{"__name__":"ALERTS","alertstate":"firing",{}}},)"
                     R"("value":[{:.3f},"{}"]}})",
                     labels, at, value);
}

inline std::string vector_of(const std::vector<std::string>& elements,
                             const std::string& more = "") {
  std::string list;
  for (const std::string& element : elements)
    list += (list.empty() ? "" : ",") + element;
  return R"({"status":"success","data":{"resultType":"vector","result":[)" + list + "]}" + more +
         "}";
}

/// A rules answer with one group of one rule.
inline std::string rules_with(const std::string& health, const std::string& last_evaluation) {
  return fmt::format(
      R"({{"status":"success","data":{{"groups":[{{"name":"g","file":"f","rules":[{{"name":"X",)"
      R"("state":"firing","query":"up","health":"{}","lastEvaluation":"{}","type":"alerting",)"
      R"("alerts":[{{"labels":{{"name":"n","health":"h"}}}}]}}],"interval":15}}]}}}})",
      health, last_evaluation);
}

inline const std::string kWatchdog = series(R"("alertname":"Watchdog","severity":"none")");
inline const std::string kHealthyRules = rules_with("ok", "2026-11-21T11:59:50.123456789Z");

class FakePrometheus {
 public:
  struct Answer {
    int status = 200;
    std::string body;
    bool hang = false;
  };

  FakePrometheus() {
    auto server = http::Server::listen({}, [this](http::Exchange exchange) { serve(exchange); });
    REQUIRE(server);
    server_ = std::move(*server);
  }

  void answer_queries(Answer answer) {
    const std::lock_guard lock(mutex_);
    query_ = std::move(answer);
  }
  /// Instead of one answer for all queries: what becomes of each request.
  void answer_each(std::function<Answer(const http::Request&)> answer) {
    const std::lock_guard lock(mutex_);
    each_ = std::move(answer);
  }
  void answer_rules(Answer answer) {
    const std::lock_guard lock(mutex_);
    rules_ = std::move(answer);
  }

  [[nodiscard]] std::vector<http::Request> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  [[nodiscard]] std::size_t rules_requests() {
    std::size_t count = 0;
    for (const auto& request : requests())
      count += request.path.ends_with("/rules") ? 1U : 0U;
    return count;
  }

  [[nodiscard]] std::string url() const {
    return fmt::format("http://127.0.0.1:{}", server_->port());
  }
  [[nodiscard]] PrometheusSettings settings() const {
    PrometheusSettings settings;
    settings.url = url();
    settings.timeout = Millis(2'000);
    return settings;
  }

 private:
  void serve(http::Exchange exchange) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(exchange.request());
    const bool about_rules = exchange.request().path.ends_with("/rules");
    const Answer answer = about_rules ? rules_ : each_ ? each_(exchange.request()) : query_;
    if (answer.hang) {
      hanging_.push_back(exchange);
      return;
    }
    exchange.send({.status = answer.status, .body = answer.body, .headers = {}});
  }

  std::mutex mutex_;
  Answer query_{.body = vector_of({kWatchdog})};
  Answer rules_{.body = kHealthyRules};
  std::function<Answer(const http::Request&)> each_;
  std::vector<http::Request> requests_;
  std::deque<http::Exchange> hanging_;
  std::unique_ptr<http::Server> server_;  // last: its thread uses all of the above
};

/// A rule book that knows the Watchdog by its name.
inline RuleBook watchdog_book() {
  RuleBook book;
  book.watchdog = parse_matchers(R"(alertname="Watchdog")").value();
  return book;
}

}  // namespace lockkeeper::prometheus
