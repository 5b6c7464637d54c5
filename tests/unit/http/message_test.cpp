// SPDX-License-Identifier: Apache-2.0
#include "integrations/http/message.h"

#include <doctest/doctest.h>

using namespace lockkeeper::http;

TEST_CASE("a target splits into a decoded path and query, and the first value of a name wins") {
  Request request;
  REQUIRE(parse_target("/api/v1/a%2Fb?x=1&y=a+b%20c&x=2&flag&=z", request));
  CHECK(request.path == "/api/v1/a/b");
  CHECK(request.query_value("x") == "1");
  CHECK(request.query_value("y") == "a b c");
  CHECK(request.query.contains("flag"));
  CHECK(request.query_value("absent").empty());
  CHECK(request.target == "/api/v1/a%2Fb?x=1&y=a+b%20c&x=2&flag&=z");
}

TEST_CASE("an absolute-form target loses its scheme and authority") {
  Request request;
  REQUIRE(parse_target("http://example.org:8080/x?y=1", request));
  CHECK(request.path == "/x");
  REQUIRE(parse_target("https://example.org", request));
  CHECK(request.path == "/");
}

TEST_CASE("broken targets are refused") {
  Request request;
  for (const auto* target : {"", "relative", "/a%", "/a%4", "/a%zz", "/a%00b", "/?q=%-1", "?x"}) {
    CAPTURE(target);
    CHECK_FALSE(parse_target(target, request));
  }
}

TEST_CASE("header names compare without regard to case") {
  Headers headers{{"Content-Type", "text/plain"}, {"X", "1"}, {"x", "2"}};
  CHECK(headers.get("content-type") == "text/plain");
  CHECK(headers.get("X") == "1");
  CHECK(headers.count("x") == 2);
  CHECK_FALSE(headers.has("y"));
  headers.set("x", "3");
  CHECK(headers.count("X") == 1);
  CHECK(headers.get("X") == "3");
}

TEST_CASE("a bearer token is read from the Authorization header only in that scheme") {
  Request request;
  request.headers.add("authorization", "bearer  abc ");
  CHECK(request.bearer_token() == "abc");
  request.headers.set("authorization", "Basic abc");
  CHECK(request.bearer_token().empty());
  CHECK(Request{}.bearer_token().empty());
}

TEST_CASE("a response head cannot be split by a line break in a header") {
  Response response = text_response(200, "x");
  response.headers.add("X-Good", "1");
  response.headers.add("X-Bad", "1\r\nInjected: 2");
  response.headers.add("Content-Length", "99");
  const std::string head = response_head(response, Framing::length, 2, true);
  CHECK(head.find("Injected") == std::string::npos);
  CHECK(head.find("X-Good: 1\r\n") != std::string::npos);
  CHECK(head.find("Content-Length: 2\r\n") != std::string::npos);
  CHECK(head.find("99") == std::string::npos);
  CHECK(head.ends_with("\r\n\r\n"));
}

TEST_CASE("a status without a known phrase is still a valid status line") {
  CHECK(reason_phrase(299) == "Unknown");
  CHECK(response_head({.status = 299}, Framing::none, 0, false) ==
        "HTTP/1.1 299 Unknown\r\nConnection: close\r\n\r\n");
}
