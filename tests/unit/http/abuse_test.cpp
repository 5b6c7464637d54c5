// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <atomic>
#include <fstream>
#include <list>
#include <mutex>
#include <thread>

#include "raw_client.h"

using namespace lockkeeper::http;
using namespace lockkeeper::http::test;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

long resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
  }
  return 0;
}

std::string post_head(std::string_view path, std::size_t length) {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
}

/// Connections that have begun a request and go on at one byte a second until stopped.
class SlowCrowd {
 public:
  SlowCrowd(std::uint16_t port, int count) {
    for (int i = 0; i < count; ++i) {
      clients_.emplace_back(port).send(post_head("/slow", 1000));
    }
    thread_ = std::jthread([this](const std::stop_token& stop) {
      for (auto next = Clock::now(); !stop.stop_requested(); std::this_thread::sleep_for(10ms)) {
        if (Clock::now() < next) continue;
        for (auto& client : clients_)
          client.send("x");
        next += 1s;
      }
    });
  }

 private:
  std::list<RawClient> clients_;
  std::jthread thread_;
};

}  // namespace

TEST_CASE("a body of 100 MB is refused by its announced length, before a byte of it is kept") {
  const auto server = serve(echo);
  const long before = resident_kib();
  RawClient client(server->port());
  CHECK(client.ask(post_head("/", 100'000'000)).status == 413);
  CHECK(resident_kib() - before < 4096);
}

TEST_CASE("a client that sends 100 MB without waiting still reads its 413") {
  const auto server = serve(echo);
  RawClient client(server->port());
  client.send(post_head("/", 100'000'000));
  std::thread sender([&] {
    const std::string block(1U << 20U, 'x');
    for (int i = 0; i < 20 && client.send(block); ++i) {
    }
  });
  const Reply reply = client.receive();
  sender.join();
  CHECK(reply.status == 413);
}

TEST_CASE("a chunked body is counted while it comes") {
  const auto server = serve(echo, {.body_limit_bytes = 100'000});
  const long before = resident_kib();
  RawClient client(server->port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "8000\r\n" + std::string(0x8000, 'x') + "\r\n";
  for (int i = 0; i < 40; ++i)
    client.send(chunk);
  CHECK(client.receive().status == 413);
  CHECK(resident_kib() - before < 8192);
  RawClient huge(server->port());
  CHECK(huge.ask("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n")
            .status == 413);
}

TEST_CASE("the limit of a body is the one of its path, and admission comes before the body") {
  ServerOptions options{.body_limit_bytes = 10};
  options.admit = [](const Request& request) -> std::expected<std::size_t, Response> {
    if (request.bearer_token() != "good") return std::unexpected(text_response(401, "no"));
    return request.path == "/large" ? 1000U : 10U;
  };
  const auto server = serve(echo, options);
  const auto ask = [&](std::string_view path, std::size_t size, std::string_view token) {
    RawClient client(server->port());
    std::string head = post_head(path, size);
    head.insert(head.size() - 2, "Authorization: Bearer " + std::string(token) + "\r\n");
    return client.ask(head + std::string(token == "good" ? size : 0, 'x')).status;
  };
  CHECK(ask("/large", 1000, "good") == 200);
  CHECK(ask("/large", 1001, "good") == 413);
  CHECK(ask("/small", 11, "good") == 413);
  CHECK(ask("/large", 500, "bad") == 401);
}

TEST_CASE("slow headers and slow bodies end at their deadline although bytes keep coming") {
  const auto server = serve(echo, {.header_timeout = 300ms, .body_timeout = 300ms});
  for (const std::string& begin : {std::string("GET / HTTP/1.1\r\n"), post_head("/", 1000)}) {
    RawClient client(server->port());
    client.send(begin);
    const auto started = Clock::now();
    while (Clock::now() - started < 3s && client.send("x"))
      std::this_thread::sleep_for(50ms);
    CHECK(Clock::now() - started < 2500ms);
    CHECK(client.receive().status == 408);
  }
  RawClient silent(server->port());
  CHECK(silent.closed_within(2s));
}

TEST_CASE("an idle connection is closed at its deadline") {
  const auto server = serve(echo, {.idle_timeout = 100ms});
  RawClient client(server->port());
  CHECK(client.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").status == 200);
  CHECK(client.closed_within(2s));
}

TEST_CASE("200 connections at one byte a second do not keep an honest request waiting") {
  const auto server = serve(echo);
  SlowCrowd crowd(server->port(), 200);
  for (int i = 0; i < 20; ++i) {
    const auto before = Clock::now();
    CHECK(get(server->port(), "/honest").status == 200);
    CHECK(Clock::now() - before < 500ms);
  }
}

TEST_CASE("slow connections beyond the limit make room for honest ones") {
  const auto server = serve(echo, {.connections_max = 50});
  SlowCrowd crowd(server->port(), 200);
  for (int i = 0; i < 20; ++i) {
    const auto before = Clock::now();
    CHECK(get(server->port(), "/honest").status == 200);
    CHECK(Clock::now() - before < 500ms);
  }
  CHECK(server->connections() <= 50);
}

TEST_CASE("when every connection is being served a new one is told 503") {
  std::mutex mutex;
  std::vector<Exchange> held;
  const auto server = serve(
      [&](Exchange exchange) {
        if (exchange.request().path != "/hold") return exchange.send(text_response(200, "ok"));
        const std::lock_guard lock(mutex);
        held.push_back(exchange);
      },
      {.connections_max = 4});
  std::list<RawClient> holders;
  for (int i = 0; i < 4; ++i) {
    holders.emplace_back(server->port()).send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  const auto all_held = [&] {
    const std::lock_guard lock(mutex);
    return held.size() == 4;
  };
  for (int i = 0; i < 200 && !all_held(); ++i)
    std::this_thread::sleep_for(10ms);
  REQUIRE(all_held());
  CHECK(get(server->port(), "/x").status == 503);
  const std::lock_guard lock(mutex);
  for (auto& exchange : held)
    exchange.send(text_response(200, "released"));
  for (auto& holder : holders)
    CHECK(holder.receive().status == 200);
  CHECK(get(server->port(), "/x").status == 200);
}
