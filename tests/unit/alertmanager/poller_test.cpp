// SPDX-License-Identifier: Apache-2.0
#include "integrations/alertmanager/poller.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "fake_alertmanager.h"

using namespace lockkeeper;
using namespace lockkeeper::alertmanager;

namespace {

Labels named(const std::string& name) {
  return {{"alertname", name}, {"node", "w1"}};
}

Sighting look(const std::vector<std::string>& urls) {
  return Poller(settings_of(urls)).poll();
}

std::string failure_of(const FakeAlertmanager::Answer& answer) {
  FakeAlertmanager manager;
  manager.answers("alerts", answer);
  const auto sighting = look({manager.url()});
  CHECK_FALSE(sighting.good);
  CHECK(sighting.alertmanager.empty());
  const auto prefix = "Alertmanager " + manager.url() + ": ";
  CHECK(sighting.why_not.starts_with(prefix));
  return sighting.why_not.substr(std::min(prefix.size(), sighting.why_not.size()));
}

}  // namespace

TEST_CASE("a look gives every alert, and what is held back with who does") {
  FakeAlertmanager manager;
  manager.answers("alerts", {.body = "[" + alert_json("DiskFull", "01") + "," +
                                     alert_json("TargetDown", "02", "7d4c0123-aa") + "," +
                                     alert_json("PodDown", "03", "", "01") + "]"});
  manager.answers("silences", {.body = "[" + silence_json("7d4c0123-aa", "ana") + "]"});
  const auto sighting = look({manager.url()});
  CHECK(sighting.good);
  CHECK(sighting.alertmanager.size() == 3);
  REQUIRE(sighting.suppressed.size() == 2);
  CHECK(sighting.suppressed[0].labels == named("PodDown"));
  CHECK(sighting.suppressed[0].by == "inhibited by DiskFull");
  CHECK(sighting.suppressed[1].labels == named("TargetDown"));
  CHECK(sighting.suppressed[1].by == "silenced by 7d4c0123 (ana)");
}

TEST_CASE("silences are only asked for where an alert is silenced") {
  FakeAlertmanager manager;
  manager.answers("alerts", {.body = "[" + alert_json("PodDown", "03", "", "99") + "]"});
  CHECK(look({manager.url() + "/"}).suppressed.at(0).by == "inhibited by an alert that has gone");
  REQUIRE(manager.requests().size() == 1);
  CHECK(manager.requests()[0].path == "/api/v2/alerts");
}

TEST_CASE("a silence of our own holds nothing back from us, another one beside it does") {
  FakeAlertmanager manager;
  manager.answers("alerts", {.body = "[" + alert_json("TargetDown", "02", "aa\",\"bb") + "]"});
  manager.answers("silences", {.body = "[" + silence_json("aa", "lockkeeper") + "]"});
  // bb's author cannot be found out.
  CHECK(look({manager.url()}).suppressed.empty());
  manager.answers("silences", {.body = "[" + silence_json("aa", "lockkeeper") + "," +
                                       silence_json("bb", "ana") + "]"});
  CHECK(look({manager.url()}).suppressed.at(0).by == "silenced by bb (ana)");
}

TEST_CASE("silences that cannot be read make the look a failed one") {
  FakeAlertmanager manager;
  manager.answers("alerts", {.body = "[" + alert_json("TargetDown", "02", "aa") + "]"});
  for (const std::string body : {"{}", "[{}]", "<html>", "[{\"id\":\"aa\"}]"}) {
    manager.answers("silences", {.body = body});
    const auto sighting = look({manager.url()});
    CHECK_FALSE(sighting.good);
    CHECK(sighting.why_not.find(": silences: ") != std::string::npos);
  }
}

TEST_CASE("whatever is not an answer is a failure that names the member") {
  CHECK(failure_of({.status = 503, .body = "starting\nup"}) == "HTTP 503 starting");
  CHECK_FALSE(failure_of({.body = "<html>"}).empty());
  CHECK_FALSE(failure_of({.body = R"({"status":"success","data":[]})"}).empty());
  CHECK(failure_of({.body = R"([{"labels":{"a":"b"}}])"}) == "[0].status: missing");
  CHECK(failure_of({.body = R"([{"status":{}}])"}) == "[0].labels: missing");
  CHECK_FALSE(failure_of({.body = R"([{"labels":{"a":1},"status":{}}])"}).empty());
  CHECK_FALSE(failure_of({.body = R"([{"labels":{},"status":{"silencedBy":"x"}}])"}).empty());
  CHECK_FALSE(failure_of({.hang = true}).empty());
  const auto refused = look({"http://127.0.0.1:1"});
  CHECK(refused.why_not == "Alertmanager http://127.0.0.1:1: connection refused");
}

TEST_CASE("of a cluster one member that answers is enough, and the others are a note") {
  FakeAlertmanager manager;
  manager.answers("alerts", {.body = "[" + alert_json("DiskFull", "01") + "]"});
  const auto sighting = look({"http://127.0.0.1:1", manager.url()});
  CHECK(sighting.good);
  CHECK(sighting.alertmanager == std::vector{named("DiskFull")});
  CHECK(sighting.note == "Alertmanager http://127.0.0.1:1: connection refused");
}

TEST_CASE("an alert is held back only when every member that knows it holds it back") {
  FakeAlertmanager one;
  FakeAlertmanager two;
  one.answers("alerts", {.body = "[" + alert_json("DiskFull", "01", "aa") + "," +
                                 alert_json("TargetDown", "02", "aa") + "]"});
  one.answers("silences", {.body = "[" + silence_json("aa", "ana") + "]"});
  two.answers("alerts", {.body = "[" + alert_json("DiskFull", "01") + "]"});
  for (const auto& urls : {std::vector{one.url(), two.url()}, std::vector{two.url(), one.url()}}) {
    const auto sighting = look(urls);
    CHECK(sighting.alertmanager.size() == 2);
    REQUIRE(sighting.suppressed.size() == 1);
    CHECK(sighting.suppressed[0].labels == named("TargetDown"));
  }
}
