// SPDX-License-Identifier: Apache-2.0
#include "integrations/ssh/session.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "integrations/ssh/known_hosts.h"
#include "integrations/system/real_clock.h"
#include "tests/unit/ssh/sshd.h"

namespace lockkeeper::ssh {
namespace {

struct World {
  Sshd sshd;
  SshSettings settings = sshd.settings();
  system::RealClock clock;

  std::expected<Session, NotStarted> connect() {
    return Session::connect(settings, Sshd::peer(), clock, {});
  }
  /// Why connecting fails; the test fails when it does not.
  std::string refusal() {
    const auto session = connect();
    REQUIRE_FALSE(session.has_value());
    CHECK(session.error().what.starts_with("node3: "));
    return session.error().what;
  }
  CommandResult run(const std::string& command, std::string_view input = {}) {
    auto session = connect();
    REQUIRE(session.has_value());
    auto result = session->run(command, input, {Millis(10000), 1U << 20U, {}});
    REQUIRE(result.has_value());
    return *result;
  }
};

}  // namespace

TEST_CASE("a command's exit status and both of its streams come back apart") {
  SKIP_WITHOUT_SSHD();
  World world;
  for (const int status : {0, 1, 42, 255}) {
    const auto result = world.run(fmt::format("echo out; echo err >&2; exit {}", status));
    CHECK(result.status == status);
    CHECK(result.out == "out\n");
    CHECK(result.err == "err\n");
    CHECK_FALSE(result.cut);
  }
}

TEST_CASE("one session runs many commands, one after the other") {
  SKIP_WITHOUT_SSHD();
  World world;
  auto session = world.connect();
  REQUIRE(session.has_value());
  for (int i = 0; i < 20; ++i) {
    const auto result = session->run(fmt::format("echo {}", i), {}, {Millis(5000), 100, {}});
    REQUIRE(result.has_value());
    CHECK(result->out == fmt::format("{}\n", i));
    CHECK(result->status == 0);
    CHECK(session->usable());
  }
}

TEST_CASE("input of any size arrives whole") {
  SKIP_WITHOUT_SSHD();
  World world;
  CHECK(world.run("cat", std::string("a\0b\n", 4)).out == std::string("a\0b\n", 4));
  CHECK(world.run("cat; echo end").out == "end\n");
  const std::string large(5'000'000, 'x');
  CHECK(world.run("wc -c", large).out == "5000000\n");
  CHECK(world.run("exit 3", large).status == 3);
}

TEST_CASE("huge output is cut at the limit and the exit status is still read") {
  SKIP_WITHOUT_SSHD();
  World world;
  const auto result = world.run("head -c 20000000 /dev/zero; echo err >&2; exit 7");
  CHECK(result.status == 7);
  CHECK(result.out.size() == 1U << 20U);
  CHECK(result.cut);
  CHECK(result.err == "err\n");
}

TEST_CASE("output that trickles in slowly is waited for") {
  SKIP_WITHOUT_SSHD();
  World world;
  const auto result = world.run("for i in 1 2 3 4 5; do echo $i; sleep 0.2; done");
  CHECK(result.out == "1\n2\n3\n4\n5\n");
  CHECK(result.status == 0);
}

TEST_CASE("a child that keeps the streams open does not keep us") {
  SKIP_WITHOUT_SSHD();
  World world;
  const Moment before = world.clock.moment();
  const auto result = world.run("sleep 8 & echo started");
  CHECK(result.status == 0);
  CHECK(result.out == "started\n");
  CHECK(world.clock.moment() - before < Millis(5000));
}

TEST_CASE("the host key is pinned at the first meeting and demanded from then on") {
  SKIP_WITHOUT_SSHD();
  World world;
  CHECK(world.run("true").status == 0);
  CHECK(line_count(world.settings.known_hosts) == 1);
  CHECK(read_text(world.settings.known_hosts)
            .starts_with(fmt::format("[127.0.0.1]:{} ssh-ed25519 ", world.sshd.port())));
  CHECK(world.run("true").status == 0);
  CHECK(line_count(world.settings.known_hosts) == 1);

  world.sshd.stop();
  world.sshd.change_host_key();
  world.sshd.start();
  const std::string host = fmt::format("[127.0.0.1]:{}", world.sshd.port());
  const auto refused = world.connect();
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().lasting);
  CHECK(refused.error().obstacle == Obstacle::host_key);
  CHECK(refused.error().what.contains("the host key of " + host + " has changed"));
  CHECK(refused.error().what.contains(world.settings.known_hosts.native() + ":1 pins ssh-ed25519"));
  CHECK(refused.error().what.contains("`lockkeeper ssh forget '" + host + "'`"));
  CHECK(line_count(world.settings.known_hosts) == 1);

