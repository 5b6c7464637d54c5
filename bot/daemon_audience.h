// SPDX-License-Identifier: Apache-2.0
#pragma once

// Everybody who hears what the bot says: the board of the HTTP interface, the log, Slack, a
// terminal. Part of the composition root; the listeners are the caller's and outlive this.

#include <utility>

#include "bot/ports.h"
#include "integrations/system/log.h"
#include "integrations/web/board.h"

namespace lockkeeper {

/// Any thread may speak.
class Audience : public Chat {
 public:
  explicit Audience(web::Board& board) : board_(board) {}
  void add(Chat& listener) { terminal_ = &listener; }
  /// Before anybody speaks.
  void add_slack(Chat& listener) { slack_ = &listener; }

  void say(Message message) noexcept override {
    const bool trouble = message.tone == Tone::trouble;
    system::log(trouble ? system::Level::warn : system::Level::info, message.text);
    if (terminal_ != nullptr) terminal_->say(message);
    // There, a start that waits has a card of its own.
    if (slack_ != nullptr && !message.of_request) slack_->say(message);
    board_.say(std::move(message));
  }

 private:
  web::Board& board_;
  Chat* terminal_ = nullptr;
  Chat* slack_ = nullptr;
};

}  // namespace lockkeeper
