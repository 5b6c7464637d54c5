// SPDX-License-Identifier: Apache-2.0
#pragma once

// One SSH connection to one node, over libssh: a key file, no agent, no password, no terminal, no
// ~/.ssh/config. The host key is pinned at the first meeting (known_hosts.h). Nothing blocks beyond
// its limit, and everything can be cancelled. A session belongs to one thread at a time; different
// threads use different sessions. The clock must outlive it.

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "config/settings.h"
#include "integrations/ssh/patience.h"
#include "rules/result.h"

namespace lockkeeper::ssh {

/// A node as SSH knows it; the name is for people.
struct Peer {
  std::string node;
  std::string address;  // InternalIP
};

/// Where the way to a command on a node ended.
enum class Obstacle { other, unreachable, host_key, login };

/// Nothing has begun on the node. A failure that is `lasting` will not go away by itself (a changed
/// host key, an unreadable key file), so trying again is pointless.
struct NotStarted : Failure {
  bool lasting = false;
  Obstacle obstacle = Obstacle::other;
};

struct CommandLimits {
  Millis time{};
  std::size_t bytes_max = 1U << 20U;  // of each stream; what comes after is read and thrown away
  Cancelled cancelled;
};

/// What is known of a command that was begun.
struct CommandResult {
  /// Absent: how it ended is unknown, and that is never success. libssh says -1 where the server
  /// sent no status; a command killed by a signal has none either.
  std::optional<int> status;
  std::string why_unknown;  // with an absent status: "the connection broke", "killed by SIGTERM"
  std::string out;
  std::string err;
  bool cut = false;  // more came than the limit allowed
};

/// Whether host keys of nodes that are met for the first time are pinned, from now on and in the
/// whole process (they are, unless somebody says no). A program that only looks leaves none behind;
/// those that are pinned it demands as ever.
void pin_new_keys(bool wanted);

class Session {
 public:
  /// Connects, checks or pins the host key, and logs in, within `settings.connect_timeout`.
  static std::expected<Session, NotStarted> connect(const SshSettings& settings, const Peer& peer,
                                                    const Clock& clock, const Cancelled& cancelled);
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  /// Runs one command with `input` as its standard input. An error says that it was surely not
  /// begun; a result without a status says that it may have been. After a command that ran into a
  /// limit or a broken connection the session is no longer usable.
  std::expected<CommandResult, NotStarted> run(const std::string& command, std::string_view input,
                                               const CommandLimits& limits);

  [[nodiscard]] bool usable() const;

 private:
  struct Connection;
  explicit Session(std::unique_ptr<Connection> connection);

  std::unique_ptr<Connection> connection_;
};

}  // namespace lockkeeper::ssh
