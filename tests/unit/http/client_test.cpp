// SPDX-License-Identifier: Apache-2.0
#include "integrations/http/client.h"

#include <doctest/doctest.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <map>
#include <thread>

#include "client_site.h"
#include "integrations/http/certificate.h"
#include "integrations/http/client_lanes.h"
#include "integrations/http/client_url.h"
#include "integrations/http/server.h"
#include "tls_client.h"

using namespace lockkeeper::http;
using namespace lockkeeper::http::test;
using namespace std::chrono_literals;

TEST_CASE("a call brings status, headers and body, and sends what it was given") {
  Site site([](Exchange exchange) {
    auto response = plain(207, exchange.request().method + " " + exchange.request().body);
    response.headers.add("X-Seen", exchange.request().headers.get("X-Mine"));
    response.headers.add("X-Agent", exchange.request().headers.get("User-Agent"));
    exchange.send(std::move(response));
  });
  Client client({});
  for (const std::string method : {"POST", "PUT", "PATCH", "DELETE"}) {
    auto request = get(site.url("/x"));
    request.method = method;
    request.body = "{}";
    request.headers.add("X-Mine", "yes");
    const auto reply = client.call(request);
    REQUIRE(reply.has_value());
    CHECK(reply->status == 207);
    CHECK(reply->body == method + " {}");
    CHECK(reply->headers.get("x-seen") == "yes");
    CHECK(reply->headers.get("x-agent") == "lockkeeper");
  }
  const auto head = [&] {
    auto request = get(site.url("/x"));
    request.method = "HEAD";
    return client.call(request);
  }();
  REQUIRE(head.has_value());
  CHECK(head->body.empty());
}

TEST_CASE("calls one after another share one connection") {
  std::atomic<int> peers = 0;
  std::string last;
  Site site([&](Exchange exchange) {
    if (exchange.request().peer != last) ++peers;
    last = exchange.request().peer;
    exchange.send(plain(200, "ok"));
  });
  Client client({});
  for (int i = 0; i < 20; ++i)
    REQUIRE(client.call(get(site.url("/"))).has_value());
  CHECK(peers == 1);
}

TEST_CASE("TLS trusts the given authority, for the given name, and nothing else") {
  const Identity identity("api.lab");
  const std::string ca = Identity::text(identity.tls().certificate_file);
  Site site([](Exchange exchange) { exchange.send(plain(200, "in")); }, identity.tls());
  const auto call = [&](ClientTls tls) {
    ClientOptions options;
    options.tls = std::move(tls);
    Client client(options);
    return client.call(get(site.url("/", "https")));
  };
  ClientTls tls;
  CHECK(call(tls).error().kind == FaultKind::untrusted);  // the system's store knows it not
  tls.ca_pem = ca;
  CHECK(call(tls).error().kind == FaultKind::untrusted);  // 127.0.0.1 is not its name
  tls.server_name = "api.lab";
  REQUIRE(call(tls).has_value());
  CHECK(call(tls)->body == "in");
  tls = {};
  tls.ca_file = identity.tls().certificate_file;
  tls.server_name = "api.lab";
  CHECK(call(tls).has_value());
  tls = {};
  tls.insecure = true;
  CHECK(call(tls).has_value());
}

TEST_CASE("a client certificate comes from memory, and its absence is a TLS failure") {
  const Identity identity("localhost");
  auto server_tls = identity.tls();
  server_tls.client_ca_file = server_tls.certificate_file;
  server_tls.client_required = true;
  Site site(
      [](Exchange exchange) {
        exchange.send(plain(200, exchange.request().certificate->common_name));
      },
      server_tls);
  ClientOptions options;
  options.tls.ca_pem = Identity::text(server_tls.certificate_file);
  options.tls.server_name = "localhost";
  CHECK(Client(options).call(get(site.url("/", "https"))).error().kind == FaultKind::tls);
  options.tls.certificate_pem = Identity::text(server_tls.certificate_file);
  options.tls.key_pem = Identity::text(server_tls.key_file);
  const auto reply = Client(options).call(get(site.url("/", "https")));
  REQUIRE(reply.has_value());
  CHECK(reply->body == "gate-keeper");
}

