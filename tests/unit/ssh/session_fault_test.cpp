// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "integrations/ssh/host.h"
#include "integrations/ssh/shell.h"
#include "integrations/system/real_clock.h"
#include "tests/unit/ssh/sshd.h"

namespace lockkeeper::ssh {
namespace {

struct World {
  Sshd sshd;
  SshSettings settings = sshd.settings();
  system::RealClock clock;

  std::expected<Session, NotStarted> connect(const Cancelled& cancelled = {}) {
    return Session::connect(settings, Sshd::peer(), clock, cancelled);
  }
};

/// A loopback port that accepts and then says `greeting`, and nothing else.
class Mute {
 public:
  explicit Mute(std::string greeting) : greeting_(std::move(greeting)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listener_, generic, bytes) == 0);
    REQUIRE(::listen(listener_, 8) == 0);
    REQUIRE(::getsockname(listener_, generic, &bytes) == 0);
    port = ntohs(address.sin_port);
    thread_ = std::jthread([this] {
      int peer = 0;
      while ((peer = ::accept(listener_, nullptr, nullptr)) >= 0) {
        CHECK(::send(peer, greeting_.data(), greeting_.size(), MSG_NOSIGNAL) >= 0);
        peers_.push_back(peer);
      }
    });
  }
  ~Mute() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    for (const int peer : peers_)
      ::close(peer);
  }
  Mute(const Mute&) = delete;
  Mute& operator=(const Mute&) = delete;

  std::uint16_t port = 0;

 private:
  std::string greeting_;
  int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::vector<int> peers_;
  std::jthread thread_;
};

std::size_t open_files() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

TEST_CASE("a command killed by a signal has no exit status") {
  SKIP_WITHOUT_SSHD();
  World world;
  auto session = world.connect();
  REQUIRE(session.has_value());
  const auto result = session->run("exec sh -c 'kill -9 $$'", {}, {Millis(5000), 1000, {}});
  REQUIRE(result.has_value());
  CHECK_FALSE(result->status.has_value());
  CHECK(result->why_unknown == "killed by SIGKILL");
}

TEST_CASE("a session killed in the middle of a command leaves its end unknown") {
  SKIP_WITHOUT_SSHD();
  World world;
  auto session = world.connect();
  REQUIRE(session.has_value());
  std::jthread killer([&] {
    CHECK(soon([&] { return std::filesystem::exists(world.sshd.folder() / "begun"); }));
    CHECK(world.sshd.kill_sessions() > 0);
  });
  const auto result =
      session->run(fmt::format("echo said; touch {}/begun; sleep 5", world.sshd.folder().native()),
                   {}, {Millis(9000), 1000, {}});
  REQUIRE(result.has_value());
  CHECK_FALSE(result->status.has_value());
  CHECK(result->why_unknown == "the connection broke");
  CHECK(result->out == "said\n");
  CHECK_FALSE(session->usable());
  CHECK_FALSE(session->run("true", {}, {Millis(1000), 10, {}}).has_value());
}

TEST_CASE("a session killed while it is being written to is an answer, not the end of us") {
  SKIP_WITHOUT_SSHD();
  World world;
  auto session = world.connect();
  REQUIRE(session.has_value());
  std::jthread killer([&] {
    CHECK(soon([&] { return std::filesystem::exists(world.sshd.folder() / "begun"); }));
    world.sshd.kill_sessions();
  });
  const auto result =
      session->run(fmt::format("touch {}/begun; sleep 5", world.sshd.folder().native()),
                   std::string(64'000'000, 'x'), {Millis(9000), 1000, {}});
  REQUIRE(result.has_value());
  CHECK_FALSE(result->status.has_value());
}

TEST_CASE("a command over its limit is left, and says so") {
  SKIP_WITHOUT_SSHD();
  World world;
  auto session = world.connect();
  REQUIRE(session.has_value());
  const Moment before = world.clock.moment();
  const auto result = session->run("echo early; sleep 6", {}, {Millis(400), 1000, {}});
  REQUIRE(result.has_value());
  CHECK_FALSE(result->status.has_value());
  CHECK(result->why_unknown == "no end within 400ms");
  CHECK(result->out == "early\n");
  CHECK(world.clock.moment() - before < Millis(2000));
  CHECK_FALSE(session->usable());
}

TEST_CASE("endless output ends at the limit of time") {
  SKIP_WITHOUT_SSHD();
  World world;
  auto session = world.connect();
  REQUIRE(session.has_value());
  const auto result = session->run("exec cat /dev/zero", {}, {Millis(500), 1000, {}});
  REQUIRE(result.has_value());
  CHECK_FALSE(result->status.has_value());
  CHECK(result->out.size() == 1000);
  CHECK(result->cut);
}

