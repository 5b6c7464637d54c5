// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <future>
#include <thread>

#include "raw_client.h"

using namespace lockkeeper::http;
using namespace lockkeeper::http::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kWatch = "GET /watch HTTP/1.1\r\nHost: a\r\n\r\n";

/// A server that opens a stream for the next request and gives it to the test.
struct Streamer {
  explicit Streamer(ServerOptions options = {})
      : server(serve(
            [this](Exchange exchange) {
              if (exchange.request().path != "/watch") return echo(exchange);
              stream.set_value(exchange.stream({.status = 200, .content_type = "text/event"}));
            },
            std::move(options))) {}

  std::promise<Stream> stream;
  std::unique_ptr<Server> server;
};

bool turns_false(Stream& stream) {
  for (int i = 0; i < 300; ++i) {
    if (!stream.write("x")) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

}  // namespace

TEST_CASE("a stream sends its pieces as they come, ends properly and keeps the connection") {
  Streamer streamer;
  RawClient client(streamer.server->port());
  client.send(kWatch);
  Stream stream = streamer.stream.get_future().get();
  CHECK(stream.write("one\n"));
  CHECK(client.read_until("\r\n\r\n4\r\none\n\r\n"));
  CHECK(stream.write("two\n"));
  CHECK(client.read_until("4\r\ntwo\n\r\n"));
  stream.finish();
  CHECK_FALSE(stream.write("after the end"));
  CHECK(client.read_until("0\r\n\r\n"));
  CHECK(client.ask("GET /next HTTP/1.1\r\nHost: a\r\n\r\n").body == "GET /next \n");
}

TEST_CASE("an HTTP/1.0 client gets a stream without chunks, ended by the connection") {
  Streamer streamer;
  RawClient client(streamer.server->port());
  client.send("GET /watch HTTP/1.0\r\n\r\n");
  Stream stream = streamer.stream.get_future().get();
  stream.write("plain");
  stream.finish();
  const Reply reply = client.receive();
  CHECK(reply.body == "plain");
  CHECK(reply.header("connection") == "close");
}

TEST_CASE("a large stream arrives whole") {
  Streamer streamer;
  RawClient client(streamer.server->port());
  client.send(kWatch);
  Stream stream = streamer.stream.get_future().get();
  for (int i = 0; i < 100; ++i)
    REQUIRE(stream.write(std::string(100'000, static_cast<char>('a' + i % 26))));
  stream.finish();
  const Reply reply = client.receive();
  CHECK(reply.complete);
  CHECK(reply.body.size() == 10'000'000);
  CHECK(reply.body[250'000] == 'c');
}

TEST_CASE("a writer learns that its reader is gone, even on a quiet stream") {
  Streamer streamer;
  auto client = std::make_unique<RawClient>(streamer.server->port());
  client->send(kWatch);
  Stream stream = streamer.stream.get_future().get();
  CHECK(stream.open());
  client.reset();
  for (int i = 0; i < 300 && stream.open(); ++i)
    std::this_thread::sleep_for(10ms);
  CHECK_FALSE(stream.open());
  CHECK(turns_false(stream));
}

TEST_CASE("a stream whose last handle goes away unfinished is cut, not ended") {
  Streamer streamer;
  RawClient client(streamer.server->port());
  client.send(kWatch);
  {
    Stream stream = streamer.stream.get_future().get();
    stream.write("half");
    streamer.stream = {};
  }
  CHECK_FALSE(client.receive().complete);
}

TEST_CASE("abort resets the connection in the middle of the answer") {
  Streamer streamer;
  RawClient client(streamer.server->port());
  client.send(kWatch);
  Stream stream = streamer.stream.get_future().get();
  stream.write("half");
  CHECK(client.read_until("half\r\n"));
  stream.abort();
  CHECK_FALSE(client.receive().complete);
  CHECK(client.was_reset());
}

TEST_CASE("a reader that is too slow is cut when the queue is full") {
  Streamer streamer({.stream_limit_bytes = 1U << 20U});
  RawClient client(streamer.server->port());
  client.send(kWatch);
  Stream stream = streamer.stream.get_future().get();
  int written = 0;
  while (written < 1000 && stream.write(std::string(100'000, 'x')))
    ++written;
  CHECK(written >= 10);
  CHECK(written < 1000);
  CHECK_FALSE(stream.open());
}

TEST_CASE("stopping the server ends its streams") {
  Streamer streamer;
  RawClient client(streamer.server->port());
  client.send(kWatch);
  Stream stream = streamer.stream.get_future().get();
  streamer.server->stop();
  CHECK_FALSE(stream.write("x"));
  CHECK_FALSE(client.receive().complete);
}

TEST_CASE("a stream is not cut for being quiet") {
  Streamer streamer({.idle_timeout = 50ms, .answer_timeout = 50ms, .write_timeout = 50ms});
  RawClient client(streamer.server->port());
  client.send(kWatch);
  Stream stream = streamer.stream.get_future().get();
  std::this_thread::sleep_for(400ms);
  CHECK(stream.write("still here"));
  stream.finish();
  CHECK(client.receive().body == "still here");
}
