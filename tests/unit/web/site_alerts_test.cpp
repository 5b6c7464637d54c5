// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

#include "corpus.h"
#include "running_site.h"
#include "tls_client.h"

using namespace lockkeeper;
using namespace lockkeeper::web;
using alertmanager::captured;

namespace {

const std::string kAlerts = "/api/v1/alerts";

int post(RunningSite& site, const std::string& body, const std::string& token = "") {
  return site.ask("POST", kAlerts, body, token).status;
}

}  // namespace

TEST_CASE("a webhook is answered 200 when its sink has taken it") {
  RunningSite site;
  site.open();
  const auto reply = site.ask("POST", kAlerts, captured("b_second_joins"));
  CHECK(reply.status == 200);
  CHECK(reply.body == "ok\n");
  REQUIRE(site.news().size() == 1);
  CHECK(site.news()[0].firing.size() == 2);
  CHECK(site.has_metric("lockkeeper_webhook_requests_total{code=\"200\"} 1"));
  CHECK(site.has_metric("lockkeeper_webhook_alerts_total{status=\"firing\"} 2"));
}

TEST_CASE("a sink that is full makes it 503, and the next try is no repeat") {
  RunningSite site;
  site.open();
  site.full = true;
  CHECK(post(site, captured("a_first_firing")) == 503);
  CHECK(site.news().empty());
  site.full = false;
  CHECK(post(site, captured("a_first_firing")) == 200);
  REQUIRE(site.news().size() == 1);
  CHECK(site.news()[0].firing.size() == 1);
  CHECK(site.has_metric("lockkeeper_webhook_requests_total{code=\"503\"} 1"));
}

TEST_CASE("the same message twice, the second time from another peer, is one event") {
  RunningSite site;
  site.open();
  std::string other = captured("c_mixed");
  CHECK(post(site, other) == 200);
  other.replace(other.find("http://vm:19093"), 15, "http://b:19093/");
  CHECK(post(site, other) == 200);
  CHECK(site.news().size() == 1);
  CHECK(site.has_metric("lockkeeper_webhook_repeats_total 2"));
  CHECK(site.has_metric("lockkeeper_webhook_requests_total{code=\"200\"} 2"));
}

TEST_CASE("an older snapshot after a newer one is news again: whoever hears it looks for himself") {
  RunningSite site;
  site.open();
  CHECK(post(site, captured("d_resolved")) == 200);
  CHECK(post(site, captured("b_second_joins")) == 200);
  REQUIRE(site.news().size() == 2);
  CHECK(site.news()[0].resolved.size() == 1);
  CHECK(site.news()[1].firing.size() == 2);
}

TEST_CASE("a cut list reaches the sink although nothing in it fires, every time") {
  RunningSite site;
  site.open();
  for (int i = 1; i <= 2; ++i) {
    CHECK(post(site, captured("e_truncated")) == 200);
    REQUIRE(site.news().size() == static_cast<std::size_t>(i));
    CHECK(site.news().back().truncated == 2);
    CHECK(site.news().back().firing.empty());
  }
  CHECK(site.has_metric("lockkeeper_webhook_truncated_total 4"));
}

