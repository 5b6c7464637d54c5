// SPDX-License-Identifier: Apache-2.0
#pragma once

// One accepted TCP connection, with or without TLS, as bytes. Internal to this room: it includes
// Asio. Owned by a Connection; every call and callback is on the server's thread. At most one read
// and one write are under way at a time, and the caller's buffers live until the callback.

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <functional>
#include <optional>
#include <string>

#include "integrations/http/server.h"

namespace lockkeeper::http {

namespace asio = boost::asio;

class Wire {
 public:
  using Error = boost::system::error_code;
  using Done = std::function<void(Error, std::size_t)>;
  using Gather = std::array<asio::const_buffer, 2>;

  /// `tls` may be null; else it must outlive the wire.
  Wire(asio::ip::tcp::socket socket, asio::ssl::context* tls);

  /// The TLS handshake; calls back at once where there is none.
  void greet(Done done);
  void read_some(asio::mutable_buffer into, Done done);
  /// Writes all of both buffers.
  void write(Gather buffers, Done done);

  /// Tells the peer that nothing more will be written, in TLS's words too.
  void finish_writing(Done done);
  /// Reads what the peer still sends, without decrypting it; only after finish_writing.
  void discard_some(asio::mutable_buffer into, Done done);
  /// Closes the socket; operations under way call back with an error. `reset` makes TCP say so.
  void close(bool reset);

  [[nodiscard]] std::string peer() const;
  /// The peer's certificate, when it sent one that the client CA had signed.
  [[nodiscard]] std::optional<ClientCertificate> certificate();

 private:
  asio::ip::tcp::socket socket_;
  std::optional<asio::ssl::stream<asio::ip::tcp::socket&>> tls_;
};

/// A server context: TLS 1.2 and later, ALPN http/1.1 only. The failure names the file at fault.
Result<std::optional<asio::ssl::context>> tls_context(const TlsOptions& options);

}  // namespace lockkeeper::http
