// SPDX-License-Identifier: Apache-2.0
#pragma once

// The chat of somebody without a chat: messages appear on a terminal, and lines that are typed
// there arrive as commands.

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "bot/ports.h"

namespace lockkeeper::console {

/// Messages that wait at most, for a terminal that has been stopped with Ctrl-S or a reader that
/// sleeps. Then the oldest are dropped, and their number is shown in their place.
inline constexpr std::size_t kWaitingMax = 1000;

/// Prints messages as they come, one after the other, on a thread of its own. Any thread may speak,
/// and none is ever kept waiting by the terminal.
class ConsoleChat : public Chat {
 public:
  /// Does not own `output`, for example standard output.
  explicit ConsoleChat(int output);

  /// Prints what waits, for at most a second, and joins.
  ~ConsoleChat() override;
  ConsoleChat(const ConsoleChat&) = delete;
  ConsoleChat& operator=(const ConsoleChat&) = delete;

  /// The text as it is, but for characters that would command the terminal. Lines after the first
  /// are indented, so that two messages can be told apart.
  void say(Message message) noexcept override;

  /// A line of the terminal's own, such as the answer to what was typed; printed like a message.
  void print(std::string_view text) noexcept;

 private:
  void run();
  void write_out(std::string_view text);

  int output_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> waiting_;
  std::size_t dropped_ = 0;
  std::atomic<bool> stopping_ = false;
  int patience_left_ = 10;  // tenths of a second for a terminal that takes nothing at the end
  std::thread thread_;      // last: it uses all of the above
};

/// Longer lines are reported, not cut: half a command may mean something else.
inline constexpr std::size_t kLineBytesMax = 4096;

/// A thread that reads lines from a file descriptor, for example standard input.
class LineReader {
 public:
  struct Callbacks {
    std::function<void(std::string line)> line;  // without newline and carriage return
    std::function<void()> too_long;              // a line was dropped
    std::function<void()> end;                   // end of input, or an error: nothing follows
  };

  /// Does not own `input`. The callbacks are called on the reader's thread, one at a time, and must
  /// not throw; `end` is not called when the reader is stopped first.
  LineReader(int input, Callbacks callbacks);

  /// Stops, within the callback that may be under way, and joins.
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

 private:
  void run();
  void take(std::string_view bytes);
  void finish_line();

  int input_;
  int wake_;  // eventfd
  Callbacks callbacks_;
  std::string line_;
  bool dropping_ = false;  // until the end of a line that is too long
  std::thread thread_;     // last: it uses all of the above
};

}  // namespace lockkeeper::console