TEST_CASE("a redirect is an answer like any other, unless the request allows it") {
  std::string elsewhere;
  Site other([](Exchange exchange) {
    exchange.send(plain(200, std::string(exchange.request().headers.get("Authorization"))));
  });
  Site site([&](Exchange exchange) {
    if (exchange.request().path == "/end") {
      exchange.send(plain(200, std::string(exchange.request().headers.get("Authorization"))));
      return;
    }
    auto response = plain(302, "moved");
    response.headers.add("Location", exchange.request().path == "/far" ? elsewhere : "/end");
    if (exchange.request().path == "/loop") response.headers.set("Location", "/loop");
    exchange.send(std::move(response));
  });
  elsewhere = other.url("/");
  const auto ask = [&](const std::string& path, int redirects) {
    auto request = get(site.url(path));
    request.headers.add("Authorization", "Bearer s3cret");
    request.redirects_max = redirects;
    Client client({});
    const auto reply = client.call(request);
    REQUIRE(reply.has_value());
    return std::pair(reply->status, reply->body);
  };
  CHECK(ask("/near", 0) == std::pair(302, std::string("moved")));
  CHECK(ask("/near", 1) == std::pair(200, std::string("Bearer s3cret")));
  CHECK(ask("/far", 1) == std::pair(200, std::string()));  // no credentials to another port
  CHECK(ask("/loop", 3) == std::pair(302, std::string("moved")));
  elsewhere = "ftp://127.0.0.1/";
  CHECK(ask("/far", 1).first == 302);
}

TEST_CASE("a redirect out of TLS is not followed: nobody hears the request in clear text") {
  const Identity identity("api.lab");
  std::atomic<int> heard = 0;
  Site clear([&](Exchange exchange) {
    ++heard;
    exchange.send(plain(200, "from anybody"));
  });
  std::string elsewhere = clear.url("/");
  Site site(
      [&](Exchange exchange) {
        auto response = plain(exchange.request().path == "/end" ? 200 : 302, "moved");
        response.headers.add("Location", elsewhere);
        exchange.send(std::move(response));
      },
      identity.tls());
  ClientOptions options;
  options.tls.ca_pem = Identity::text(identity.tls().certificate_file);
  options.tls.server_name = "api.lab";
  auto request = get(site.url("/", "https"));
  request.redirects_max = 5;
  const auto refused = Client(options).call(request);
  REQUIRE(refused.has_value());
  CHECK(refused->status == 302);
  CHECK(refused->body == "moved");
  CHECK(heard == 0);
  elsewhere = site.url("/end", "https");
  const auto followed = Client(options).call(request);
  REQUIRE(followed.has_value());
  CHECK(followed->status == 200);
}

TEST_CASE("a reply brings the other end's certificate where it is wanted, and its end is read") {
  const Identity identity("api.lab");
  Site site([](Exchange exchange) { exchange.send(plain(200, "in")); }, identity.tls());
  ClientOptions options;
  options.tls.ca_pem = Identity::text(identity.tls().certificate_file);
  options.tls.server_name = "api.lab";
  auto request = get(site.url("/", "https"));
  CHECK(Client(options).call(request)->certificate_pem.empty());
  request.wants_certificate = true;
  const auto reply = Client(options).call(request);
  REQUIRE(reply.has_value());
  const auto end = certificate_end(reply->certificate_pem);
  REQUIRE(end.has_value());
  CHECK(certificate_end(options.tls.ca_pem) == end);
  const auto left = *end - std::chrono::floor<lockkeeper::Millis>(std::chrono::system_clock::now());
  CHECK(left > 50min);
  CHECK(left < 61min);
  CHECK_FALSE(certificate_end("").has_value());
  CHECK_FALSE(certificate_end("-----BEGIN CERTIFICATE-----\nAAAA").has_value());
}

TEST_CASE("a stream brings pieces as they come, and ends when its handler has enough") {
  Site site([](Exchange exchange) {
    if (exchange.request().path == "/no") return exchange.send(plain(410, "gone"));
    auto stream = exchange.stream({});
    for (int i = 0; i < 3; ++i)
      stream.write("line " + std::to_string(i) + "\n");
    stream.finish();
  });
  Client client({});
  std::string seen;
  const auto keep = [&](std::string_view piece) {
    seen += piece;
    return true;
  };
  const auto reply = client.stream(get(site.url("/")), keep);
  REQUIRE(reply.has_value());
  CHECK(reply->body.empty());
  CHECK(seen == "line 0\nline 1\nline 2\n");

  seen.clear();
  const auto refused = client.stream(get(site.url("/no")), keep);
  REQUIRE(refused.has_value());
  CHECK(refused->status == 410);
  CHECK(refused->body == "gone");
  CHECK(seen.empty());

  const auto enough = client.stream(get(site.url("/")), [](std::string_view) { return false; });
  CHECK(enough.error().kind == FaultKind::cancelled);
}

