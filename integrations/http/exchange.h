// SPDX-License-Identifier: Apache-2.0
#pragma once

// What stands behind the handles Exchange and Stream. Both cross threads: handlers answer from
// anywhere, and everything that touches a socket is posted to the server's thread. Internal to this
// room.

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "integrations/http/server.h"

namespace lockkeeper::http {

class Connection;

/// One request on its connection. The first answer wins; without any, the destructor sends a 500,
/// so that no client waits for a handler that has forgotten it.
class Call {
 public:
  Call(std::shared_ptr<Connection> connection, std::uint64_t number, Request request, bool chunked);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  void send(Response response);
  Stream stream(Response head);
  void drop(bool reset);

  /// Whole and within all limits when the handler gets it; never changed afterwards.
  const Request request;

 private:
  [[nodiscard]] bool first_answer() { return !answered_.exchange(true); }

  const std::shared_ptr<Connection> connection_;  // shared: the answer may come late
  const std::uint64_t number_;
  const bool chunked_;  ///< The client speaks HTTP/1.1.
  std::atomic<bool> answered_ = false;
};

/// The queue between the writers of a Stream (any thread) and its connection (one thread).
class Outflow {
 public:
  Outflow(std::shared_ptr<Connection> connection, bool chunked, std::size_t limit_bytes);

  // For writers.
  /// False when nobody will read it: the connection is gone, or cut because it fell behind.
  bool write(std::string chunk);
  void finish();
  void abort();
  [[nodiscard]] bool open() const;

  // For the connection.
  [[nodiscard]] bool chunked() const { return chunked_; }
  /// The next bytes for the wire, framed. "" when there are none: the connection is then pumped
  /// again when there are. `last` is set once the end of the response is among the bytes.
  std::string take(bool& last);
  /// Nothing will be taken any more; writers are told so from now on.
  void lost();

 private:
  /// Wakes the connection, unless it is going to look anyway. With the mutex held.
  void schedule(const std::shared_ptr<Connection>& connection);

  const bool chunked_;
  const std::size_t limit_bytes_;
  mutable std::mutex mutex_;
  std::shared_ptr<Connection> connection_;  // shared with its callbacks; null once lost
  std::deque<std::string> queue_;
  std::size_t queued_bytes_ = 0;
  bool finished_ = false;
  bool scheduled_ = true;  // until the connection asks for the first time
};

}  // namespace lockkeeper::http
