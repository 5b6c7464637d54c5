// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "client_site.h"

using namespace lockkeeper::http;
using namespace lockkeeper::http::test;
using namespace std::chrono_literals;

namespace {

/// How a call fails, which it must, in words that give nothing away.
Fault fault_of(ClientRequest request) {
  Client client({});
  const auto answer = client.call(std::move(request));
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().what.find("s3cret") == std::string::npos);
  CHECK(answer.error().what.find("token=") == std::string::npos);
  return answer.error();
}

}  // namespace

TEST_CASE("a peer's failures are told apart, in words without path, query or credentials") {
  SUBCASE("refused") {
    std::string url;
    {
      Site site([](Exchange) {});
      url = site.url("/a?token=s3cret");
      site.stop();
    }
    const auto fault = fault_of(get(url));
    CHECK(fault.kind == FaultKind::refused);
    CHECK(fault.what.ends_with(": connection refused"));
  }
  SUBCASE("timeout") {
    Site site(
        [held = std::make_shared<std::vector<Exchange>>()](Exchange e) { held->push_back(e); });
    auto request = get(site.url("/slow?token=s3cret"));
    request.timeout = 200ms;
    const auto fault = fault_of(request);
    CHECK(fault.kind == FaultKind::timeout);
    CHECK(fault.what == "http://127.0.0.1:" + site.port() + ": no answer within 200ms");
  }
  SUBCASE("reset") {
    Site site([](Exchange exchange) { exchange.drop(true); });
    CHECK(fault_of(get(site.url("/"))).kind == FaultKind::reset);
  }
  SUBCASE("closed without an answer") {
    Site site([](Exchange exchange) { exchange.drop(); });
    CHECK(fault_of(get(site.url("/"))).kind == FaultKind::reset);
  }
  SUBCASE("too large, declared or not") {
    Site site([](Exchange exchange) {
      if (exchange.request().path == "/declared") {
        exchange.send(plain(200, std::string(5000, 'x')));
        return;
      }
      auto stream = exchange.stream({});
      for (int i = 0; i < 50; ++i)
        stream.write(std::string(100, 'x'));
      stream.finish();
    });
    for (const std::string path : {"/declared", "/chunked"}) {
      auto request = get(site.url(path));
      request.body_max = 1000;
      const auto fault = fault_of(request);
      CHECK(fault.kind == FaultKind::too_large);
      CHECK(fault.what.ends_with("the answer is larger than 1000 bytes"));
    }
  }
}

TEST_CASE("what fails before or without a peer is told apart, too") {
  SUBCASE("unresolved") {
    CHECK(fault_of(get("http://no-such-host.invalid/")).kind == FaultKind::unresolved);
  }
  SUBCASE("our own mistakes") {
    CHECK(fault_of(get("nonsense s3cret")).kind == FaultKind::other);
    auto request = get("http://127.0.0.1:1/");
    request.headers.add("Authorization", "Bearer s3cret\r\nX-Other: 1");
    const auto fault = fault_of(request);
    CHECK(fault.kind == FaultKind::other);
    CHECK(fault.what.ends_with("header Authorization holds a line break"));
  }
  SUBCASE("cancelled") {
    Site site(
        [held = std::make_shared<std::vector<Exchange>>()](Exchange e) { held->push_back(e); });
    std::stop_source source;
    auto request = get(site.url("/"));
    request.stop = source.get_token();
    std::jthread stopper([&] { source.request_stop(); });
    CHECK(fault_of(request).kind == FaultKind::cancelled);
  }
}

TEST_CASE("a stream that falls silent ends by its own limit") {
  auto kept = std::make_shared<std::vector<Stream>>();
  Site site([kept](Exchange exchange) {
    kept->push_back(exchange.stream({}));
    kept->back().write("hello");
  });
  auto request = get(site.url("/"));
  request.timeout = 60s;
  request.silence_max = 1s;
  std::string seen;
  const auto reply = Client({}).stream(request, [&](std::string_view piece) {
    seen += piece;
    return true;
  });
  CHECK(reply.error().kind == FaultKind::timeout);
  CHECK(reply.error().what.ends_with("silent for 1s"));
  CHECK(seen == "hello");
}
