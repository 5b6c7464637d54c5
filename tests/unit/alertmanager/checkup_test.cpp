// SPDX-License-Identifier: Apache-2.0
#include "integrations/alertmanager/checkup.h"

#include <nlohmann/json.hpp>

#include "tests/unit/alertmanager/fake_alertmanager.h"

namespace lockkeeper::alertmanager {
namespace {

constexpr const char* kConfiguration = R"(
route:
  receiver: people
  routes:
  - matchers: [severity="critical"]
    routes:
    - receiver: bot
      continue: true
receivers:
- name: people
- name: bot
  webhook_configs:
  - url: http://10.0.0.9:8099/api/v1/alerts
    send_resolved: false
- name: left-over
  webhook_configs:
  - url: http://10.0.0.9:8099/api/v1/alerts
  - url: <secret>
)";

std::string status_with(const std::string& configuration) {
  return nlohmann::json{{"versionInfo", {{"version", "0.27.0"}}},
                        {"config", {{"original", configuration}}}}
      .dump();
}

}  // namespace

TEST_CASE("webhooks are found with whether a route leads to them") {
  const auto routes = webhook_routes(kConfiguration);
  REQUIRE(routes);
  REQUIRE(routes->size() == 3);
  CHECK((*routes)[0].receiver == "bot");
  CHECK((*routes)[0].routed);
  CHECK_FALSE((*routes)[0].send_resolved);
  CHECK_FALSE((*routes)[1].routed);
  CHECK((*routes)[2].url.empty());
}

TEST_CASE("a configuration that cannot be read says so") {
  CHECK(webhook_routes("").error().what == "it does not show its configuration");
  CHECK(webhook_routes("a: [").error().what.starts_with("its configuration is no YAML"));
  CHECK(webhook_routes("route: {}").error().what == "its configuration has no list of receivers");
  CHECK(webhook_routes("receivers: [{webhook_configs: [{}]}]")->size() == 1);
  CHECK(webhook_routes("receivers: [7, {webhook_configs: 3}, {webhook_configs: [x]}]")->empty());
}

TEST_CASE("each member is asked, and one that is none is found out") {
  FakeAlertmanager good;
  FakeAlertmanager odd;
  good.answers("status", {.status = 200, .body = status_with(kConfiguration)});
  odd.answers("status", {.status = 200, .body = "<html>"});
  const auto exams = check_up(settings_of({good.url(), odd.url(), "http://127.0.0.1:1"}), {}, {});
  REQUIRE(exams.size() == 3);
  CHECK(exams[0].version == "0.27.0");
  CHECK(exams[0].webhooks.size() == 3);
  CHECK(exams[1].failure.ends_with("its answer is not that of an Alertmanager"));
  CHECK(exams[2].failure.ends_with("connection refused"));
}

TEST_CASE("the test alert goes to the first member that takes it") {
  FakeAlertmanager broken;
  FakeAlertmanager good;
  broken.answers("alerts", {.status = 503, .body = "not ready"});
  const auto settings = settings_of({broken.url(), good.url()});
  const Labels labels({{"alertname", "LockkeeperTest"}, {"doctor", "7"}});
  const Time now{Millis(1'795'262'400'000)};
  REQUIRE(send_alert(settings, {}, labels, now, now + Millis(60'000)));
  REQUIRE(good.requests().size() == 1);
  const auto sent = nlohmann::json::parse(good.requests().front().body);
  CHECK(sent[0]["labels"]["doctor"] == "7");
  CHECK(sent[0]["endsAt"] == "2026-11-21T12:01:00Z");
  good.answers("alerts", {.status = 400, .body = "no"});
  CHECK_FALSE(send_alert(settings, {}, labels, now, now));
}

}  // namespace lockkeeper::alertmanager
