// SPDX-License-Identifier: Apache-2.0
#include "integrations/http/server.h"

#include <fmt/format.h>

#include <algorithm>

#include "integrations/http/server_state.h"

namespace lockkeeper::http {
namespace {

using boost::asio::ip::tcp;

// Beyond connections_max so many are kept long enough to tell them 503; the rest is reset.
constexpr std::size_t kRefusedMax = 16;
constexpr int kListenBacklog = 512;
// When the process is out of descriptors: accepting again at once would only burn the CPU.
constexpr std::chrono::milliseconds kAcceptPause{100};
// How long stop() lets responses leave that are on their way.
constexpr std::chrono::milliseconds kStopGrace{1000};

}  // namespace

ServerState::ServerState(ServerOptions given, Handler work, std::optional<asio::ssl::context> tls)
    : options(std::move(given)), handler(std::move(work)), tls_(std::move(tls)) {}

Status ServerState::bind() {
  boost::system::error_code error;
  const auto failed = [&](std::string_view step) {
    return fail(
        fmt::format("cannot {} {}:{}: {}", step, options.address, options.port, error.message()));
  };
  const auto address = asio::ip::make_address(options.address, error);
  if (error) return failed("listen on");
  const tcp::endpoint endpoint(address, options.port);
  acceptor_.open(endpoint.protocol(), error);
  if (error) return failed("open a socket for");
  acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  acceptor_.bind(endpoint, error);
  if (error) return failed("listen on");
  acceptor_.listen(kListenBacklog, error);
  if (error) return failed("listen on");
  port = acceptor_.local_endpoint(error).port();
  return {};
}

void ServerState::run() {
  accept();
  thread_ = std::thread([self = shared_from_this()] { self->io.run(); });
}

void ServerState::accept() {
  acceptor_.async_accept([self = shared_from_this()](auto error, tcp::socket socket) {
    if (self->closing) return;
    if (!error) {
      self->admit(std::move(socket));
      self->accept();
      return;
    }
    self->timer_.expires_after(kAcceptPause);
    self->timer_.async_wait([self](auto cancelled) {
      if (!cancelled && !self->closing) self->accept();
    });
  });
}

void ServerState::admit(tcp::socket socket) {
  const bool full = connections_.size() >= options.connections_max && !displace();
  if (full && connections_.size() >= options.connections_max + kRefusedMax) {
    boost::system::error_code ignored;
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
    return;
  }
  auto connection = std::make_shared<Connection>(shared_from_this(), std::move(socket),
                                                 tls_ ? &*tls_ : nullptr, full);
  connections_.insert(connection);
  open_connections = connections_.size();
  connection->start();
}

bool ServerState::displace() {
  std::shared_ptr<Connection> oldest;
  for (const auto& connection : connections_) {
    if (!connection->waits_for_peer()) continue;
    if (!oldest || connection->phase_since() < oldest->phase_since()) oldest = connection;
  }
  if (oldest) oldest->close(true);
  return oldest != nullptr;
}

void ServerState::forget(const std::shared_ptr<Connection>& connection) {
  connections_.erase(connection);
  open_connections = connections_.size();
  if (closing && connections_.empty()) timer_.cancel();
}

void ServerState::shut() {
  closing = true;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  timer_.cancel();
  const auto open = connections_;
  for (const auto& connection : open) {
    if (connection->phase() != Phase::sending) connection->close(false);
  }
  if (connections_.empty()) return;
  timer_.expires_after(kStopGrace);
  timer_.async_wait([self = shared_from_this()](auto) {
    const auto left = self->connections_;
    for (const auto& connection : left)
      connection->close(true);
  });
}

void ServerState::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
    asio::post(io, [self = shared_from_this()] { self->shut(); });
  }
  // The loop ends by itself: every operation and timer has been cancelled or is bounded.
  if (thread_.joinable()) thread_.join();
}

Result<std::unique_ptr<Server>> Server::listen(ServerOptions options, Handler handler) {
  auto tls = tls_context(options.tls);
  if (!tls) return std::unexpected(tls.error());
  auto state =
      std::make_shared<ServerState>(std::move(options), std::move(handler), std::move(*tls));
  if (auto bound = state->bind(); !bound) return std::unexpected(bound.error());
  state->run();
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::Server(std::shared_ptr<ServerState> state) : state_(std::move(state)) {}

// A thread that cannot be joined is the end of the process, and should be.
Server::~Server() {  // NOLINT(bugprone-exception-escape)
  stop();
}

std::uint16_t Server::port() const {
  return state_->port;
}

std::size_t Server::connections() const {
  return state_->open_connections;
}

void Server::stop() {
  state_->stop();
}

}  // namespace lockkeeper::http
