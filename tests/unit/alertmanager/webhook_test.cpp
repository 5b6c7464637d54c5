// SPDX-License-Identifier: Apache-2.0
#include "integrations/alertmanager/webhook.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "corpus.h"

using namespace lockkeeper;
using namespace lockkeeper::alertmanager;

TEST_CASE("a first firing alert arrives with labels and annotations") {
  const auto message = read_webhook(captured("a_first_firing"));
  REQUIRE(message);
  REQUIRE(message->firing.size() == 1);
  CHECK(message->resolved.empty());
  CHECK(message->truncated == 0);
  const FiringAlert& alert = message->firing[0];
  CHECK(alert.labels == Labels({{"alertname", "NodeFilesystemAlmostFull"},
                                {"cluster", "prod-eu"},
                                {"instance", "10.0.0.3:9100"},
                                {"job", "node"},
                                {"node", "worker-3"},
                                {"severity", "critical"}}));
  CHECK(alert.summary == "disk 97% on worker-3");
  CHECK(alert.runbook_url == "https://runbooks.example/fs");
}

TEST_CASE("a second alert joins its group, the first keeps its event") {
  const auto first = read_webhook(captured("a_first_firing"));
  const auto second = read_webhook(captured("b_second_joins"));
  REQUIRE(first);
  REQUIRE(second);
  REQUIRE(second->firing.size() == 2);
  CHECK(second->firing[0].event == first->firing[0].event);
  CHECK(second->firing[1].event != first->firing[0].event);
  CHECK(second->firing[1].labels.get("node") == "wörker-4 \"q\"");
  CHECK(second->firing[1].summary == "диск <b>&amp; 90%\nline2");
}

TEST_CASE("in a mixed group each alert has its own status") {
  const auto message = read_webhook(captured("c_mixed"));
  REQUIRE(message);
  REQUIRE(message->firing.size() == 1);
  CHECK(message->firing[0].labels.get("instance") == "10.0.0.4:9100");
  CHECK(message->resolved.size() == 1);
}

TEST_CASE("a group that is over has nothing firing, although its start moved backwards") {
  const auto message = read_webhook(captured("d_resolved"));
  REQUIRE(message);
  CHECK(message->firing.empty());
  CHECK(message->resolved.size() == 1);
}

TEST_CASE("a cut list says that something is missing, whatever the status on top") {
  const auto message = read_webhook(captured("e_truncated"));
  REQUIRE(message);
  CHECK(message->firing.empty());
  CHECK(message->resolved.size() == 2);
  CHECK(message->truncated == 2);
}

TEST_CASE("our fingerprint of every captured alert is Alertmanager's") {
  int compared = 0;
  for (const char* name :
       {"a_first_firing", "b_second_joins", "c_mixed", "d_resolved", "e_truncated"}) {
    const auto json = nlohmann::json::parse(captured(name));
    for (const auto& alert : json.at("alerts")) {
      Labels labels;
      for (const auto& [label, value] : alert.at("labels").items())
        labels.set(label, value.get<std::string>());
      CHECK(fingerprint_hex(labels) == alert.at("fingerprint").get<std::string>());
      ++compared;
    }
  }
  CHECK(compared == 8);
}

TEST_CASE("the status on top is not read") {
  for (const char* status : {R"("resolved")", R"("firing")", "17", "null", "[]"}) {
    const auto message =
        read_webhook(R"({"status":)" + std::string(status) + R"(,"version":"4","alerts":[)" +
                     alert("firing", R"({"a":"b"})") + "]}");
    REQUIRE(message);
    CHECK(message->firing.size() == 1);
  }
}

TEST_CASE("members from other versions are ignored, at every level") {
  const std::string body =
      R"({"notification_reason":"new","routeLabels":{"a":["b"]},"alerts":[{"status":"firing",)"
      R"("labels":{"alertname":"X"},"extra":{"labels":{"status":1}},"more":[{"status":2}]}],)"
      R"("nested":{"alerts":"none","version":4},"version":"4"})";
  const auto message = read_webhook(body);
  REQUIRE(message);
  REQUIRE(message->firing.size() == 1);
  CHECK(message->firing[0].labels == Labels({{"alertname", "X"}}));
}

TEST_CASE("a message without alerts is legal and says nothing") {
  const auto read = read_webhook(message(""));
  REQUIRE(read);
  CHECK(read->firing.empty());
  CHECK(read->resolved.empty());
}

TEST_CASE("labels with empty values do not exist, and an alert may have no name or no labels") {
  const auto read = read_webhook(
      message(alert("firing", R"({"node":"","b":"c"})") + "," + alert("firing", "{}")));
  REQUIRE(read);
  REQUIRE(read->firing.size() == 2);
  CHECK(read->firing[0].labels == Labels({{"b", "c"}}));
  CHECK(read->firing[1].labels.empty());
}

TEST_CASE("annotations are kept in bounded form, others not at all") {
  const std::string text(100'000, 'x');
  const auto read = read_webhook(message(R"({"status":"firing","labels":{},"annotations":{)"
                                         R"("summary":")" +
                                         text + R"(","runbook_url":")" + text +
                                         R"(","description":")" + text + "\"}}"));
  REQUIRE(read);
  CHECK(read->firing[0].summary.size() <= 259);
  CHECK(read->firing[0].runbook_url.size() <= 515);
}

TEST_CASE("more alerts than the limit count as truncated") {
  std::string alerts;
  for (std::size_t i = 0; i < kAlertsMax + 3; ++i) {
    alerts += std::string(i == 0 ? "" : ",") + R"({"status":"firing","labels":{"i":")" +
              std::to_string(i) + "\"}}";
  }
  const auto read = read_webhook(message(alerts, R"(,"truncatedAlerts":5)"));
  REQUIRE(read);
  CHECK(read->firing.size() == kAlertsMax);
  CHECK(read->truncated == 8);
}

TEST_CASE("the same event is recognised, a new start is a new event") {
  const std::string labels = R"({"alertname":"X","node":"n"})";
  const auto read = read_webhook(message(
      alert("firing", labels) + "," + alert("firing", R"({"node":"n","alertname":"X"})") + "," +
      alert("firing", labels, "2026-11-20T17:40:00Z") + "," + alert("resolved", labels)));
  REQUIRE(read);
  REQUIRE(read->firing.size() == 3);
  CHECK(read->firing[0].event == read->firing[1].event);
  CHECK(read->firing[0].event != read->firing[2].event);
  CHECK(read->resolved[0] != read->firing[0].event);
}

TEST_CASE("a message gives its events and, for the gate, the labels that fire") {
  auto read = read_webhook(captured("c_mixed"));
  REQUIRE(read);
  const auto events = events_of(*read);
  CHECK(events == std::vector<EventId>{read->resolved[0], read->firing[0].event});
  const auto labels = labels_of(std::move(*read));
  REQUIRE(labels.size() == 1);
  CHECK(labels[0].get("instance") == "10.0.0.4:9100");
}
