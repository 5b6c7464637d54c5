// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the tests of the client talk to: a server of our own on a free port of loopback. A test owns
// its site; the handler runs on the server's threads.

#include <doctest/doctest.h>

#include <csignal>
#include <memory>
#include <string>

#include "integrations/http/client.h"
#include "integrations/http/server.h"

namespace lockkeeper::http::test {

/// A server on a free port, whose handler a test gives.
class Site {
 public:
  explicit Site(Handler handler, TlsOptions tls = {}) {
    std::signal(SIGPIPE, SIG_IGN);
    ServerOptions options;
    options.tls = std::move(tls);
    auto server = Server::listen(options, std::move(handler));
    REQUIRE(server.has_value());
    server_ = std::move(*server);
  }
  [[nodiscard]] std::string url(const std::string& path, const std::string& scheme = "http") const {
    return scheme + "://127.0.0.1:" + std::to_string(server_->port()) + path;
  }
  [[nodiscard]] std::size_t connections() const { return server_->connections(); }
  [[nodiscard]] std::string port() const { return std::to_string(server_->port()); }
  void stop() { server_->stop(); }

 private:
  std::unique_ptr<Server> server_;
};

/// A GET that waits for at most 5 s.
inline ClientRequest get(const std::string& url) {
  ClientRequest request;
  request.url = url;
  request.timeout = std::chrono::seconds(5);
  return request;
}

inline Response plain(int status, std::string body) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

}  // namespace lockkeeper::http::test
