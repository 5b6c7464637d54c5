// SPDX-License-Identifier: Apache-2.0
#include "integrations/http/wire.h"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

namespace lockkeeper::http {
namespace {

namespace ssl = boost::asio::ssl;
using boost::asio::ip::tcp;

// The only protocol that is spoken here, in the form of RFC 7301: length, name.
constexpr unsigned char kAlpn[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

int choose_protocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_length,
                    const unsigned char* offered, unsigned offered_length, void* /*unused*/) {
  unsigned char* chosen = nullptr;
  const int found =
      SSL_select_next_proto(&chosen, out_length, kAlpn, sizeof kAlpn, offered, offered_length);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::string text_of(const ASN1_STRING* string) {
  unsigned char* utf8 = nullptr;
  const int length = ASN1_STRING_to_UTF8(&utf8, string);
  if (length < 0) return {};
  std::string text(utf8, utf8 + length);
  OPENSSL_free(utf8);
  return text;
}

std::vector<std::string> names_of(const X509* certificate, int kind) {
  std::vector<std::string> names;
  const X509_NAME* subject = X509_get_subject_name(certificate);
  for (int at = X509_NAME_get_index_by_NID(subject, kind, -1); at >= 0;
       at = X509_NAME_get_index_by_NID(subject, kind, at)) {
    names.push_back(text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
  }
  return names;
}

std::vector<std::string> dns_names_of(const X509* certificate) {
  std::vector<std::string> names;
  void* extension = X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr);
  auto* all = static_cast<GENERAL_NAMES*>(extension);
  for (int i = 0; i < sk_GENERAL_NAME_num(all); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all, i);
    if (name->type == GEN_DNS) names.push_back(text_of(name->d.dNSName));
  }
  GENERAL_NAMES_free(all);
  return names;
}

Status use_client_ca(ssl::context& context, const TlsOptions& options) {
  boost::system::error_code error;
  context.load_verify_file(options.client_ca_file, error);
  if (error) {
    return fail(
        fmt::format("{}: not a usable CA in PEM: {}", options.client_ca_file, error.message()));
  }
  SSL_CTX_set_client_CA_list(context.native_handle(),
                             SSL_load_client_CA_file(options.client_ca_file.c_str()));
  context.set_verify_mode(
      ssl::verify_peer | (options.client_required ? ssl::verify_fail_if_no_peer_cert : 0), error);
  return {};
}

}  // namespace

Wire::Wire(tcp::socket socket, ssl::context* tls) : socket_(std::move(socket)) {
  Error ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.set_option(tcp::socket::keep_alive(true), ignored);
  if (tls != nullptr) tls_.emplace(socket_, *tls);
}

void Wire::greet(Done done) {
  if (!tls_) {
    asio::post(socket_.get_executor(), [done = std::move(done)] { done({}, 0); });
    return;
  }
  tls_->async_handshake(ssl::stream_base::server,
                        [done = std::move(done)](Error error) { done(error, 0); });
}

void Wire::read_some(asio::mutable_buffer into, Done done) {
  if (tls_) {
    tls_->async_read_some(into, std::move(done));
  } else {
    socket_.async_read_some(into, std::move(done));
  }
}

void Wire::write(Gather buffers, Done done) {
  if (tls_) {
    asio::async_write(*tls_, buffers, std::move(done));
  } else {
    asio::async_write(socket_, buffers, std::move(done));
  }
}

void Wire::finish_writing(Done done) {
  const auto end_tcp = [this, done = std::move(done)](Error) {
    Error ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    done({}, 0);
  };
  if (tls_) {
    tls_->async_shutdown(end_tcp);
  } else {
    asio::post(socket_.get_executor(), [end_tcp] { end_tcp({}); });
  }
}

void Wire::discard_some(asio::mutable_buffer into, Done done) {
  socket_.async_read_some(into, std::move(done));
}

void Wire::close(bool reset) {
  Error ignored;
  if (reset) socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

std::string Wire::peer() const {
  Error error;
  const auto end = socket_.remote_endpoint(error);
  return error ? "unknown" : fmt::format("{}:{}", end.address().to_string(), end.port());
}

std::optional<ClientCertificate> Wire::certificate() {
  if (!tls_) return std::nullopt;
  X509* certificate = SSL_get1_peer_certificate(tls_->native_handle());
  if (certificate == nullptr) return std::nullopt;
  ClientCertificate found;
  const auto common_names = names_of(certificate, NID_commonName);
  if (!common_names.empty()) found.common_name = common_names.front();
  found.organizations = names_of(certificate, NID_organizationName);
  found.dns_names = dns_names_of(certificate);
  X509_free(certificate);
  return found;
}

Result<std::optional<ssl::context>> tls_context(const TlsOptions& options) {
  if (options.certificate_file.empty()) return std::nullopt;
  boost::system::error_code error;
  ssl::context context(ssl::context::tls_server);
  context.set_options(ssl::context::no_sslv3 | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1 |
                      ssl::context::no_compression | SSL_OP_NO_RENEGOTIATION);
  context.use_certificate_chain_file(options.certificate_file, error);
  if (error) {
    return fail(fmt::format("{}: not a usable certificate in PEM: {}", options.certificate_file,
                            error.message()));
  }
  context.use_private_key_file(options.key_file, ssl::context::pem, error);
  if (error) {
    return fail(fmt::format("{}: not the private key of {}: {}", options.key_file,
                            options.certificate_file, error.message()));
  }
  if (!options.client_ca_file.empty()) {
    if (auto used = use_client_ca(context, options); !used) return std::unexpected(used.error());
  }
  constexpr std::string_view kSessions = "lockkeeper";
  SSL_CTX_set_session_id_context(context.native_handle(),
                                 reinterpret_cast<const unsigned char*>(kSessions.data()),
                                 static_cast<unsigned>(kSessions.size()));
  SSL_CTX_set_alpn_select_cb(context.native_handle(), choose_protocol, nullptr);
  return context;
}

}  // namespace lockkeeper::http
