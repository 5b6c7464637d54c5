// SPDX-License-Identifier: Apache-2.0
#pragma once

// A client with a certificate of its own, for tests of servers that ask for one.

#include <doctest/doctest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "integrations/http/server.h"

namespace lockkeeper::http::test {

/// A folder with one self-signed certificate and its key, for server, client and CA alike.
class Identity {
 public:
  explicit Identity(const std::string& dns_name = "") {
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
    if (!dns_name.empty()) add_dns_name(made, dns_name);
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
  [[nodiscard]] TlsOptions tls() const {
    TlsOptions options;
    options.certificate_file = certificate();
    options.key_file = key_file();
    return options;
  }
  static std::string text(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  static void add(X509* certificate, const char* field, const std::string& value) {
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), field, MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(value.c_str()), -1, -1, 0);
  }
  static void add_dns_name(X509* certificate, const std::string& name) {
    X509_EXTENSION* extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("DNS:" + name).c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  std::filesystem::path folder_;
};

struct TlsAnswer {
  std::string text;
  std::string protocol;  // what ALPN agreed on
};

/// One request over TLS; "" when the handshake fails.
inline TlsAnswer ask_tls(std::uint16_t port, const std::string& alpn, const Identity* identity,
                         const std::string& request = "GET /t HTTP/1.0\r\n\r\n") {
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

}  // namespace lockkeeper::http::test
