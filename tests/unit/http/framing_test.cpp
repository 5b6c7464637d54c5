// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "raw_client.h"

using namespace lockkeeper::http;
using namespace lockkeeper::http::test;
using namespace std::chrono_literals;

namespace {

struct Nonsense {
  const char* why;
  std::string bytes;
  int status;
};

std::string post(std::string_view headers, std::string_view body) {
  return "POST /p HTTP/1.1\r\nHost: a\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

}  // namespace

TEST_CASE("a message that can be understood in two ways is refused and the connection closed") {
  const auto server = serve(echo);
  const std::vector<Nonsense> all = {
      {"two lengths", post("Content-Length: 1\r\nContent-Length: 2\r\n", "ab"), 400},
      {"the same length twice", post("Content-Length: 1\r\nContent-Length: 1\r\n", "a"), 400},
      {"length and chunks",
       post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {"chunks and length",
       post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), 400},
      {"a coding we do not know", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 400},
      {"a coding that is not chunked", post("Transfer-Encoding: identity\r\n", ""), 400},
      {"chunks in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"a negative length", post("Content-Length: -1\r\n", ""), 400},
      {"a length beyond 64 bits", post("Content-Length: 99999999999999999999999\r\n", ""), 400},
      {"a hexadecimal length", post("Content-Length: 0x10\r\n", ""), 400},
      {"a broken chunk size", post("Transfer-Encoding: chunked\r\n", "zz\r\nabc\r\n"), 400},
      {"no length at all", post("", ""), 411},
      {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"a blank before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
      {"a target that is no path", "GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"another version", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400},
      {"TLS on a plain port", "\x16\x03\x01\x02\x01\x01\x01", 400},
      {"no HTTP", "hello\r\n\r\n", 400},
      {"an expectation we cannot meet", post("Content-Length: 1\r\nExpect: magic\r\n", "a"), 417},
      {"a chunk line without end",
       post("Transfer-Encoding: chunked\r\n", "1;" + std::string(40000, 'x')), 400},
  };
  for (const auto& nonsense : all) {
    CAPTURE(nonsense.why);
    RawClient client(server->port());
    const Reply reply = client.ask(nonsense.bytes);
    CHECK(reply.status == nonsense.status);
    CHECK(reply.header("connection") == "close");
    CHECK(reply.body.ends_with("\n"));
    CHECK(client.closed_within(2s));
  }
  CHECK(get(server->port(), "/fine").status == 200);
}

TEST_CASE("a chunked body is put together") {
  const auto server = serve(echo);
  RawClient client(server->port());
  client.send(post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n2;ext=1\r\nde\r\n"));
  CHECK(client.ask("0\r\nTrailer: ignored\r\n\r\n").body == "POST /p abcde\n");
  CHECK(client.ask("GET /a HTTP/1.1\r\nHost: a\r\n\r\n").status == 200);
}

TEST_CASE("a trailer never becomes a header") {
  const auto server = serve([](Exchange exchange) {
    exchange.send(text_response(200, std::string(exchange.request().bearer_token())));
  });
  RawClient client(server->port());
  CHECK(client
            .ask(post("Transfer-Encoding: chunked\r\n",
                      "1\r\na\r\n0\r\nAuthorization: Bearer forged\r\n\r\n"))
            .body == "\n");
}

TEST_CASE("headers beyond the limit are answered with 431") {
  const auto server = serve(echo, {.header_limit_bytes = 4096});
  RawClient client(server->port());
  CHECK(client.ask("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(60000, 'x') + "\r\n\r\n")
            .status == 431);
  RawClient endless(server->port());
  endless.send("GET /" + std::string(60000, 'x'));
  CHECK(endless.receive().status == 431);
}

TEST_CASE("100 Continue is sent when the body may come, and not when it may not") {
  const auto server = serve(echo, {.body_limit_bytes = 100});
  RawClient client(server->port());
  CHECK(client.ask(post("Content-Length: 3\r\nExpect: 100-continue\r\n", "")).status == 100);
  CHECK(client.ask("abc").body == "POST /p abc\n");
  RawClient large(server->port());
  CHECK(large.ask(post("Content-Length: 101\r\nExpect: 100-continue\r\n", "")).status == 413);
}

TEST_CASE("a body that ends before its announced length is a 400") {
  const auto server = serve(echo);
  RawClient client(server->port());
  client.send(post("Content-Length: 10\r\n", "abc"));
  client.end_sending();
  CHECK(client.receive().status == 400);
}
