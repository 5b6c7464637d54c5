// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/exec_plugin.h"

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
#include <system_error>

#include "integrations/kubernetes/json.h"

namespace lockkeeper::kubernetes {
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

/// The plugin as a process in a group of its own. Killed and reaped when it goes out of scope.
class PluginProcess {
 public:
  PluginProcess() = default;
  ~PluginProcess() {
    if (pid_ > 0) end(true);
  }
  PluginProcess(const PluginProcess&) = delete;
  PluginProcess& operator=(const PluginProcess&) = delete;

  int start(const ExecPlugin& plugin);
  /// All it prints until it closes its output and ends; nothing when the limit passes first.
  std::optional<std::string> output(Clock& clock, Moment until);
  /// Reaps it; its wait status.
  int end(bool kill_it);

 private:
  pid_t pid_ = -1;
  Descriptor read_end_;
  Descriptor process_;
};

std::string exec_info(const ExecPlugin& plugin) {
  Json spec = {{"interactive", false}};
  if (!plugin.cluster_json.empty()) spec["cluster"] = parse_json(plugin.cluster_json);
  return dumped(
      {{"apiVersion", plugin.api_version}, {"kind", "ExecCredential"}, {"spec", std::move(spec)}});
}

// The kubeconfig's variables win over ours, and KUBERNETES_EXEC_INFO over both.
std::vector<std::string> environment_for(const ExecPlugin& plugin) {
  std::vector<std::string> variables;
  for (char** each = environ; *each != nullptr; ++each)
    variables.emplace_back(*each);
  const auto set = [&](const std::string& name, const std::string& value) {
    std::erase_if(variables, [&](const auto& old) { return old.starts_with(name + "="); });
    variables.push_back(name + "=" + value);
  };
  for (const auto& [name, value] : plugin.env)
    set(name, value);
  set("KUBERNETES_EXEC_INFO", exec_info(plugin));
  return variables;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& text : texts)
    all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

// A group of its own, so that what the plugin has started ends with it.
int PluginProcess::start(const ExecPlugin& plugin) {
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
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  std::vector<std::string> words = {plugin.command};
  words.insert(words.end(), plugin.args.begin(), plugin.args.end());
  auto variables = environment_for(plugin);
  const int error = ::posix_spawnp(&pid_, plugin.command.c_str(), &files, &attributes,
                                   pointers(words).data(), pointers(variables).data());
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
std::optional<std::string> PluginProcess::output(Clock& clock, Moment until) {
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

int PluginProcess::end(bool kill_it) {
  if (kill_it) ::kill(-pid_, SIGKILL);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return status;
}

}  // namespace

Result<ExecCredential> run_plugin(const ExecPlugin& plugin, Clock& clock, Millis limit) {
  const auto wrong = [&](const std::string& what) {
    return fail(fmt::format("credential plugin {}: {}", plugin.command, what));
  };
  PluginProcess process;
  if (const int error = process.start(plugin); error != 0) {
    const auto hint = plugin.install_hint.empty() ? "" : "; " + plugin.install_hint;
    return wrong(std::generic_category().message(error) + hint);
  }
  const auto output = process.output(clock, clock.moment() + limit);
  if (!output)
    return wrong(fmt::format("did not end within {}, or printed too much", to_string(limit)));
  const int status = process.end(false);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return wrong(fmt::format("ended with {}; run it by hand to see why",
                             WIFEXITED(status) ? fmt::format("exit code {}", WEXITSTATUS(status))
                                               : fmt::format("signal {}", WTERMSIG(status))));
  return read_credential(plugin, *output);
}

Result<ExecCredential> read_credential(const ExecPlugin& plugin, const std::string& output) {
  const auto wrong = [&](const std::string& what) {
    return fail(fmt::format("credential plugin {}: {}", plugin.command, what));
  };
  const Json json = parse_json(output);
  if (text_at(json, {"kind"}) != "ExecCredential") return wrong("printed no ExecCredential");
  if (text_at(json, {"apiVersion"}) != plugin.api_version)
    return wrong(fmt::format("answered in another version than {}", plugin.api_version));
  ExecCredential credential;
  credential.token = text_at(json, {"status", "token"});
  credential.certificate_pem = text_at(json, {"status", "clientCertificateData"});
  credential.key_pem = text_at(json, {"status", "clientKeyData"});
  if (credential.certificate_pem.empty() != credential.key_pem.empty())
    return wrong("gave half a key pair");
  if (credential.token.empty() && credential.certificate_pem.empty())
    return wrong("gave neither token nor certificate");
  if (const auto text = text_at(json, {"status", "expirationTimestamp"}); !text.empty()) {
    const auto time = parse_time(text);
    if (!time) return wrong("its expirationTimestamp is no time");
    credential.expires = *time;
  }
  return credential;
}

}  // namespace lockkeeper::kubernetes
