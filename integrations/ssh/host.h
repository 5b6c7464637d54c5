// SPDX-License-Identifier: Apache-2.0
#pragma once

// A node to which programs are sent: keeps one SSH session, opens it when it is needed and again
// when it has broken, and runs shell programs there as root. Used by one thread; the settings and
// the clock must outlive it.

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "integrations/ssh/session.h"

namespace lockkeeper::ssh {

class Host {
 public:
  Host(const SshSettings& settings, Peer peer, const Clock& clock);

  /// Runs a POSIX shell program as root, sent whole or not at all (shell.h). The program must begin
  /// its output with something that its caller knows, so that `sudo_refusal` can be told from an
  /// answer. An error says that nothing was begun.
  std::expected<CommandResult, NotStarted> run_as_root(std::string_view program,
                                                       const CommandLimits& limits);

  /// Forgets the session; the next program opens another one.
  void hang_up() { session_.reset(); }

  [[nodiscard]] const Peer& peer() const { return peer_; }
  [[nodiscard]] const SshSettings& settings() const { return settings_; }

 private:
  const SshSettings& settings_;
  Peer peer_;
  const Clock& clock_;
  std::optional<Session> session_;
};

/// Why a program that gave no answer gave none: sudo's refusal with what to do about it, else the
/// last words on its stderr, else how it ended. One line that names the node.
std::string explain(const Host& host, const CommandResult& result);

/// Whether sudo refused to run the program.
bool is_sudo_refusal(const CommandResult& result);

}  // namespace lockkeeper::ssh
