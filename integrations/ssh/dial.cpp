// SPDX-License-Identifier: Apache-2.0
#include "integrations/ssh/dial.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

namespace lockkeeper::ssh {
namespace {

// A peer that vanished is noticed after 10 s of silence and four unanswered probes 5 s apart, or
// when what we sent stays unacknowledged for 30 s: half the shortest limit of a command.
constexpr int kKeepaliveIdleS = 10;
constexpr int kKeepaliveIntervalS = 5;
constexpr int kKeepaliveProbes = 4;
constexpr int kUnacknowledgedMs = 30'000;

struct Address {
  sockaddr_storage storage{};
  socklen_t bytes = 0;

  [[nodiscard]] const sockaddr* get() const {
    return reinterpret_cast<const sockaddr*>(&storage);  // NOLINT: what the sockets API asks for
  }
};

std::optional<Address> parse_address(const std::string& text, std::uint16_t port) {
  Address address;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&address.storage, &v4, sizeof v4);
    address.bytes = sizeof v4;
  } else if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&address.storage, &v6, sizeof v6);
    address.bytes = sizeof v6;
  } else {
    return std::nullopt;
  }
  return address;
}

void set_option(int file, int level, int name, int value) {
  // A kernel without the option only loses the early notice; commands have limits of their own.
  ::setsockopt(file, level, name, &value, sizeof value);
}

void notice_silence(int file) {
  set_option(file, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(file, IPPROTO_TCP, TCP_KEEPIDLE, kKeepaliveIdleS);
  set_option(file, IPPROTO_TCP, TCP_KEEPINTVL, kKeepaliveIntervalS);
  set_option(file, IPPROTO_TCP, TCP_KEEPCNT, kKeepaliveProbes);
  set_option(file, IPPROTO_TCP, TCP_USER_TIMEOUT, kUnacknowledgedMs);
  set_option(file, IPPROTO_TCP, TCP_NODELAY, 1);
}

/// Waits until the connection stands; the errno it ended with, or ETIMEDOUT when patience ran out.
int await_connection(int file, const Patience& patience) {
  while (!patience.over()) {
    pollfd entry{file, POLLOUT, 0};
    const int ready = ::poll(&entry, 1, patience.slice());
    if (ready < 0 && errno != EINTR) return errno;
    if (ready > 0) {
      int error = 0;
      socklen_t bytes = sizeof error;
      return ::getsockopt(file, SOL_SOCKET, SO_ERROR, &error, &bytes) == 0 ? error : errno;
    }
  }
  return ETIMEDOUT;
}

std::string explained(int error, const std::string& where, const Patience& patience) {
  if (error == ECONNREFUSED)
    return where + " refuses the connection: is sshd running, and is the port right?";
  if (error == ETIMEDOUT && patience.cancelled()) return where + ": cancelled";
  if (error == ETIMEDOUT) {
    return fmt::format("{} does not answer ({}): is the node up, does a firewall drop the port?",
                       where, patience.reason());
  }
  if (error == EHOSTUNREACH || error == ENETUNREACH)
    return where + " cannot be reached: no route to it from here";
  return fmt::format("{}: {}", where, std::strerror(error));
}

}  // namespace

Result<int> dial(const std::string& address, std::uint16_t port, const Patience& patience) {
  const std::string where = address.contains(':') ? fmt::format("[{}]:{}", address, port)
                                                  : fmt::format("{}:{}", address, port);
  const auto parsed = parse_address(address, port);
  if (!parsed) return fail(fmt::format("'{}' is not an IP address", address));
  const int file =
      ::socket(parsed->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (file < 0) return fail(fmt::format("{}: {}", where, std::strerror(errno)));
  notice_silence(file);
  int error = ::connect(file, parsed->get(), parsed->bytes) == 0 ? 0 : errno;
  if (error == EINPROGRESS) error = await_connection(file, patience);
  if (error == 0) return file;
  ::close(file);
  return fail(explained(error, where, patience));
}

}  // namespace lockkeeper::ssh
