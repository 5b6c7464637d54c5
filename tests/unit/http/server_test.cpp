// SPDX-License-Identifier: Apache-2.0
#include "integrations/http/server.h"

#include <doctest/doctest.h>

#include <future>
#include <mutex>
#include <thread>

#include "raw_client.h"

using namespace lockkeeper::http;
using namespace lockkeeper::http::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";

}  // namespace

TEST_CASE("a connection is kept for the next request") {
  const auto server = serve(echo);
  RawClient client(server->port());
  const Reply first = client.ask("POST /x?y=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
  CHECK(first.status == 200);
  CHECK(first.body == "POST /x abc\n");
  CHECK(first.header("connection") == "keep-alive");
  CHECK(client.ask(kGet).body == "GET /a \n");
  CHECK(server->connections() == 1);
}

TEST_CASE("pipelined requests are answered in their order") {
  const auto server = serve(echo);
  RawClient client(server->port());
  client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n" +
              std::string(kGet));
  CHECK(client.receive().body == "GET /1 \n");
  CHECK(client.receive().body == "GET /2 \n");
  CHECK(client.receive().body == "GET /a \n");
}

TEST_CASE("HTTP/1.0 and Connection: close end the connection after the answer") {
  const auto server = serve(echo);
  RawClient old(server->port());
  CHECK(old.ask("GET / HTTP/1.0\r\n\r\n").status == 200);
  CHECK(old.closed_within(1s));
  RawClient closing(server->port());
  CHECK(
      closing.ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").header("connection") ==
      "close");
  CHECK(closing.closed_within(1s));
  RawClient kept(server->port());
  CHECK(kept.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").status == 200);
  CHECK(kept.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").status == 200);
}

TEST_CASE("HEAD gets the headers of the answer and no body") {
  const auto server = serve(echo);
  RawClient client(server->port());
  client.send("HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n");
  const Reply reply = client.receive(true);
  CHECK(reply.header("content-length") == "9");
  CHECK(client.ask(kGet).body == "GET /a \n");
}

TEST_CASE("the answer carries no Server header and never redirects") {
  const auto server = serve(echo);
  for (const auto* path : {"/", "//", "/a/../b", "/a/"}) {
    const Reply reply = get(server->port(), path);
    CHECK(reply.status == 200);
    CHECK(reply.header("server").empty());
    CHECK(reply.header("location").empty());
  }
}

TEST_CASE("a client that ends its sending side still gets its answer") {
  const auto server = serve([](Exchange exchange) {
    std::thread([exchange]() mutable {
      std::this_thread::sleep_for(50ms);
      exchange.send(text_response(200, "late"));
    }).detach();
  });
  RawClient client(server->port());
  client.send(kGet);
  client.end_sending();
  CHECK(client.receive().body == "late\n");
}

TEST_CASE("a handler that throws, or forgets its exchange, gives a 500") {
  const auto server = serve([](const Exchange& exchange) {
    if (exchange.request().path == "/throw") throw std::runtime_error("secret detail");
  });
  RawClient client(server->port());
  const Reply thrown = client.ask("GET /throw HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(thrown.status == 500);
  CHECK(thrown.body.find("secret") == std::string::npos);
  CHECK(client.ask(kGet).status == 500);
}

TEST_CASE("only the first answer counts, and any thread may give it") {
  const auto server = serve([](Exchange exchange) {
    std::thread([exchange]() mutable {
      exchange.send(text_response(202, "first"));
      exchange.send(text_response(500, "second"));
      exchange.drop();
    }).detach();
  });
  RawClient client(server->port());
  CHECK(client.ask(kGet).status == 202);
  CHECK(client.ask(kGet).body == "first\n");
}

TEST_CASE("a handler that does not answer in time is answered for, once") {
  std::mutex mutex;
  std::vector<Exchange> kept;
  const auto server = serve(
      [&](const Exchange& exchange) {
        const std::lock_guard lock(mutex);
        kept.push_back(exchange);
      },
      {.answer_timeout = 100ms});
  RawClient client(server->port());
  CHECK(client.ask(kGet).status == 503);
  const std::lock_guard lock(mutex);
  REQUIRE(kept.size() == 1);
  kept.front().send(text_response(200, "too late"));
  CHECK(client.closed_within(2s));
}

TEST_CASE("dropping an exchange closes the connection without a byte") {
  const auto server =
      serve([](Exchange exchange) { exchange.drop(exchange.request().path == "/reset"); });
  RawClient quiet(server->port());
  quiet.send(kGet);
  CHECK(quiet.closed_within(1s));
  CHECK_FALSE(quiet.was_reset());
  RawClient rude(server->port());
  rude.send("GET /reset HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(rude.closed_within(1s));
  CHECK(rude.was_reset());
}

TEST_CASE("a port in use is a failure that names address and port") {
  const auto server = serve(echo);
  const auto second = Server::listen({.port = server->port()}, echo);
  REQUIRE_FALSE(second);
  CHECK(second.error().what == "cannot listen on 127.0.0.1:" + std::to_string(server->port()) +
                                   ": Address already in use");
  CHECK_FALSE(Server::listen({.address = "not an address"}, echo));
}

TEST_CASE("stop is bounded with idle, half-sent and unanswered requests open") {
  std::promise<Exchange> waiting;
  const auto server = serve([&](const Exchange& exchange) { waiting.set_value(exchange); });
  RawClient idle(server->port());
  RawClient half(server->port());
  half.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n123");
  RawClient unanswered(server->port());
  unanswered.send(kGet);
  Exchange exchange = waiting.get_future().get();
  const auto before = std::chrono::steady_clock::now();
  server->stop();
  CHECK(std::chrono::steady_clock::now() - before < 2s);
  CHECK(server->connections() == 0);
  // The handle outlives the server and does nothing.
  exchange.send(text_response(200, "nobody hears this"));
  CHECK(unanswered.closed_within(1s));
  CHECK(half.closed_within(1s));
}

TEST_CASE("the same port can be served again at once after a stop") {
  auto server = serve(echo);
  const std::uint16_t port = server->port();
  RawClient client(port);
  CHECK(client.ask(kGet).status == 200);
  server->stop();
  const auto again = serve(echo, {.port = port});
  CHECK(get(port, "/x").status == 200);
}
