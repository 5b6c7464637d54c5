// SPDX-License-Identifier: Apache-2.0
#pragma once

// The last messages of the chat, numbered, for a terminal that is attached to a running daemon and
// asks for what is new.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "bot/ports.h"

namespace lockkeeper::web {

/// A message as it stands on the board.
struct Posted {
  std::uint64_t number = 0;  // from 1, without gaps
  Time at{};
  Message message;
};

/// Keeps the newest messages. Any thread may speak and read.
class Board : public Chat {
 public:
  /// More than this, and texts longer than 16 KiB, nobody reads on a terminal.
  static constexpr std::size_t kMessagesMax = 500;

  /// `clock` must outlive the board.
  explicit Board(const Clock& clock) : clock_(clock), started_(clock.now()) {}

  void say(Message message) noexcept override;

  /// The kept messages behind number `after`, the oldest first.
  [[nodiscard]] std::vector<Posted> after(std::uint64_t after) const;

  /// The number of the newest message, 0 before the first.
  [[nodiscard]] std::uint64_t last() const;

  /// When the numbers began: another time tells a reader that the daemon was started again.
  [[nodiscard]] Time started() const { return started_; }

 private:
  const Clock& clock_;
  const Time started_;
  mutable std::mutex mutex_;
  std::deque<Posted> messages_;
  std::uint64_t last_ = 0;
};

}  // namespace lockkeeper::web
