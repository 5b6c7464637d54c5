// SPDX-License-Identifier: Apache-2.0
#include "integrations/web/board.h"

#include "rules/text.h"

namespace lockkeeper::web {
namespace {

constexpr std::size_t kTextBytesMax = 16U << 10U;

}  // namespace

void Board::say(Message message) noexcept {
  try {
    message.text = clipped(message.text, kTextBytesMax);
    const Time at = clock_.now();
    const std::lock_guard lock(mutex_);
    messages_.push_back({.number = last_ + 1, .at = at, .message = std::move(message)});
    ++last_;
    if (messages_.size() > kMessagesMax) messages_.pop_front();
  } catch (...) {
    // Out of memory: this message is not on the board.
  }
}

std::vector<Posted> Board::after(std::uint64_t after) const {
  const std::lock_guard lock(mutex_);
  std::vector<Posted> newer;
  for (const Posted& posted : messages_) {
    if (posted.number > after) newer.push_back(posted);
  }
  return newer;
}

std::uint64_t Board::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

}  // namespace lockkeeper::web
