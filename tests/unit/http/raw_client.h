// SPDX-License-Identifier: Apache-2.0
#pragma once

// A client that sends exactly the bytes it is told to, so that tests can be rude. Blocking, every
// wait bounded by a few seconds; one thread.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "integrations/http/server.h"

namespace lockkeeper::http::test {

/// What came back for one request.
struct Reply {
  int status = 0;    ///< 0: the connection ended before a status line came.
  std::string head;  ///< Status line and headers.
  std::string body;  ///< Without the chunks' framing.
  bool complete = false;

  [[nodiscard]] std::string header(std::string_view name) const;
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  /// False when the peer has closed.
  bool send(std::string_view bytes);
  /// Reads one response and leaves what follows it for the next call.
  Reply receive(bool head_only = false);
  Reply ask(std::string_view bytes);
  /// True when the server closes within `limit` without sending anything more.
  bool closed_within(std::chrono::milliseconds limit);
  /// One read of whatever is there; "" at the end of the connection or after the limit.
  std::string read_some();
  /// Reads until `end` has come last; false when the connection ends before.
  bool read_until(std::string_view end);
  void end_sending();
  [[nodiscard]] bool was_reset() const { return was_reset_; }

 private:
  int socket_ = -1;
  bool was_reset_ = false;
  std::string pending_;
};

/// A GET of `path` on a connection of its own.
Reply get(std::uint16_t port, std::string_view path);

/// A running server; fails the test when it cannot listen.
std::unique_ptr<Server> serve(Handler handler, ServerOptions options = {});

/// Answers every request with "METHOD PATH BODY".
void echo(const Exchange& exchange);

}  // namespace lockkeeper::http::test
