// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <filesystem>

#include "raw_client.h"

using namespace lockkeeper::http;
using namespace lockkeeper::http::test;

namespace {

/// A folder with one self-signed certificate and its key, for server, client and CA alike.
class Identity {
 public:
  Identity() {
    std::string name = (std::filesystem::temp_directory_path() / "http_tls_XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* made = X509_new();
    X509_set_version(made, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
    X509_gmtime_adj(X509_getm_notBefore(made), -60);
    X509_gmtime_adj(X509_getm_notAfter(made), 3600);
    X509_set_pubkey(made, key);
    add(made, "CN", "gate-keeper");
    add(made, "O", "system:masters");
    add(made, "O", "crew");
    X509_set_issuer_name(made, X509_get_subject_name(made));
    X509_sign(made, key, EVP_sha256());
    FILE* file = std::fopen(certificate().c_str(), "w");
    PEM_write_X509(file, made);
    std::fclose(file);
    file = std::fopen(key_file().c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    X509_free(made);
    EVP_PKEY_free(key);
  }
  ~Identity() { std::filesystem::remove_all(folder_); }
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;

  [[nodiscard]] std::string certificate() const { return (folder_ / "cert.pem").string(); }
  [[nodiscard]] std::string key_file() const { return (folder_ / "key.pem").string(); }

 private:
  static void add(X509* certificate, const char* field, const std::string& value) {
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), field, MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(value.c_str()), -1, -1, 0);
  }
  std::filesystem::path folder_;
};

struct TlsAnswer {
  std::string text;
  std::string protocol;  // what ALPN agreed on
};

/// One request over TLS; "" when the handshake fails.
TlsAnswer ask_tls(std::uint16_t port, const std::string& alpn, const Identity* identity) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  if (identity != nullptr) {
    SSL_CTX_use_certificate_chain_file(context, identity->certificate().c_str());
    SSL_CTX_use_PrivateKey_file(context, identity->key_file().c_str(), SSL_FILETYPE_PEM);
  }
  BIO* connection = BIO_new_ssl_connect(context);
  BIO_set_conn_hostname(connection, ("127.0.0.1:" + std::to_string(port)).c_str());
  SSL* ssl = nullptr;
  BIO_get_ssl(connection, &ssl);
  SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(alpn.data()),
                      static_cast<unsigned>(alpn.size()));
  TlsAnswer answer;
  const std::string request = "GET /t HTTP/1.0\r\n\r\n";
  if (BIO_write(connection, request.data(), static_cast<int>(request.size())) > 0) {
    const unsigned char* chosen = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(ssl, &chosen, &length);
    if (length > 0) answer.protocol.assign(chosen, chosen + length);
    char buffer[4096];
    for (int got = 0; (got = BIO_read(connection, buffer, sizeof buffer)) > 0;) {
      answer.text.append(buffer, static_cast<std::size_t>(got));
    }
  }
  BIO_free_all(connection);
  SSL_CTX_free(context);
  ERR_clear_error();
  return answer;
}

void show_certificate(Exchange exchange) {
  const auto& certificate = exchange.request().certificate;
  std::string text = certificate ? certificate->common_name : "nobody";
  for (const auto& organization :
       certificate ? certificate->organizations : std::vector<std::string>()) {
    text += "," + organization;
  }
  exchange.send(text_response(200, text));
}

TlsOptions tls_of(const Identity& identity) {
  return {.certificate_file = identity.certificate(), .key_file = identity.key_file()};
}

}  // namespace

TEST_CASE("TLS agrees on http/1.1 and on nothing else") {
  const Identity identity;
  const auto server = serve(show_certificate, {.tls = tls_of(identity)});
  const auto both = ask_tls(server->port(), "\x02h2\x08http/1.1", nullptr);
  CHECK(both.protocol == "http/1.1");
  CHECK(both.text.ends_with("nobody\n"));
  CHECK(ask_tls(server->port(), "", nullptr).text.ends_with("nobody\n"));
  CHECK(ask_tls(server->port(), "\x02h2", nullptr).text.empty());
}

TEST_CASE("a client certificate of the client CA is shown to the handler") {
  const Identity identity;
  TlsOptions tls = tls_of(identity);
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
  const auto server = serve(show_certificate, {.tls = tls_of(identity)});
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