TEST_CASE("what is no webhook is 400 with one short line, and nothing happens") {
  RunningSite site;
  site.open();
  const std::string secret = "hunter2";
  for (const std::string& body :
       {std::string(), std::string("{"), std::string("[]"), secret,
        std::string(R"({"version":"3","alerts":[]})"),
        std::string(R"({"version":"4","alerts":[{"status":"firing","labels":{"a":7}}]})"),
        "{\"" + secret + "\":1,\"" + secret + "\":2}", std::string(100'000, '[')}) {
    const auto reply = site.ask("POST", kAlerts, body);
    CHECK(reply.status == 400);
    CHECK(reply.body.size() < 200);
    CHECK(reply.body.find('\n') == reply.body.size() - 1);
  }
  CHECK(site.news().empty());
  CHECK(site.has_metric("lockkeeper_webhook_requests_total{code=\"400\"} 8"));
}

TEST_CASE("ten thousand alerts in one message") {
  RunningSite site;
  site.open();
  std::string alerts;
  for (int i = 0; i < 10'000; ++i) {
    alerts += fmt::format(
        R"({}{{"status":"firing","labels":{{"alertname":"Flood","instance":"10.0.{}.{}:9100",)"
        R"("job":"node","severity":"warning"}},"annotations":{{"summary":"disk {}"}},)"
        R"("startsAt":"2026-11-20T17:35:37Z","endsAt":"0001-01-01T00:00:00Z",)"
        R"("generatorURL":"http://prom.example/graph?g0.expr=up","fingerprint":"{:016x}"}})",
        i == 0 ? "" : ",", i / 250, i % 250, i, i);
  }
  const std::string body = alertmanager::message(alerts);
  CHECK(body.size() > 2'500'000);
  CHECK(post(site, body) == 200);
  REQUIRE(site.news().size() == 1);
  CHECK(site.news()[0].firing.size() == 10'000);
}

TEST_CASE("with tokens configured, a missing or wrong one is 401 before the body is read") {
  RunningSite site;
  site.settings.webhook_tokens = {site.secrets.write("one", "first"),
                                  site.secrets.write("two", "second")};
  site.clients = {{.name = "ops", .token = site.secrets.write("ops", "third")}};
  site.open();
  for (const char* token : {"", "wrong", "firs", "firstt", "third"}) {
    http::test::RawClient client(site.port());
    const std::string whole =
        RunningSite::request("POST", kAlerts, std::string(5'000'000, ' '), token);
    client.send(std::string_view(whole).substr(0, whole.size() - 5'000'000));
    const auto reply = client.receive();
    CHECK(reply.status == 401);
    CHECK(reply.header("WWW-Authenticate") == "Bearer");
  }
  CHECK(post(site, captured("a_first_firing"), "first") == 200);
  CHECK(post(site, captured("d_resolved"), "second") == 200);
  CHECK(site.news().size() == 2);
  CHECK(site.has_metric("lockkeeper_webhook_requests_total{code=\"401\"} 5"));
}

TEST_CASE("a token is rotated without a restart: both for a while, then only the new one") {
  RunningSite site;
  site.settings.webhook_tokens = {site.secrets.write("one", "old"),
                                  site.secrets.write("two", "other")};
  site.open();
  CHECK(post(site, captured("e_truncated"), "new") == 401);
  site.secrets.write("two", "new");
  CHECK(post(site, captured("e_truncated"), "old") == 200);
  CHECK(post(site, captured("e_truncated"), "new") == 200);
  site.secrets.remove("one");
  CHECK(post(site, captured("e_truncated"), "old") == 401);
  CHECK(post(site, captured("e_truncated"), "new") == 200);
}
TEST_CASE("repeats are swallowed for less time than a suspicion lives") {
  CHECK(repeat_window(std::chrono::minutes(1)) == std::chrono::seconds(30));
  CHECK(repeat_window(std::chrono::minutes(10)) == std::chrono::seconds(30));
  CHECK(repeat_window(std::chrono::seconds(5)) == Millis{2500});
}

TEST_CASE("anybody may ask who answers, and what the newest webhook was") {
  RunningSite site;
  site.settings.webhook_tokens = {site.secrets.write("webhook", "hush")};
  site.open();
  auto about = site.ask("GET", "/api/v1/about").body;
  CHECK(about.starts_with(R"({"name":"lockkeeper","cluster":"home","version":"1.2.3",)"
                          R"("configuration":"cafe0001","started":")"));
  CHECK(about.ends_with(R"("webhook":"","test":""})"
                        "\n"));
  const std::string alert =
      R"({"version":"4","alerts":[{"status":"firing","startsAt":"2026-11-21T12:00:00Z",)"
      R"("labels":{"alertname":"LockkeeperTest","doctor":"7-a"}}]})";
  CHECK(site.ask("POST", "/api/v1/alerts", alert, "wrong").status == 401);
  CHECK(site.ask("GET", "/api/v1/about").body == about);
  // A repeat, which goes no further, is a sign as well.
  for (int i = 0; i < 2; ++i)
    CHECK(site.ask("POST", "/api/v1/alerts", alert, "hush").status == 200);
  about = site.ask("GET", "/api/v1/about").body;
  CHECK(about.ends_with(R"(","test":"7-a"})"
                        "\n"));
  CHECK_FALSE(about.contains("hush"));
}

TEST_CASE("where a CA is named, a webhook needs its certificate with a name that is allowed") {
  const http::test::Identity own("Alertmanager.example");
  RunningSite site;
  site.settings.tls_certificate = own.certificate();
  site.settings.tls_key = own.key_file();
  site.settings.client_ca = own.certificate();
  const auto post_as = [&](const http::test::Identity* who, const std::string& token = "") {
    const auto request = RunningSite::request("POST", kAlerts, captured("a_first_firing"), token);
    const auto close = "Connection: close\r\n";
    auto closing = request;
    closing.insert(closing.find("Content-Length"), close);
    return http::test::ask_tls(site.port(), "", who, closing).text.substr(0, 12);
  };
  SUBCASE("the name is compared, and nobody else comes in") {
    site.settings.webhook_names = {"other.example", "alertmanager.example"};
    site.open();
    CHECK(post_as(&own) == "HTTP/1.1 200");
    CHECK(post_as(nullptr) == "HTTP/1.1 401");
    const http::test::Identity stranger("alertmanager.example");
    CHECK(post_as(&stranger).empty());
    CHECK(site.news().size() == 1);
  }
  SUBCASE("another name is 403") {
    site.settings.webhook_names = {"example", "alertmanager.example.org"};
    site.open();
    CHECK(post_as(&own) == "HTTP/1.1 403");
    CHECK(site.news().empty());
    CHECK(site.has_metric("lockkeeper_webhook_requests_total{code=\"403\"} 1"));
  }
  SUBCASE("a token that is configured is needed as well") {
    site.settings.webhook_names = {"alertmanager.example"};
    site.settings.webhook_tokens = {site.secrets.write("token", "secret")};
    site.open();
    CHECK(post_as(&own) == "HTTP/1.1 401");
    CHECK(post_as(&own, "secret") == "HTTP/1.1 200");
  }
}
