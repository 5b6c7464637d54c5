// SPDX-License-Identifier: Apache-2.0
#include "integrations/ssh/channel.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "integrations/ssh/printable.h"

namespace lockkeeper::ssh {
namespace {

constexpr std::size_t kChunkBytes = 32U << 10U;
// A status without an end of the streams means that a child of the command still holds them: what
// it writes is nobody's answer, so it gets this long for what is on its way, and no longer.
constexpr Millis kStreamsAfterStatus{1500};

}  // namespace

Channel::Channel(ssh_session session, const Patience& patience, std::size_t bytes_max)
    : session_(session), patience_(patience), bytes_max_(bytes_max) {}

Channel::~Channel() {
  if (channel_) ssh_remove_channel_callbacks(channel_.get(), &callbacks_);
  if (event_) ssh_event_remove_session(event_.get(), session_);
}

void Channel::take(bool of_err, std::string_view data) {
  std::string& into = of_err ? result_.err : result_.out;
  const std::size_t room = bytes_max_ - std::min(bytes_max_, into.size());
  into.append(data.substr(0, room));
  result_.cut = result_.cut || data.size() > room;
}

Status Channel::open() {
  channel_.reset(ssh_channel_new(session_));
  event_.reset(ssh_event_new());
  if (!channel_ || !event_ || ssh_event_add_session(event_.get(), session_) != SSH_OK)
    return fail("libssh has no memory for a channel");
  // Everything arrives by callbacks: reading by calls stops taking packets in once the streams have
  // ended, and misses the exit status that comes behind them.
  ssh_callbacks_init(&callbacks_);
  callbacks_.userdata = this;
  callbacks_.channel_data_function = [](ssh_session, ssh_channel, void* data, std::uint32_t bytes,
                                        int of_err, void* self) {
    static_cast<Channel*>(self)->take(of_err != 0, {static_cast<const char*>(data), bytes});
    return static_cast<int>(bytes);
  };
  callbacks_.channel_exit_status_function = [](ssh_session, ssh_channel, int status, void* self) {
    // libssh's own word for "none" is -1, and a number beyond a byte is no exit status either.
    if (status >= 0 && status <= 255) static_cast<Channel*>(self)->result_.status = status;
  };
  callbacks_.channel_exit_signal_function = [](ssh_session, ssh_channel, const char* signal, int,
                                               const char*, const char*, void* self) {
    static_cast<Channel*>(self)->signal_ = last_line(signal == nullptr ? "?" : signal, 20);
  };
  callbacks_.channel_eof_function = [](ssh_session, ssh_channel, void* self) {
    static_cast<Channel*>(self)->ended_ = true;
  };
  ssh_set_channel_callbacks(channel_.get(), &callbacks_);
  int answer = SSH_AGAIN;
  while ((answer = ssh_channel_open_session(channel_.get())) == SSH_AGAIN && turn()) {
  }
  if (answer == SSH_OK) return {};
  return fail("sshd opens no channel: " +
              (answer == SSH_AGAIN ? why_unknown() : last_line(ssh_get_error(session_))));
}

/// Takes in what has come and sends what waits to be sent. False when there is no point in going
/// on.
bool Channel::turn() {
  if (patience_.over() || broken_) return false;
  broken_ = ssh_event_dopoll(event_.get(), patience_.slice()) == SSH_ERROR ||
            ssh_is_connected(session_) == 0;
  return !broken_;
}

Status Channel::begin(const std::string& command) {
  int answer = SSH_AGAIN;
  while ((answer = ssh_channel_request_exec(channel_.get(), command.c_str())) == SSH_AGAIN) {
    asked_ = true;
    if (!turn()) return {};
  }
  asked_ = asked_ || answer == SSH_OK;
  broken_ = broken_ || ssh_is_connected(session_) == 0;
  if (answer == SSH_OK || (asked_ && broken_)) return {};
  return fail(fmt::format("sshd runs no command: {}", last_line(ssh_get_error(session_))));
}

void Channel::feed(std::string_view& input) {
  while (input_open_ && !input.empty()) {
    const auto bytes = static_cast<std::uint32_t>(std::min(input.size(), kChunkBytes));
    const int written = ssh_channel_write(channel_.get(), input.data(), bytes);
    // A command that has ended without reading all of its input is no error by itself.
    if (written < 0 && written != SSH_AGAIN) input_open_ = false;
    if (written <= 0) return;
    input.remove_prefix(static_cast<std::size_t>(written));
  }
  if (input_open_) ssh_channel_send_eof(channel_.get());
  input_open_ = false;
}

std::string Channel::why_unknown() const {
  if (!signal_.empty()) return "killed by SIG" + signal_;
  if (broken_) return "the connection broke";
  if (patience_.over()) return patience_.reason();
  return "the node sent no exit status";
}

Result<CommandResult> Channel::run(const std::string& command, std::string_view input) {
  if (auto begun = begin(command); !begun) return std::unexpected(begun.error());
  std::optional<Millis> grace_ends;  // in what is left of the patience
  do {
    feed(input);
    if (result_.status && ended_) break;
    if (ssh_channel_is_closed(channel_.get()) != 0) break;
    if (result_.status && !grace_ends) grace_ends = patience_.left() - kStreamsAfterStatus;
    if (grace_ends && patience_.left() <= *grace_ends) break;
  } while (turn());
  if (!result_.status) result_.why_unknown = why_unknown();
  return std::move(result_);
}

}  // namespace lockkeeper::ssh
