// SPDX-License-Identifier: Apache-2.0
#include "integrations/pushgateway/push.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <mutex>
#include <string>
#include <vector>

#include "integrations/http/server.h"

using namespace lockkeeper;
using namespace lockkeeper::pushgateway;

namespace {

/// A Pushgateway that answers with one status, or not at all.
class Gateway {
 public:
  explicit Gateway(int status) : status_(status) {
    auto server = http::Server::listen({}, [this](http::Exchange exchange) {
      const std::lock_guard lock(mutex_);
      requests_.push_back(exchange.request());
      if (status_ == 0) {
        hanging_.push_back(exchange);
      } else {
        exchange.send(
            {.status = status_, .body = "text format parsing error\nmore", .headers = {}});
      }
    });
    REQUIRE(server);
    server_ = std::move(*server);
  }

  [[nodiscard]] PushgatewaySettings settings(const std::string& path = "") const {
    PushgatewaySettings settings;
    settings.url = fmt::format("http://127.0.0.1:{}{}", server_->port(), path);
    settings.timeout = Millis(200);
    return settings;
  }
  std::vector<http::Request> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  std::mutex mutex_;
  int status_;
  std::vector<http::Request> requests_;
  std::vector<http::Exchange> hanging_;
  std::unique_ptr<http::Server> server_;  // last: its thread uses all of the above
};

bool counted(const metrics::Metrics& metrics, int failures) {
  const std::string line = fmt::format("\nlockkeeper_push_failures_total {}\n", failures);
  return metrics.text().find(line) != std::string::npos;
}

}  // namespace

TEST_CASE("the full set is put under the cluster's key") {
  Gateway gateway(202);
  metrics::Metrics metrics;
  metrics.set(metrics::Metric::upgrade_in_flight, 1);
  Pusher pusher(gateway.settings("/gw/"), "home", metrics);
  const std::string before = metrics.text();
  CHECK(pusher.push());
  const auto requests = gateway.requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].method == "PUT");
  CHECK(requests[0].target == "/gw/metrics/job/lockkeeper/cluster/home");
  CHECK(requests[0].headers.get("Content-Type").starts_with("text/plain; version=0.0.4"));
  CHECK(requests[0].body == before);
  CHECK(counted(metrics, 0));
  CHECK(metrics.text().find("\nlockkeeper_push_last_success_timestamp_seconds 1") !=
        std::string::npos);
}

TEST_CASE("a bot that leaves says so, or takes its group away, but never that of an open run") {
  Gateway gateway(202);
  metrics::Metrics metrics;
  metrics.set(metrics::Metric::serving, 1);
  auto settings = gateway.settings();
  const auto left = [&](bool run_is_open) {
    REQUIRE(Pusher(settings, "home", metrics).finish(run_is_open));
    const auto last = gateway.requests().back();
    const bool told = last.body.find("\nlockkeeper_serving 0\n") != std::string::npos;
    return last.method + (told ? " not serving" : "") + (last.body.empty() ? " empty" : "");
  };
  CHECK(left(false) == "PUT not serving");
  settings.delete_at_exit = true;
  CHECK(left(true) == "PUT not serving");
  CHECK(left(false) == "DELETE empty");
  CHECK(gateway.requests().back().target == "/metrics/job/lockkeeper/cluster/home");
}

TEST_CASE("names that a path cannot carry are written in base64") {
  CHECK(group_path("prod-eu_1.a~") == "/metrics/job/lockkeeper/cluster/prod-eu_1.a~");
  CHECK(group_path("a/b") == "/metrics/job/lockkeeper/cluster@base64/YS9i");
  CHECK(group_path("") == "/metrics/job/lockkeeper/cluster@base64/=");
  CHECK(group_path("..") == "/metrics/job/lockkeeper/cluster@base64/Li4");
  CHECK(group_path("größe?") == "/metrics/job/lockkeeper/cluster@base64/Z3LDtsOfZT8");
}

TEST_CASE("refusals, silence and absence are counted and change nothing else") {
  metrics::Metrics metrics;
  SUBCASE("refused") {
    Gateway gateway(400);
    Pusher pusher(gateway.settings(), "home", metrics);
    const Status pushed = pusher.push();
    REQUIRE_FALSE(pushed);
    CHECK(pushed.error().what == gateway.settings().url + ": HTTP 400 text format parsing error");
    CHECK(counted(metrics, 1));
    CHECK_FALSE(pusher.push());
    CHECK(counted(metrics, 2));
  }
  SUBCASE("a redirect is not followed") {
    Gateway gateway(307);
    CHECK_FALSE(Pusher(gateway.settings(), "home", metrics).push());
    CHECK(gateway.requests().size() == 1);
    CHECK(counted(metrics, 1));
  }
  SUBCASE("silent") {
    Gateway gateway(0);
    CHECK_FALSE(Pusher(gateway.settings(), "home", metrics).push());
    CHECK(counted(metrics, 1));
  }
  SUBCASE("absent") {
    PushgatewaySettings settings;
    settings.url = "http://127.0.0.1:1";
    CHECK_FALSE(Pusher(settings, "home", metrics).push());
    CHECK(counted(metrics, 1));
  }
}

TEST_CASE("without a URL nothing is pushed and nothing fails") {
  metrics::Metrics metrics;
  CHECK(Pusher({}, "home", metrics).push());
  CHECK(Pusher({}, "home", metrics).finish(false));
  CHECK(counted(metrics, 0));
}

TEST_CASE("a stopped pusher pushes no more") {
  Gateway gateway(200);
  metrics::Metrics metrics;
  Pusher pusher(gateway.settings(), "home", metrics);
  pusher.stop();
  CHECK_FALSE(pusher.push());
}
