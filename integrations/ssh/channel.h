// SPDX-License-Identifier: Apache-2.0
#pragma once

// One command on a session: an SSH channel that is written to and read from until the command has
// ended, both streams kept apart. Made for one command and used once, by the session's thread.

#include <libssh/callbacks.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "integrations/ssh/library.h"
#include "integrations/ssh/session.h"

namespace lockkeeper::ssh {

class Channel {
 public:
  /// Session and patience must outlive it. `bytes_max` limits each stream.
  Channel(ssh_session session, const Patience& patience, std::size_t bytes_max);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// The failure names neither node nor command.
  Status open();

  /// A failure says that the command was not begun.
  Result<CommandResult> run(const std::string& command, std::string_view input);

 private:
  Status begin(const std::string& command);
  bool turn();
  void feed(std::string_view& input);
  void take(bool of_err, std::string_view data);
  [[nodiscard]] std::string why_unknown() const;

  ssh_session session_;
  const Patience& patience_;
  std::size_t bytes_max_;
  CommandResult result_;
  ChannelOwner channel_;
  EventOwner event_;  // waits for the session's socket and calls the callbacks
  ssh_channel_callbacks_struct callbacks_{};
  std::string signal_;      // "TERM", from the server
  bool asked_ = false;      // the request to run the command is on its way
  bool input_open_ = true;  // our side has not said yet that it is done
  bool ended_ = false;      // the server will send no more of either stream
  bool broken_ = false;     // the connection is of no use any more
};

}  // namespace lockkeeper::ssh
