// SPDX-License-Identifier: Apache-2.0
#pragma once

// A small web server: HTTP/1.0 and 1.1, plain or over TLS, for webhooks, commands and metrics, and
// for the simulators of the lab. It is built to stay useful while somebody misuses it: every read
// has a deadline for the whole message, every body and queue a limit, and slow connections make
// room for new ones.
//
// A Server owns one thread and everything that happens on its connections. The handler is called on
// that thread and must return quickly; the Exchange that it is given may be kept and answered
// later, from any thread. Exchange and Stream are handles that can be copied and may outlive the
// Server: then they do nothing.
//
// What the server never does: redirect, send a Server header, guess at broken framing.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "integrations/http/message.h"
#include "rules/result.h"

namespace lockkeeper::http {

class Call;         // One request on its connection; internal.
class Outflow;      // The queue behind a Stream; internal.
class ServerState;  // Sockets, timers and the thread; internal.

/// A response that is written piece by piece: chunked to HTTP/1.1 clients, until the connection
/// closes to HTTP/1.0 clients. A Stream that is dropped without finish() is aborted, so that a
/// client never takes half an answer for a whole one.
class Stream {
 public:
  Stream() = default;
  explicit Stream(std::shared_ptr<Outflow> outflow) : outflow_(std::move(outflow)) {}

  /// Queues one piece. False once the peer is gone, the server has stopped, or the peer reads so
  /// slowly that ServerOptions::stream_limit_bytes are waiting (the connection is then cut).
  bool write(std::string chunk);
  /// Ends the response properly, after everything that is queued.
  void finish();
  /// Cuts the TCP connection in the middle of the response (a reset), for fault injection.
  void abort();
  [[nodiscard]] bool open() const;

 private:
  std::shared_ptr<Outflow> outflow_;  // shared: the io thread and any number of writers hold it
};

/// One request that waits for its answer. At most the first answer counts; when the last copy goes
/// away without any, the client gets a 500.
class Exchange {
 public:
  explicit Exchange(std::shared_ptr<Call> call) : call_(std::move(call)) {}

  [[nodiscard]] const Request& request() const;
  void send(Response response);
  /// Begins a streamed answer with the status and headers of `head`; its body is ignored.
  Stream stream(Response head);
  /// Closes the connection without any answer (`reset`: with a TCP reset), for fault injection.
  void drop(bool reset = false);

 private:
  std::shared_ptr<Call> call_;  // shared: handlers keep copies in queues and timers
};

using Handler = std::function<void(Exchange)>;

/// Asked when the headers are complete and before any of the body is read: gives the number of
/// bytes to accept at most, or the answer that refuses the request there and then (a wrong token
/// costs no memory). `Request::body` is still empty.
using Admission = std::function<std::expected<std::size_t, Response>(const Request&)>;

/// Certificate and key are files in PEM; both or neither.
struct TlsOptions {
  std::string certificate_file = {};  ///< The chain, leaf first. Empty: no TLS.
  std::string key_file = {};
  std::string client_ca_file = {};  ///< Empty: clients are not asked for a certificate.
  bool client_required = false;
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any free one, see Server::port().
  TlsOptions tls = {};
  /// For every request that `admit` does not decide. 413 beyond it.
  std::size_t body_limit_bytes = 1U << 20U;
  Admission admit = {};
  std::size_t header_limit_bytes = 16U << 10U;  ///< Request line and headers; 431 beyond it.
  /// At this number a new connection displaces the one that has been idle or sending for longest;
  /// where all are being served, the new one gets a 503.
  std::size_t connections_max = 256;
  /// Deadlines for the whole of each phase, so that one byte a second holds nothing.
  std::chrono::milliseconds header_timeout{5'000};  ///< TLS handshake and headers.
  std::chrono::milliseconds body_timeout{10'000};
  std::chrono::milliseconds idle_timeout{120'000};   ///< Between two requests.
  std::chrono::milliseconds answer_timeout{60'000};  ///< For the handler; then 503.
  /// Without any progress of a response, and (plus its size at 64 KiB/s) for the whole of it.
  std::chrono::milliseconds write_timeout{30'000};
  std::size_t stream_limit_bytes = 16U << 20U;  ///< Queued for one Stream.
};

/// A server that is listening. All members may be called from any thread but its own.
class Server {
 public:
  /// Binds, listens and starts the thread. Fails with one line that names address and port, or the
  /// certificate file that cannot be used.
  static Result<std::unique_ptr<Server>> listen(ServerOptions options, Handler handler);

  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  /// Connections that are open at this moment, for metrics and tests.
  [[nodiscard]] std::size_t connections() const;
  /// Closes the port, lets answers that have begun leave (at most for a second), cuts the rest and
  /// joins the thread. A second call does nothing.
  void stop();

 private:
  explicit Server(std::shared_ptr<ServerState> state);
  std::shared_ptr<ServerState> state_;  // shared: late Exchanges post to it
};

}  // namespace lockkeeper::http