TEST_CASE("several calls run at once, but never more than allowed") {
  auto waiting = std::make_shared<std::vector<Exchange>>();
  std::atomic<int> most = 0;
  Site site([&, waiting](Exchange exchange) {
    waiting->push_back(exchange);
    most = std::max<int>(most, static_cast<int>(waiting->size()));
    if (waiting->size() == 4)
      for (auto& each : std::exchange(*waiting, {}))
        each.send(plain(200, each.request().path));
  });
  std::vector<ClientRequest> requests;
  for (int i = 0; i < 20; ++i)
    requests.push_back(get(site.url("/" + std::to_string(i))));
  std::map<std::size_t, std::string> bodies;
  Client client({});
  client.perform(requests, 4, [&](std::size_t index, Answered answer) {
    REQUIRE(answer.has_value());
    bodies[index] = answer->body;
  });
  CHECK(most == 4);
  REQUIRE(bodies.size() == 20);
  CHECK(bodies[19] == "/19");
}

TEST_CASE("lanes keep a stream beside calls, and a cancelled transfer never calls back") {
  auto kept = std::make_shared<std::vector<Stream>>();
  Site site([kept](Exchange exchange) {
    if (exchange.request().path != "/watch") return exchange.send(plain(200, "ok"));
    kept->push_back(exchange.stream({}));
    kept->back().write("first");
  });
  Client client({});
  const auto lanes = client.lanes(2);
  std::string pieces;
  bool stream_done = false;
  int calls_done = 0;
  const auto watch = lanes->stream(
      get(site.url("/watch")),
      [&](std::string_view piece) {
        pieces += piece;
        return true;
      },
      [&](Answered) { stream_done = true; });
  for (int i = 0; i < 6; ++i)
    lanes->start(get(site.url("/call")), [&](Answered answer) {
      CHECK(answer.has_value());
      // Started from inside a callback, one more each for the first three.
      if (++calls_done <= 3) lanes->start(get(site.url("/more")), [&](Answered) { ++calls_done; });
    });
  for (int i = 0; i < 200 && (calls_done < 9 || pieces.empty()); ++i)
    lanes->turn(50ms);
  CHECK(calls_done == 9);
  CHECK(pieces == "first");
  CHECK(lanes->busy() == 1);
  lanes->cancel(watch);
  lanes->cancel(watch);
  lanes->turn(1ms);
  CHECK(lanes->busy() == 0);
  CHECK_FALSE(stream_done);
}

TEST_CASE("a given proxy is used even for loopback, without one loopback is reached directly") {
  Site proxy([](Exchange exchange) { exchange.send(plain(200, exchange.request().target)); });
  ClientOptions options;
  options.proxy = proxy.url("");
  const auto reply = Client(options).call(get("http://127.0.0.1:9/through"));
  REQUIRE(reply.has_value());
  CHECK(reply->body.ends_with("/through"));
  CHECK(is_loopback("127.0.0.1"));
  CHECK(is_loopback("[::1]"));
  CHECK_FALSE(is_loopback("10.0.0.1"));
}

TEST_CASE("one client serves many threads") {
  Site site([](Exchange exchange) { exchange.send(plain(200, exchange.request().path)); });
  Client client({});
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 25; ++i) {
          const auto path = "/" + std::to_string(t) + "/" + std::to_string(i);
          const auto reply = client.call(get(site.url(path)));
          if (reply && reply->body == path) ++good;
        }
      });
  }
  CHECK(good == 100);
}

TEST_CASE("an origin shows neither user nor path") {
  CHECK(origin_of("https://u:pw@host.example/p?q=1") == "https://host.example:443");
  CHECK(origin_of("http://[::1]:8080/x") == "http://[::1]:8080");
  CHECK(origin_of("no url") == "(unreadable address)");
}
