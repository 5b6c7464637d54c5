// SPDX-License-Identifier: Apache-2.0
#include "integrations/console/console_chat.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "rules/text.h"

namespace lockkeeper::console {
namespace {

constexpr std::string_view kIndent = "    ";
// A pipe or a terminal that poll() calls writable takes this much without blocking.
constexpr std::size_t kChunkBytes = 512;
constexpr int kSliceMs = 100;

/// What may be shown on a terminal: line feeds begin an indented line, tabs stay, and every other
/// control character, which could move the cursor or worse, becomes a question mark.
std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += '\n';
      out += kIndent;
    } else {
      out += (byte < 0x20 && c != '\t') || byte == 0x7F ? '?' : c;
    }
  }
  return out;
}

}  // namespace

ConsoleChat::ConsoleChat(int output) : output_(output), thread_([this] { run(); }) {}

ConsoleChat::~ConsoleChat() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ConsoleChat::say(Message message) noexcept {
  print(message.text);
}

void ConsoleChat::print(std::string_view text) noexcept {
  try {
    std::string line = shown(text) + '\n';
    const std::lock_guard lock(mutex_);
    if (waiting_.size() == kWaitingMax) {
      waiting_.pop_front();
      ++dropped_;
    }
    waiting_.push_back(std::move(line));
    changed_.notify_all();
  } catch (...) {
    // A message that cannot be shown must not stop a run.
  }
}

void ConsoleChat::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return !waiting_.empty() || stopping_; });
    // Told to stop, and everything that waited has been written or given up.
    if (waiting_.empty()) return;
    const std::string text = std::move(waiting_.front());
    waiting_.pop_front();
    const std::size_t dropped = std::exchange(dropped_, 0);
    lock.unlock();
    if (dropped > 0) write_out("(" + std::to_string(dropped) + " messages were dropped)\n");
    write_out(text);
    lock.lock();
  }
}

void ConsoleChat::write_out(std::string_view text) {
  while (!text.empty() && patience_left_ > 0) {
    pollfd waiting{.fd = output_, .events = POLLOUT, .revents = 0};
    const int ready = ::poll(&waiting, 1, kSliceMs);
    if (ready == 0 && stopping_) --patience_left_;
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    const ssize_t written = ::write(output_, text.data(), std::min(text.size(), kChunkBytes));
    if (written < 0 && errno != EINTR && errno != EAGAIN) return;  // gone: this message is lost
    text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
  }
}

LineReader::LineReader(int input, Callbacks callbacks)
    : input_(input),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      callbacks_(std::move(callbacks)),
      thread_([this] { run(); }) {}

LineReader::~LineReader() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof(one));
  thread_.join();
  ::close(wake_);
}

void LineReader::run() {
  std::array<char, 4096> bytes{};
  while (true) {
    std::array<pollfd, 2> waiting = {pollfd{.fd = input_, .events = POLLIN, .revents = 0},
                                     pollfd{.fd = wake_, .events = POLLIN, .revents = 0}};
    // Unbounded, but for the destructor, which writes to the second one.
    const int ready = ::poll(waiting.data(), waiting.size(), -1);
    if (ready < 0 && errno != EINTR) break;
    if (waiting[1].revents != 0) return;
    if (ready <= 0 || waiting[0].revents == 0) continue;
    const ssize_t got = ::read(input_, bytes.data(), bytes.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) break;
    take({bytes.data(), static_cast<std::size_t>(got)});
  }
  // The last line may lack its newline.
  if (!line_.empty() || dropping_) finish_line();
  callbacks_.end();
}

void LineReader::take(std::string_view bytes) {
  for (const char c : bytes) {
    if (c == '\n') {
      finish_line();
    } else if (line_.size() == kLineBytesMax) {
      dropping_ = true;
    } else {
      line_ += c;
    }
  }
}

void LineReader::finish_line() {
  std::string line = std::exchange(line_, {});
  if (std::exchange(dropping_, false)) {
    callbacks_.too_long();
    return;
  }
  if (line.ends_with('\r')) line.pop_back();
  callbacks_.line(std::move(line));
}

}  // namespace lockkeeper::console
