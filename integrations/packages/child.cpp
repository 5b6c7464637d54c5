// SPDX-License-Identifier: Apache-2.0
#include "integrations/packages/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <system_error>

namespace lockkeeper::packages {
namespace {

constexpr std::size_t kOutputMaxBytes = 1U << 20U;
// The end of its output is the end of the program, but for the moment that it needs to die.
constexpr int kPollMaxMs = 200;

/// A process and the end of the pipe that it writes to.
class Child {
 public:
  Child() = default;
  ~Child() {
    if (pid_ > 0) {
      ::kill(-pid_, SIGKILL);
      reap(0);
    }
    if (pipe_ >= 0) ::close(pipe_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  int start(std::vector<std::string>& words);
  /// All that it prints, until it closes its output; nothing when a limit passes first.
  std::optional<std::string> read_all(const Clock& clock, Moment until) const;
  /// Its wait status, once it has ended; nothing until then.
  std::optional<int> reap(int flags);

 private:
  pid_t pid_ = -1;
  int pipe_ = -1;
};

int Child::start(std::vector<std::string>& words) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return errno;
  pipe_ = ends[0];
  std::vector<char*> arguments;
  for (auto& word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const char* path = std::getenv("PATH");
  std::string search = fmt::format("PATH={}", path == nullptr ? "/usr/bin:/bin" : path);
  std::string language = "LC_ALL=C.UTF-8";
  std::array<char*, 3> environment = {search.data(), language.data(), nullptr};
  posix_spawn_file_actions_t files{};
  posix_spawnattr_t attributes{};
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, ends[1], 1);
  posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  const int error = ::posix_spawnp(&pid_, words.front().c_str(), &files, &attributes,
                                   arguments.data(), environment.data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  ::close(ends[1]);
  if (error != 0) pid_ = -1;
  return error;
}

std::optional<std::string> Child::read_all(const Clock& clock, Moment until) const {
  std::string text;
  while (true) {
    const auto left = (until - clock.moment()).count();
    if (left <= 0 || text.size() > kOutputMaxBytes) return std::nullopt;
    pollfd wait{pipe_, POLLIN, 0};
    if (::poll(&wait, 1, static_cast<int>(std::min<std::int64_t>(left, kPollMaxMs))) <= 0) continue;
    std::array<char, 4096> piece{};
    const auto got = ::read(pipe_, piece.data(), piece.size());
    if (got == 0 || (got < 0 && errno != EINTR)) return text;
    if (got > 0) text.append(piece.data(), static_cast<std::size_t>(got));
  }
}

std::optional<int> Child::reap(int flags) {
  int status = 0;
  if (::waitpid(pid_, &status, flags) != pid_) return std::nullopt;
  pid_ = -1;
  return status;
}

}  // namespace

Result<ChildEnd> run_child(std::vector<std::string> words, const Clock& clock, Millis limit) {
  const std::string name = words.front();
  Child child;
  if (const int error = child.start(words); error != 0) {
    return fail(fmt::format("{}: {}", name, std::generic_category().message(error)));
  }
  auto output = child.read_all(clock, clock.moment() + limit);
  if (!output)
    return fail(
        fmt::format("{} did not end within {}, or printed too much", name, to_string(limit)));
  // It has closed its output, which these programs do only by ending.
  const int status = child.reap(0).value_or(-1);
  return ChildEnd{WIFEXITED(status) ? WEXITSTATUS(status) : -1, std::move(*output)};
}

}  // namespace lockkeeper::packages