TEST_CASE("whoever waits can be called away") {
  SKIP_WITHOUT_SSHD();
  World world;
  auto session = world.connect();
  REQUIRE(session.has_value());
  const Moment before = world.clock.moment();
  const auto cancelled = [&] { return world.clock.moment() - before > Millis(200); };
  const auto result = session->run("sleep 6", {}, {Millis(9000), 1000, cancelled});
  REQUIRE(result.has_value());
  CHECK(result->why_unknown == "cancelled");
  CHECK(world.clock.moment() - before < Millis(2000));
  CHECK_FALSE(world.connect([] { return true; }).has_value());
}

TEST_CASE("a closed port, a silent one and a foreign one are told apart") {
  SKIP_WITHOUT_SSHD();
  World world;
  world.sshd.stop();
  auto session = world.connect();
  REQUIRE_FALSE(session.has_value());
  INFO(session.error().what);
  CHECK(session.error().what.contains("refuses the connection"));
  CHECK_FALSE(session.error().lasting);

  world.settings.connect_timeout = Millis(400);
  const Mute silent("");
  world.settings.port = silent.port;
  const Moment before = world.clock.moment();
  session = world.connect();
  REQUIRE_FALSE(session.has_value());
  CHECK(session.error().what.contains("no SSH handshake"));
  CHECK(session.error().what.contains("no end within 400ms"));
  CHECK(world.clock.moment() - before < Millis(2000));

  const Mute foreign("HTTP/1.1 400 Bad Request\r\n\r\n" + std::string(20000, 'x'));
  world.settings.port = foreign.port;
  session = world.connect();
  REQUIRE_FALSE(session.has_value());
  CHECK(session.error().what.contains("no SSH handshake"));
}

TEST_CASE("an address that does not exist, or is none, is named") {
  const TestFolder folder;
  system::RealClock clock;
  SshSettings settings;
  settings.user = "ops";
  settings.connect_timeout = Millis(300);
  settings.known_hosts = folder.path() / "known_hosts";
  settings.key_file = folder.path() / "key";
  SKIP_WITHOUT_SSHD();
  run_or_fail("ssh-keygen -q -t ed25519 -N '' -f " + settings.key_file.native());
  auto session = Session::connect(settings, {"node3", "node3.example.org"}, clock, {});
  REQUIRE_FALSE(session.has_value());
  CHECK(session.error().what == "node3: 'node3.example.org' is not an IP address");
  // A documentation address: whatever the network does with it, there is no sshd.
  const Moment before = clock.moment();
  session = Session::connect(settings, {"node3", "203.0.113.1"}, clock, {});
  REQUIRE_FALSE(session.has_value());
  CHECK(session.error().what.contains("203.0.113.1"));
  CHECK(clock.moment() - before < Millis(2000));
}

TEST_CASE("failed and finished connections leave no file open") {
  SKIP_WITHOUT_SSHD();
  World world;
  const auto once = [&](bool good) {
    SshSettings settings = world.settings;
    if (!good) settings.user = "nobody-of-that-name";
    const auto session = Session::connect(settings, Sshd::peer(), world.clock, {});
    CHECK(session.has_value() == good);
  };
  once(true);
  once(false);
  const std::size_t before = open_files();
  for (int i = 0; i < 10; ++i) {
    once(true);
    once(false);
    world.settings.port = 1;
    once(false);
    world.settings.port = world.sshd.port();
  }
  CHECK(open_files() == before);
}

TEST_CASE("a refused sudo is told from a failing program") {
  SKIP_WITHOUT_SSHD();
  World world;
  // Makes any login look like one that is not root.
  world.sshd.stand_in("id", "echo 1000");
  world.sshd.stand_in("sudo", "echo 'sudo: a password is required' >&2; exit 1");
  Host host(world.settings, Sshd::peer(), world.clock);
  auto result = host.run_as_root("echo hello", {Millis(5000), 1000, {}});
  REQUIRE(result.has_value());
  CHECK(is_sudo_refusal(*result));
  CHECK(explain(host, *result).contains("node3: sudo refuses user"));
  CHECK(explain(host, *result).contains("NOPASSWD: ALL"));

  world.sshd.stand_in("sudo", "shift; exec \"$@\"");
  result = host.run_as_root("echo hello; echo broken >&2; exit 1", {Millis(5000), 1000, {}});
  REQUIRE(result.has_value());
  CHECK(result->out == "hello\n");
  CHECK_FALSE(is_sudo_refusal(*result));
  CHECK(explain(host, *result) == "node3: broken (exit status 1)");
}

TEST_CASE("a host whose session died while idle simply opens another") {
  SKIP_WITHOUT_SSHD();
  World world;
  Host host(world.settings, Sshd::peer(), world.clock);
  for (int i = 0; i < 3; ++i) {
    const auto result = host.run_as_root("echo here", {Millis(5000), 1000, {}});
    REQUIRE(result.has_value());
    CHECK(result->status == 0);
    CHECK(world.sshd.kill_sessions() > 0);
  }
}

}  // namespace lockkeeper::ssh
