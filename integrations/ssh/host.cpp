// SPDX-License-Identifier: Apache-2.0
#include "integrations/ssh/host.h"

#include <fmt/format.h>

#include <utility>

#include "integrations/ssh/printable.h"
#include "integrations/ssh/shell.h"

namespace lockkeeper::ssh {

Host::Host(const SshSettings& settings, Peer peer, const Clock& clock)
    : settings_(settings), peer_(std::move(peer)), clock_(clock) {}

std::expected<CommandResult, NotStarted> Host::run_as_root(std::string_view program,
                                                           const CommandLimits& limits) {
  if (session_ && !session_->usable()) session_.reset();
  const bool kept = session_.has_value();
  if (!kept) {
    auto connected = Session::connect(settings_, peer_, clock_, limits.cancelled);
    if (!connected) return std::unexpected(std::move(connected.error()));
    session_ = std::move(*connected);
  }
  const std::string command(root_shell());
  auto result = session_->run(command, all_or_nothing(program), limits);
  if (result || !kept) return result;
  // A session that has been idle may have died unnoticed; nothing was begun, so a fresh one may.
  session_.reset();
  return run_as_root(program, limits);
}

bool is_sudo_refusal(const CommandResult& result) {
  // 127: there is no sudo. 1: it wants a password, or does not know the user.
  const bool refused = result.status == 1 || result.status == 127;
  return refused && result.out.empty() && result.err.contains("sudo:");
}

std::string explain(const Host& host, const CommandResult& result) {
  const std::string& node = host.peer().node;
  const std::string words = last_line(result.err);
  if (is_sudo_refusal(result)) {
    return fmt::format(
        "{}: sudo refuses user {} ({}); allow it there: `{} ALL=(ALL) NOPASSWD: ALL`"
        " in /etc/sudoers.d/lockkeeper",
        node, host.settings().user, words, host.settings().user);
  }
  if (!result.status) return fmt::format("{}: {}", node, result.why_unknown);
  if (!words.empty()) return fmt::format("{}: {} (exit status {})", node, words, *result.status);
  return fmt::format("{}: exit status {}", node, *result.status);
}

}  // namespace lockkeeper::ssh