  CHECK(forget_host(world.settings.known_hosts, host) == 1);
  CHECK(world.run("true").status == 0);
}

TEST_CASE("who only looks leaves no host key behind, and still heeds one that is pinned") {
  SKIP_WITHOUT_SSHD();
  World world;
  struct AsBefore {
    ~AsBefore() { pin_new_keys(true); }
  } const as_before;
  pin_new_keys(false);
  CHECK(world.run("true").status == 0);
  CHECK_FALSE(std::filesystem::exists(world.settings.known_hosts));
  pin_new_keys(true);
  CHECK(world.run("true").status == 0);
  pin_new_keys(false);
  world.sshd.stop();
  CHECK(world.connect().error().obstacle == Obstacle::unreachable);
  world.sshd.change_host_key();
  world.sshd.start();
  CHECK(world.connect().error().obstacle == Obstacle::host_key);
}

TEST_CASE("a node that now has a host key of another type is a changed host key") {
  SKIP_WITHOUT_SSHD();
  World world;
  const std::string path = (world.sshd.folder() / "other").native();
  run_or_fail("ssh-keygen -q -t ecdsa -N '' -f " + path);
  const std::string key = read_text(path + ".pub");
  write_text(world.settings.known_hosts, fmt::format("[127.0.0.1]:{} {}", world.sshd.port(), key));
  CHECK(world.refusal().contains("has changed"));
  CHECK(world.refusal().contains("lockkeeper ssh forget"));
}

TEST_CASE("a damaged known_hosts file lets nobody in") {
  SKIP_WITHOUT_SSHD();
  World world;
  write_text(world.settings.known_hosts, "rubbish\n");
  CHECK(world.refusal().contains(world.settings.known_hosts.native() + ":1: not a host key line"));
  world.settings.known_hosts = "/proc/none/known_hosts";
  CHECK(world.refusal().contains("/proc/none/known_hosts"));
  world.settings.known_hosts = "";
  CHECK(world.refusal().contains("known_hosts is not set"));
}

TEST_CASE("a key that cannot be used says why") {
  SKIP_WITHOUT_SSHD();
  World world;
  const auto key = world.sshd.folder() / "key";
  world.settings.key_file = key;
  CHECK(world.refusal().contains("key file " + key.native() + ": No such file"));
  write_text(key, "not a key");
  std::filesystem::permissions(key, std::filesystem::perms(0600));
  CHECK(world.refusal().contains("not a private key"));
  std::filesystem::permissions(key, std::filesystem::perms(0644));
  CHECK(world.refusal().contains("chmod 600 " + key.native()));
  std::filesystem::remove(key);
  run_or_fail("ssh-keygen -q -t ed25519 -N secret -f " + key.native());
  CHECK(world.refusal().contains("passphrase"));
  std::filesystem::remove(key);
  run_or_fail("ssh-keygen -q -t ed25519 -N '' -f " + key.native());
  CHECK(world.refusal().contains("sshd does not let user " + world.settings.user + " in"));
  world.settings.user = "";
  CHECK(world.refusal().contains("[ssh] user is not set"));
}

TEST_CASE("no message ever holds the key") {
  SKIP_WITHOUT_SSHD();
  World world;
  const std::string key = read_text(world.settings.key_file);
  const std::string line = key.substr(key.find('\n') + 1, 60);
  world.settings.user = "nobody-of-that-name";
  CHECK_FALSE(world.refusal().contains(line));
}

TEST_CASE("RSA and ECDSA keys let in too") {
  SKIP_WITHOUT_SSHD();
  for (const char* type : {"rsa -b 3072", "ecdsa"}) {
    CAPTURE(type);
    World world;
    const auto key = (world.sshd.folder() / "key2").native();
    run_or_fail(fmt::format("ssh-keygen -q -t {} -N '' -f {}", type, key));
    run_or_fail(fmt::format("cat {}.pub >> {}/authorized_keys", key, world.sshd.folder().native()));
    world.settings.key_file = key;
    CHECK(world.run("true").status == 0);
  }
}

}  // namespace lockkeeper::ssh
