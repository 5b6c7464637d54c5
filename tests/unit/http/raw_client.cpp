// SPDX-License-Identifier: Apache-2.0
#include "raw_client.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

namespace lockkeeper::http::test {
namespace {

// Longer than any answer in these tests takes, and short enough to fail visibly.
constexpr int kPatienceMs = 5000;

}  // namespace

std::string Reply::header(std::string_view name) const {
  std::size_t at = head.find("\r\n");
  while (at != std::string::npos && at + 2 < head.size()) {
    const std::size_t end = head.find("\r\n", at + 2);
    const std::string_view line(head.data() + at + 2, std::min(end, head.size()) - at - 2);
    if (same_token(line.substr(0, line.find(':')), name)) {
      return std::string(line.substr(std::min(line.size(), line.find(':') + 2)));
    }
    at = end;
  }
  return {};
}

RawClient::RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

RawClient::~RawClient() {
  ::close(socket_);
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string RawClient::read_some() {
  pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
  if (::poll(&waiting, 1, kPatienceMs) <= 0) return {};
  std::string bytes(65536, '\0');
  const ssize_t got = ::recv(socket_, bytes.data(), bytes.size(), 0);
  was_reset_ = was_reset_ || (got < 0 && errno == ECONNRESET);
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

bool RawClient::read_until(std::string_view end) {
  std::string all;
  while (!all.ends_with(end)) {
    const std::string more = read_some();
    if (more.empty()) return false;
    all += more;
  }
  return true;
}

Reply RawClient::receive(bool head_only) {
  Reply reply;
  const auto need = [&](std::size_t size) {
    while (pending_.size() < size) {
      const std::string more = read_some();
      if (more.empty()) return false;
      pending_ += more;
    }
    return true;
  };
  const auto take_until = [&](std::string_view mark, std::string& into) {
    std::size_t at = 0;
    while ((at = pending_.find(mark)) == std::string::npos) {
      if (!need(pending_.size() + 1)) return false;
    }
    into = pending_.substr(0, at);
    pending_.erase(0, at + mark.size());
    return true;
  };
  if (!take_until("\r\n\r\n", reply.head)) return reply;
  std::from_chars(reply.head.data() + 9, reply.head.data() + 12, reply.status);
  if (head_only || reply.status == 100) {
    reply.complete = true;
    return reply;
  }
  if (reply.header("Transfer-Encoding") == "chunked") {
    std::string line;
    while (take_until("\r\n", line)) {
      std::size_t size = 0;
      std::from_chars(line.data(), line.data() + line.size(), size, 16);
      if (!need(size + 2)) return reply;
      reply.body += pending_.substr(0, size);
      pending_.erase(0, size + 2);
      if (size == 0) {
        reply.complete = true;
        return reply;
      }
    }
    return reply;
  }
  const std::string length = reply.header("Content-Length");
  if (!length.empty()) {
    const std::size_t size = std::stoul(length);
    reply.complete = need(size);
    reply.body = pending_.substr(0, size);
    pending_.erase(0, size);
    return reply;
  }
  while (need(pending_.size() + 1)) {
  }
  reply.body = std::exchange(pending_, {});
  reply.complete = true;
  return reply;
}

Reply RawClient::ask(std::string_view bytes) {
  send(bytes);
  return receive();
}

bool RawClient::closed_within(std::chrono::milliseconds limit) {
  pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
  if (!pending_.empty() || ::poll(&waiting, 1, static_cast<int>(limit.count())) <= 0) return false;
  return read_some().empty();
}

void RawClient::end_sending() {
  ::shutdown(socket_, SHUT_WR);
}

Reply get(std::uint16_t port, std::string_view path) {
  RawClient client(port);
  return client.ask("GET " + std::string(path) +
                    " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
}

std::unique_ptr<Server> serve(Handler handler, ServerOptions options) {
  auto server = Server::listen(std::move(options), std::move(handler));
  REQUIRE(server.has_value());
  return std::move(*server);
}

void echo(const Exchange& exchange) {
  const Request& request = exchange.request();
  Exchange(exchange).send(
      text_response(200, request.method + " " + request.path + " " + request.body));
}

}  // namespace lockkeeper::http::test
