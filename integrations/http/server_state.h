// SPDX-License-Identifier: Apache-2.0
#pragma once

// What one Server owns: the event loop and its thread, the listening socket, the connections.
// Internal to this room: it includes Asio. Members belong to the server's thread, except post(),
// port, open_connections and stop().

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "integrations/http/connection.h"
#include "integrations/http/server.h"

namespace lockkeeper::http {

class ServerState : public std::enable_shared_from_this<ServerState> {
 public:
  ServerState(ServerOptions options, Handler handler, std::optional<asio::ssl::context> tls);

  /// Opens and binds the listening socket; the failure names address and port.
  Status bind();
  /// Begins to accept, on a thread of its own.
  void run();
  /// Ends the loop and joins the thread: idle connections at once, responses on their way within a
  /// second, whatever is left cut.
  void stop();

  /// Runs `work` on the server's thread; from any thread. Dropped once the server stops: whoever
  /// posts then holds a handle to a connection that is gone.
  template <typename Work>
  void post(Work work) {
    const std::lock_guard lock(mutex_);
    if (!stopping_) asio::post(io, std::move(work));
  }

  /// The connection is closed and may be forgotten.
  void forget(const std::shared_ptr<Connection>& connection);

  const ServerOptions options;
  const Handler handler;
  asio::io_context io{1};
  std::atomic<std::uint16_t> port{0};
  std::atomic<std::size_t> open_connections{0};
  bool closing = false;  ///< No request begins any more.

 private:
  void accept();
  /// Takes a new connection in, displaces one for it, or turns it away.
  void admit(asio::ip::tcp::socket socket);
  /// Closes the connection that has kept us waiting for longest; false when none does.
  bool displace();
  void shut();

  std::optional<asio::ssl::context> tls_;
  asio::ip::tcp::acceptor acceptor_{io};
  asio::steady_timer timer_{io};
  std::set<std::shared_ptr<Connection>> connections_;  // shared: callbacks hold them too
  std::mutex mutex_;  // guards stopping_, so that nothing is posted behind the last work
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace lockkeeper::http
