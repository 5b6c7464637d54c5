// SPDX-License-Identifier: Apache-2.0
#include "integrations/system/signals.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>

#include "integrations/system/service.h"

using namespace lockkeeper;
using namespace std::chrono_literals;
using lockkeeper::system::Event;
using lockkeeper::system::Signals;

namespace {

/// A stand-in for systemd: the datagram socket that $NOTIFY_SOCKET names (an abstract one).
class NotifySocket {
 public:
  NotifySocket() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const std::string name = "lockkeeper-test-" + std::to_string(::getpid());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(&address.sun_path[1], name.size());
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&address), length) == 0);
    const timeval limit{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    ::setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);
  }
  ~NotifySocket() {
    ::unsetenv("NOTIFY_SOCKET");
    ::close(socket_);
  }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  std::string received() {
    std::array<char, 1024> text{};
    const ssize_t got = ::recv(socket_, text.data(), text.size(), 0);
    return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
  }

 private:
  int socket_;
};

}  // namespace

TEST_CASE("without a signal the wait ends at its limit with nothing") {
  auto signals = Signals::install();
  REQUIRE(signals);
  CHECK((*signals)->next(1ms) == Event::none);
  CHECK((*signals)->next(-5ms) == Event::none);
  CHECK_FALSE(Signals::leaving());
}

TEST_CASE("SIGHUP is one event") {
  auto signals = Signals::install();
  REQUIRE(signals);
  std::raise(SIGHUP);
  CHECK((*signals)->next(5s) == Event::reload);
  CHECK((*signals)->next(1ms) == Event::none);
}

TEST_CASE("SIGTERM and SIGINT ask to leave, for good") {
  for (const int number : {SIGTERM, SIGINT}) {
    auto signals = Signals::install();
    REQUIRE(signals);
    std::raise(number);
    CHECK((*signals)->next(5s) == Event::leave);
    CHECK((*signals)->next(5s) == Event::leave);
    CHECK(Signals::leaving());
  }
}

TEST_CASE("leaving wins over a reload that came at the same time") {
  auto signals = Signals::install();
  REQUIRE(signals);
  std::raise(SIGHUP);
  std::raise(SIGTERM);
  CHECK((*signals)->next(5s) == Event::leave);
}

TEST_CASE("another thread can wake the waiting one, or make it leave") {
  auto signals = Signals::install();
  REQUIRE(signals);
  std::thread waker([&] { (*signals)->wake(); });
  CHECK((*signals)->next(1h) == Event::none);
  waker.join();
  std::thread leaver([&] { (*signals)->leave(); });
  CHECK((*signals)->next(1h) == Event::leave);
  leaver.join();
}

TEST_CASE("writing to a pipe that nobody reads is an error, not the end of the process") {
  auto signals = Signals::install();
  REQUIRE(signals);
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  ::close(ends[0]);
  CHECK(::write(ends[1], "x", 1) == -1);
  CHECK(errno == EPIPE);
  ::close(ends[1]);
}

TEST_CASE("only one owner of the signals at a time") {
  auto first = Signals::install();
  REQUIRE(first);
  const auto second = Signals::install();
  REQUIRE_FALSE(second);
  CHECK(second.error().what == "signals: the handlers are installed already");
  first->reset();
  CHECK(Signals::install().has_value());
}

TEST_CASE("systemd is told what the process is doing") {
  NotifySocket systemd;
  system::notify_ready();
  CHECK(systemd.received() == "READY=1");
  system::notify_status("node3: draining\nREADY=0");
  CHECK(systemd.received() == "STATUS=node3: draining READY=0");
  system::notify_watchdog();
  CHECK(systemd.received() == "WATCHDOG=1");
  system::notify_stopping();
  CHECK(systemd.received() == "STOPPING=1");
}

TEST_CASE("outside systemd nothing is told and nothing fails") {
  ::unsetenv("NOTIFY_SOCKET");
  system::notify_ready();
  system::notify_status("quiet");
  CHECK_FALSE(system::watchdog_interval().has_value());
}

TEST_CASE("the watchdog is fed at half of its period") {
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  CHECK(system::watchdog_interval() == 15s);
  ::setenv("WATCHDOG_PID", "1", 1);
  CHECK_FALSE(system::watchdog_interval().has_value());
  ::unsetenv("WATCHDOG_USEC");
  ::unsetenv("WATCHDOG_PID");
}
