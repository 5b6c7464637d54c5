// SPDX-License-Identifier: Apache-2.0
#include "integrations/system/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <system_error>

namespace lockkeeper::system {
namespace {

constexpr std::size_t kOutputMaxBytes = 1U << 20U;

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor() { close_now(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int number() const { return number_; }
  void reset(int number) {
    close_now();
    number_ = number;
  }

 private:
  void close_now() const {
    if (number_ >= 0) ::close(number_);
  }
  int number_;
};

/// Killed and reaped when it goes out of scope.
class Child {
 public:
  Child() = default;
  ~Child() {
    if (pid_ > 0) end(true);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  int start(std::vector<std::string>& words, std::vector<std::string>& environment);
  /// All that it prints until it closes its output and ends; nothing when the limit passes first.
  std::optional<std::string> output(const Clock& clock, Moment until);
  /// Reaps it; its wait status.
  int end(bool kill_it);

 private:
  pid_t pid_ = -1;
  Descriptor read_end_;
  Descriptor process_;
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& text : texts)
    all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

int Child::start(std::vector<std::string>& words, std::vector<std::string>& environment) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return errno;
  read_end_.reset(ends[0]);
  const Descriptor write_end(ends[1]);
  posix_spawn_file_actions_t files{};
  posix_spawnattr_t attributes{};
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, write_end.number(), 1);
  posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
  // A child that outlived a killed bot with its listening socket would keep the next one from its
  // port; the sockets of our libraries are inheritable.
  posix_spawn_file_actions_addclosefrom_np(&files, 3);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  const int error = ::posix_spawnp(&pid_, words.front().c_str(), &files, &attributes,
                                   pointers(words).data(), pointers(environment).data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    pid_ = -1;
    return error;
  }
  // Debian 12's <sys/pidfd.h> cannot be linked from C++.
  process_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  return process_.number() < 0 ? errno : 0;
}

// Its output may stay open after its end, in a child that it left behind, and the other way round:
// both are waited for, within the same limit.
std::optional<std::string> Child::output(const Clock& clock, Moment until) {
  std::string text;
  bool open = true;
  bool alive = true;
  while (open || alive) {
    const auto left = std::max(Millis{0}, until - clock.moment()).count();
    if (left == 0 || text.size() > kOutputMaxBytes) return std::nullopt;
    std::array<pollfd, 2> waits = {pollfd{open ? read_end_.number() : -1, POLLIN, 0},
                                   pollfd{alive ? process_.number() : -1, POLLIN, 0}};
    ::poll(waits.data(), waits.size(), static_cast<int>(std::min<std::int64_t>(left, 60'000)));
    alive = alive && waits[1].revents == 0;
    if (waits[0].revents == 0) continue;
    std::array<char, 4096> piece{};
    const auto got = ::read(read_end_.number(), piece.data(), piece.size());
    open = got > 0;
    if (got > 0) text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return text;
}

int Child::end(bool kill_it) {
  if (kill_it) ::kill(-pid_, SIGKILL);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return status;
}

}  // namespace

std::expected<ChildEnd, ChildFailure> run_child(std::vector<std::string> words,
                                                std::vector<std::string> environment,
                                                const Clock& clock, Millis limit) {
  Child child;
  if (const int error = child.start(words, environment); error != 0) {
    return std::unexpected(ChildFailure{false, std::generic_category().message(error)});
  }
  auto output = child.output(clock, clock.moment() + limit);
  if (!output) {
    return std::unexpected(ChildFailure{
        true, fmt::format("did not end within {}, or printed too much", to_string(limit))});
  }
  const int status = child.end(false);
  return ChildEnd{WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                  WIFSIGNALED(status) ? WTERMSIG(status) : 0, std::move(*output)};
}

}  // namespace lockkeeper::system
