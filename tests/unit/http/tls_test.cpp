// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "raw_client.h"
#include "tls_client.h"

using namespace lockkeeper::http;
using namespace lockkeeper::http::test;

namespace {

void show_certificate(Exchange exchange) {
  const auto& certificate = exchange.request().certificate;
  std::string text = certificate ? certificate->common_name : "nobody";
  for (const auto& organization :
       certificate ? certificate->organizations : std::vector<std::string>()) {
    text += "," + organization;
  }
  exchange.send(text_response(200, text));
}

}  // namespace

TEST_CASE("TLS agrees on http/1.1 and on nothing else") {
  const Identity identity;
  const auto server = serve(show_certificate, {.tls = identity.tls()});
  const auto both = ask_tls(server->port(), "\x02h2\x08http/1.1", nullptr);
  CHECK(both.protocol == "http/1.1");
  CHECK(both.text.ends_with("nobody\n"));
  CHECK(ask_tls(server->port(), "", nullptr).text.ends_with("nobody\n"));
  CHECK(ask_tls(server->port(), "\x02h2", nullptr).text.empty());
}

TEST_CASE("a client certificate of the client CA is shown to the handler") {
  const Identity identity;
  TlsOptions tls = identity.tls();
  tls.client_ca_file = identity.certificate();
  const auto server = serve(show_certificate, {.tls = tls});
  CHECK(ask_tls(server->port(), "", &identity).text.ends_with("gate-keeper,system:masters,crew\n"));
  CHECK(ask_tls(server->port(), "", nullptr).text.ends_with("nobody\n"));
  const Identity stranger;
  tls.client_required = true;
  const auto strict = serve(show_certificate, {.tls = tls});
  CHECK(ask_tls(strict->port(), "", nullptr).text.empty());
  CHECK(ask_tls(strict->port(), "", &identity).text.ends_with("crew\n"));
  CHECK(ask_tls(strict->port(), "", &stranger).text.empty());
}

TEST_CASE("a plain request to a TLS port ends, and others go on") {
  const Identity identity;
  const auto server = serve(show_certificate, {.tls = identity.tls()});
  CHECK(get(server->port(), "/").status == 0);
  CHECK(ask_tls(server->port(), "", nullptr).text.ends_with("nobody\n"));
}

TEST_CASE("unusable certificate files are named") {
  const Identity identity;
  const Identity other;
  auto absent =
      Server::listen({.tls = {.certificate_file = "/nonexistent.pem", .key_file = "x"}}, echo);
  REQUIRE_FALSE(absent);
  CHECK(absent.error().what.starts_with("/nonexistent.pem: not a usable certificate in PEM"));
  auto mismatch = Server::listen(
      {.tls = {.certificate_file = identity.certificate(), .key_file = other.key_file()}}, echo);
  REQUIRE_FALSE(mismatch);
  CHECK(mismatch.error().what.starts_with(other.key_file() + ": not the private key of"));
}
