// SPDX-License-Identifier: Apache-2.0
#include "integrations/web/site.h"

#include <doctest/doctest.h>

#include <string>

#include "running_site.h"

using namespace lockkeeper;
using namespace lockkeeper::web;

TEST_CASE("the health page answers as long as the process does") {
  RunningSite site;
  site.open();
  CHECK(site.ask("GET", "/healthz").status == 200);
  CHECK(site.ask("GET", "/healthz").body == "ok\n");
}

TEST_CASE("the readiness page gives the reasons, one a line") {
  RunningSite site;
  site.open();
  CHECK(site.ask("GET", "/readyz").status == 200);
  site.not_ready = {"no poll of Prometheus yet", "cluster: 401"};
  const auto reply = site.ask("GET", "/readyz");
  CHECK(reply.status == 503);
  CHECK(reply.body == "no poll of Prometheus yet\ncluster: 401\n");
}

TEST_CASE("the metrics page is Prometheus' text") {
  RunningSite site;
  site.open();
  site.metrics.set(metrics::Metric::upgrade_in_flight, 1);
  const auto reply = site.ask("GET", "/metrics");
  CHECK(reply.status == 200);
  CHECK(reply.header("Content-Type") == metrics::kTextType);
  CHECK(reply.body.find("\nk8s_upgrade_in_flight 1\n") != std::string::npos);
}

TEST_CASE("what is not there is 404, a wrong method 405 with the right one") {
  RunningSite site;
  site.open();
  for (const char* path : {"/", "/api", "/api/v1/alerts/", "/api/v1/alert", "//healthz",
                           "/healthz/..", "/API/v1/alerts", "/favicon.ico"}) {
    CAPTURE(path);
    CHECK(site.ask("GET", path).status == 404);
    CHECK(site.ask("POST", path, "{}").status == 404);
  }
  for (const char* path : {"/api/v1/alerts", "/api/v1/commands"}) {
    for (const char* method : {"GET", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
      const auto reply = site.ask(method, path);
      CHECK(reply.status == 405);
      CHECK(reply.header("Allow") == "POST");
    }
  }
  for (const char* path : {"/api/v1/messages", "/healthz", "/readyz", "/metrics"}) {
    CHECK(site.ask("POST", path).status == 405);
    CHECK(site.ask("POST", path).header("Allow") == "GET");
  }
}

TEST_CASE("no path, method or body is ever answered with a redirect") {
  RunningSite site;
  site.open();
  for (const char* path : {"/", "//", "/api/v1/alerts", "/api/v1/alerts/", "//api/v1/alerts",
                           "/api/v1/../v1/alerts", "/%2e%2e/", "/metrics/", "/api/v1/commands/",
                           "http://elsewhere/api/v1/alerts", "/api/v1/messages?after=../"}) {
    for (const char* method : {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"}) {
      for (const char* body : {"", "{}"}) {
        CAPTURE(path);
        CAPTURE(method);
        http::test::RawClient client(site.port());
        client.send(RunningSite::request(method, path, body, ""));
        const auto reply = client.receive(std::string(method) == "HEAD");
        CHECK((reply.status == 200 || reply.status >= 400));
        CHECK(reply.header("Location").empty());
      }
    }
  }
}

TEST_CASE("HEAD is answered like GET, without the body") {
  RunningSite site;
  site.open();
  http::test::RawClient client(site.port());
  client.send(RunningSite::request("HEAD", "/healthz", "", ""));
  CHECK(client.receive(true).status == 200);
}

TEST_CASE("an address that others can reach needs a webhook token") {
  RunningSite site;
  for (const char* address : {"0.0.0.0", "::", "192.0.2.7"}) {
    site.settings.address = address;
    const auto refused = site.try_open();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().what.find(address) != std::string::npos);
    CHECK(refused.error().what.find("webhook_token_file") != std::string::npos);
  }
  site.settings.address = "0.0.0.0";
  site.settings.webhook_tokens = {site.secrets.write("token", "t")};
  CHECK(site.try_open().has_value());
}

TEST_CASE("a port in use is refused by its number") {
  RunningSite first;
  first.open();
  RunningSite second;
  second.settings.port = first.port();
  const auto refused = second.try_open();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().what.find(std::to_string(first.port())) != std::string::npos);
}
