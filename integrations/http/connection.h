// SPDX-License-Identifier: Apache-2.0
#pragma once

// One connection of the server: reads a request within its limits, hands it to the handler, writes
// the answer, and begins again. Internal to this room: it includes Asio.
//
// Everything here happens on the server's thread, except where a comment says otherwise. A
// Connection keeps itself alive through its callbacks; the ServerState knows it while it is open.
// A phase is entered with a deadline for the whole of it, and ends with the next phase or close().

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "integrations/http/exchange.h"
#include "integrations/http/server.h"
#include "integrations/http/wire.h"

namespace lockkeeper::http {

class RequestReader;

enum class Phase {
  greeting,   ///< Accepted; TLS handshake or the first bytes are awaited.
  idle,       ///< Kept alive between two requests.
  head,       ///< Part of the headers is here.
  body,       ///< Headers are here, part of the body is missing.
  answering,  ///< The handler has the request.
  sending,    ///< A whole response is being written.
  streaming,  ///< A Stream is open.
  lingering,  ///< The last response has left; what the peer still sends is thrown away.
  closed,
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Clock = std::chrono::steady_clock;

  /// `refused`: every request is answered with a 503, because the server is full.
  Connection(std::shared_ptr<ServerState> server, asio::ip::tcp::socket socket,
             asio::ssl::context* tls, bool refused);
  ~Connection();

  void start();
  void close(bool reset);

  /// True while the peer, not we, is to do the next thing: such a connection may be displaced.
  [[nodiscard]] bool waits_for_peer() const;
  [[nodiscard]] Phase phase() const { return phase_; }
  [[nodiscard]] Clock::time_point phase_since() const { return since_; }
  [[nodiscard]] ServerState& server() { return *server_; }

  /// Answers request number `call`; does nothing when that one is no longer waiting.
  void respond(std::uint64_t call, Response response);
  void begin_stream(std::uint64_t call, const Response& head, std::shared_ptr<Outflow> outflow);
  void drop(std::uint64_t call, bool reset);
  /// Writes what the outflow of this connection holds, unless a write is under way.
  void pump();

 private:
  void enter(Phase phase, std::chrono::milliseconds limit);
  void on_deadline();
  void next_request();
  void read();
  void on_read(Wire::Error error, std::size_t count);
  void take_input();
  bool accept_head();
  void hand_over();
  void refuse(Response response);
  void send_response(Response response);
  void on_sent(Wire::Error error);
  void on_piece_sent(Wire::Error error, bool last);
  void linger();
  void discard();

  const std::shared_ptr<ServerState> server_;  // shared: a late Exchange may be the last to hold us
  Wire wire_;
  asio::steady_timer timer_;
  const bool refused_;
  Phase phase_ = Phase::greeting;
  Clock::time_point since_ = Clock::now();
  std::uint64_t timer_turn_ = 0;  // deadlines of an earlier phase are void
  std::uint64_t calls_ = 0;       // the number of the current request
  bool reading_ = false;
  bool peer_ended_ = false;
  bool keep_alive_ = false;
  bool head_only_ = false;  // the request was a HEAD
  bool writing_ = false;    // a piece of a stream, or "100 Continue"
  std::size_t discarded_bytes_ = 0;
  std::array<char, 16384> chunk_in_;
  std::string input_;  // received, not yet parsed
  std::unique_ptr<RequestReader> reader_;
  std::string out_head_;
  std::string out_body_;
  std::shared_ptr<Outflow> outflow_;  // shared with the Stream handles of the writers
};

}  // namespace lockkeeper::http
