// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/ssh/sshd.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>
#include <tuple>

namespace lockkeeper::ssh {
namespace {

const std::filesystem::path kProgram = "/usr/sbin/sshd";
constexpr int kTries = 500;
constexpr auto kTryPause = std::chrono::milliseconds(20);

/// A loopback socket on `port`; 0 lets the system choose.
int loopback_socket(std::uint16_t port, bool connects, std::uint16_t* chosen = nullptr) {
  const int file = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const int done =
      connects ? ::connect(file, generic, sizeof address) : ::bind(file, generic, sizeof address);
  socklen_t bytes = sizeof address;
  if (chosen != nullptr && ::getsockname(file, generic, &bytes) == 0)
    *chosen = ntohs(address.sin_port);
  if (done == 0) return file;
  ::close(file);
  return -1;
}

bool answers(std::uint16_t port) {
  const int file = loopback_socket(port, true);
  if (file >= 0) ::close(file);
  return file >= 0;
}

std::uint16_t free_port() {
  std::uint16_t port = 0;
  const int file = loopback_socket(0, false, &port);
  REQUIRE(file >= 0);
  ::close(file);
  return port;
}

/// A file of /proc; empty when the process has ended meanwhile, which fails with ESRCH.
std::string read_of_process(const std::filesystem::path& path) {
  try {
    return read_text(path);
  } catch (const std::ios_base::failure&) {
    return {};
  }
}

/// The parents of all processes, from /proc.
std::vector<std::pair<pid_t, pid_t>> processes_with_parents() {
  std::vector<std::pair<pid_t, pid_t>> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string stat = read_of_process(entry.path() / "stat");
    std::istringstream rest(stat.substr(std::min(stat.rfind(')') + 1, stat.size())));
    std::string state;
    pid_t parent = 0;
    if (rest >> state >> parent) found.emplace_back(std::stoi(name), parent);
  }
  return found;
}

std::vector<pid_t> descendants(pid_t ancestor) {
  const auto all = processes_with_parents();
  std::vector<pid_t> found = {ancestor};
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (const auto& [process, parent] : all) {
      if (parent == found[i]) found.push_back(process);
    }
  }
  found.erase(found.begin());
  return found;
}

bool is_sshd(pid_t process) {
  return read_of_process(fmt::format("/proc/{}/comm", process)).starts_with("sshd");
}

}  // namespace

TestFolder::TestFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "lockkeeper-ssh-XXXXXX").native();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TestFolder::~TestFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

bool Sshd::available() {
  return std::filesystem::exists(kProgram);
}

Sshd::Sshd() : port_(free_port()) {
  if (::getuid() == 0) std::filesystem::create_directories("/run/sshd");
  std::filesystem::create_directories(root());
  std::filesystem::create_directories(folder() / "bin");
  make_key("host_key", "ed25519");
  make_key("client_key", "ed25519");
  std::filesystem::copy_file(folder() / "client_key.pub", folder() / "authorized_keys");
  // HOME is our own folder: what a developer's ~/.bashrc starts would be killed half-way by tests
  // that cut connections, and would leave its locks behind.
  // A login that is not root finds a sudo that lets it through.
  stand_in("sudo", "[ \"$1\" = -n ] && shift\nexec \"$@\"");
  write_text(
      folder() / "sshd_config",
      fmt::format("Port {}\nListenAddress 127.0.0.1\nHostKey {}/host_key\nPidFile none\n"
                  "AuthorizedKeysFile {}/authorized_keys\nStrictModes no\nUsePAM no\n"
                  "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
                  "PermitRootLogin yes\nLogLevel ERROR\nMaxStartups 100\n"
                  "SetEnv LOCKKEEPER_ROOT={} HOME={} PATH={}/bin:/usr/sbin:/usr/bin:/sbin:/bin\n",
                  port_, folder().native(), folder().native(), root().native(), folder().native(),
                  folder().native()));
  start();
}

Sshd::~Sshd() {
  stop();
  end_jobs();
}

void Sshd::end_jobs() const {
  // What a session has started is told by the folder in its environment.
  for (const auto& [process, parent] : processes_with_parents()) {
    const std::string environment = read_of_process(fmt::format("/proc/{}/environ", process));
    if (process != ::getpid() && environment.contains(folder().native())) ::kill(process, SIGKILL);
  }
}

void Sshd::make_key(const std::string& name, const std::string& type) const {
  const std::string path = (folder() / name).native();
  std::filesystem::remove(path);
  run_or_fail(fmt::format("ssh-keygen -q -t {} -N '' -C test -f {}", type, path));
}

void Sshd::start() {
  const std::string config = (folder() / "sshd_config").native();
  const std::string log = (folder() / "sshd.log").native();
  listener_ = ::fork();
  if (listener_ == 0) {
    ::execl(kProgram.c_str(), kProgram.c_str(), "-D", "-E", log.c_str(), "-f", config.c_str(),
            nullptr);
    ::_exit(127);
  }
  const bool up = soon([this] { return answers(port_); });
  INFO(read_text(log));
  REQUIRE(up);
}

void Sshd::stop() {
  if (listener_ < 0) return;
  const auto sessions = descendants(listener_);
  ::kill(listener_, SIGTERM);
  ::waitpid(listener_, nullptr, 0);
  for (const pid_t process : sessions) {
    if (is_sshd(process)) ::kill(process, SIGKILL);
  }
  listener_ = -1;
  // A session that was just being made holds the port until it is really gone.
  std::ignore = soon([this] { return !answers(port_); });
}

int Sshd::kill_sessions() {
  int killed = 0;
  for (const pid_t process : descendants(listener_)) {
    if (is_sshd(process) && ::kill(process, SIGKILL) == 0) ++killed;
  }
  return killed;
}

void Sshd::change_host_key() {
  make_key("host_key", "ed25519");
}

void Sshd::stand_in(const std::string& name, const std::string& script) const {
  const auto path = folder() / "bin" / name;
  write_text(path, "#!/bin/sh\n" + script + "\n");
  std::filesystem::permissions(path, std::filesystem::perms(0755));
}

SshSettings Sshd::settings() const {
  SshSettings settings;
  settings.user = ::getpwuid(::getuid())->pw_name;
  settings.key_file = folder() / "client_key";
  settings.known_hosts = folder() / "known_hosts";
  settings.port = port_;
  settings.connect_timeout = Millis(5000);
  settings.command_timeout = Millis(10000);
  return settings;
}

std::filesystem::path Sshd::job(const std::string& name) const {
  return root() / "var/lib/lockkeeper/jobs" / name;
}

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  REQUIRE(file.good());
}

int line_count(const std::filesystem::path& path) {
  const std::string text = read_text(path);
  return static_cast<int>(std::ranges::count(text, '\n'));
}

void run_or_fail(const std::string& command) {
  CAPTURE(command);
  REQUIRE(std::system(command.c_str()) == 0);
}

bool soon(const std::function<bool()>& wanted) {
  for (int i = 0; i < kTries; ++i) {
    if (wanted()) return true;
    std::this_thread::sleep_for(kTryPause);
  }
  return wanted();
}

}  // namespace lockkeeper::ssh
