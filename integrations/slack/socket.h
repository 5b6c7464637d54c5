// SPDX-License-Identifier: Apache-2.0
#pragma once

// One WebSocket to Slack, as a client: dial (through a proxy if need be), TLS with verification,
// upgrade, frames in and out. Internal to this room. It belongs to one Asio loop, whose thread
// makes every call and gets every callback. It knows no deadlines: the Link has them, and abandons
// what takes too long. Protocol violations of the other end (masked frames, reserved bits, text
// that is no UTF-8, messages beyond the limit) are answered with the close code that RFC 6455
// gives them, and end the socket.

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "integrations/slack/route.h"

namespace boost::asio {
class io_context;
}

namespace lockkeeper::slack {

/// A block_actions envelope of a large modal is over 100 kB; this is room enough for ten.
inline constexpr std::size_t kMessageBytesMax = 2U << 20U;
/// Frames that wait for a slow connection. Beyond, the connection has failed.
inline constexpr std::size_t kFramesWaitingMax = 1000;

struct SocketCalls {
  std::function<void()> upgraded;                      // the WebSocket stands
  std::function<void(std::string_view text)> message;  // a whole text message
  std::function<void()> heard;                         // a ping, a pong, or a binary message
  std::function<void(const std::string& why)> ended;   // once, unless it is abandoned first
};

struct SocketPlan {
  SocketAddress address;
  std::optional<Proxy> proxy;
  std::string ca_file;  // empty: the system's store
};

class Socket {
 public:
  virtual ~Socket() = default;

  /// Sends a text message after those that wait.
  virtual void send(std::string text) = 0;
  virtual void ping() = 0;
  /// Sends a close frame (code 1000) behind what waits. Messages go on arriving until the other
  /// end has closed; then `ended` is called.
  virtual void close() = 0;
  /// Closes the connection at once; nothing is called any more.
  virtual void abandon() = 0;
};

/// Begins to dial. Failures, the plan's own included, arrive through `ended`. shared: operations
/// that are under way keep the socket alive.
std::shared_ptr<Socket> dial(boost::asio::io_context& loop, SocketPlan plan, SocketCalls calls);

}  // namespace lockkeeper::slack
