// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <list>
#include <string>

#include "corpus.h"
#include "running_site.h"

using namespace lockkeeper;
using namespace lockkeeper::web;
using alertmanager::captured;
using http::test::RawClient;

namespace {

constexpr std::string_view kHead = "POST /api/v1/alerts HTTP/1.1\r\nHost: a\r\n";

http::test::Reply ask(RunningSite& site, const std::string& headers, const std::string& body) {
  RawClient client(site.port());
  return client.ask(std::string(kHead) + headers + "\r\n" + body);
}

}  // namespace

TEST_CASE("a webhook of 100 MB is refused by its length") {
  RunningSite site;
  site.open();
  CHECK(ask(site, "Content-Length: 104857600\r\n", "").status == 413);
  CHECK(site.has_metric("lockkeeper_webhook_requests_total{code=\"413\"} 1"));
  CHECK(ask(site, "Content-Length: 99999999999999999999\r\n", "").status >= 400);
}

TEST_CASE("a length that lies, two lengths, or none at all") {
  RunningSite site;
  site.open();
  const std::string body = captured("a_first_firing");
  const auto length = [&](std::size_t bytes) {
    return "Content-Length: " + std::to_string(bytes) + "\r\n";
  };
  CHECK(ask(site, length(10), body).status == 400);
  CHECK(ask(site, length(body.size()) + length(10), body).status == 400);
  CHECK(ask(site, "Content-Length: -5\r\n", body).status == 400);
  CHECK(ask(site, "", "").status >= 400);
  CHECK(site.news().empty());
  // Alertmanager never sends chunks, but a proxy before us may.
  CHECK(ask(site, "Transfer-Encoding: chunked\r\n",
            fmt::format("{:x}\r\n{}\r\n0\r\n\r\n", body.size(), body))
            .status == 200);
  CHECK(site.news().size() == 1);
}

TEST_CASE("chunks are counted against the same limit") {
  RunningSite site;
  site.settings.body_max = 100'000;
  site.open();
  const std::string chunk = fmt::format("{:x}\r\n{}\r\n", 60'000, std::string(60'000, ' '));
  CHECK(ask(site, "Transfer-Encoding: chunked\r\n", chunk + chunk).status == 413);
  CHECK(site.news().empty());
}

TEST_CASE("200 senders of one byte a second do not keep a webhook or the metrics waiting") {
  RunningSite site;
  site.settings.body_timeout = Millis(1'500);
  site.settings.connections_max = 128;
  site.open();
  std::list<RawClient> slow;
  for (int i = 0; i < 200; ++i)
    slow.emplace_back(site.port()).send(std::string(kHead) + "Content-Length: 500\r\n\r\n{");
  for (int round = 0; round < 3; ++round) {
    for (RawClient& client : slow)
      client.send(" ");
    const Moment before = site.clock.moment();
    CHECK(site.ask("POST", "/api/v1/alerts", captured("e_truncated")).status == 200);
    CHECK(site.ask("GET", "/metrics").status == 200);
    CHECK(site.clock.moment() - before < Millis(1'000));
    site.clock.wait_until(site.clock.moment() + Millis(700));
  }
  // By now every one of them has met the deadline for the whole body.
  CHECK(slow.front().closed_within(Millis(5'000)));
  CHECK(slow.back().receive().status != 200);
}
