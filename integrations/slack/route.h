// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where a socket is dialled: the parts of a ws:// or wss:// URL, and the proxy on the way there.
// Pure but for the environment, which proxy_from_environment() reads. Any thread.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "rules/result.h"

namespace lockkeeper::slack {

struct SocketAddress {
  bool tls = true;
  std::string host;  // without brackets
  std::string port;
  std::string target;  // path and query: the ticket is in it, so it is never printed

  /// "wss://host:port": what may be printed.
  [[nodiscard]] std::string origin() const;
  bool operator==(const SocketAddress&) const = default;
};

/// Refuses everything but ws and wss, users, and characters that have no place in a URL.
Result<SocketAddress> socket_address(std::string_view url);

/// A proxy that is asked to CONNECT.
struct Proxy {
  std::string host;
  std::string port;
  std::string authorization;  // of Proxy-Authorization, or empty; a secret

  bool operator==(const Proxy&) const = default;
};

/// The value of a variable, or "".
using Environment = std::function<std::string(const char* name)>;

/// The proxy that the environment wants for this address: https_proxy for wss, http_proxy for ws,
/// in small or capital letters, all_proxy for both, and no_proxy's exceptions ("*", host names,
/// ".suffix"). Loopback addresses are never reached through a proxy, as in the http client.
Result<std::optional<Proxy>> proxy_for(const SocketAddress& address, const Environment& variable);

/// The real environment.
std::string environment_variable(const char* name);

}  // namespace lockkeeper::slack
