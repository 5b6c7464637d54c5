// SPDX-License-Identifier: Apache-2.0
#pragma once

// A real sshd on loopback, run as the user who runs the tests, with keys, port and folder of its
// own; everything it started is ended with it. A test that needs it skips visibly where there is
// no sshd.

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "config/settings.h"
#include "integrations/ssh/host.h"

namespace lockkeeper::ssh {

/// A folder that is removed with everything in it.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class Sshd {
 public:
  Sshd();
  ~Sshd();
  Sshd(const Sshd&) = delete;
  Sshd& operator=(const Sshd&) = delete;

  static bool available();

  void start();
  /// Ends the listener and every session; what the sessions have started goes on.
  void stop();
  /// Kills everything that sessions have started and that still lives, as a reboot does.
  void end_jobs() const;
  /// Kills the processes of all open sessions; the listener stays. Returns how many there were.
  int kill_sessions();
  /// Gives it other host keys; they count from the next start.
  void change_host_key();
  /// Puts a program in front of all others on the PATH of its sessions.
  void stand_in(const std::string& name, const std::string& script) const;

  [[nodiscard]] SshSettings settings() const;
  [[nodiscard]] static Peer peer() { return {"node3", "127.0.0.1"}; }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }
  /// The root of the node's files as its jobs see it: /var/lib/lockkeeper lies below.
  [[nodiscard]] std::filesystem::path root() const { return folder() / "root"; }
  [[nodiscard]] std::filesystem::path job(const std::string& name) const;
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  void make_key(const std::string& name, const std::string& type) const;

  TestFolder folder_;
  std::uint16_t port_ = 0;
  pid_t listener_ = -1;
};

std::string read_text(const std::filesystem::path& path);
void write_text(const std::filesystem::path& path, const std::string& text);
/// How many lines a file has; 0 when there is none.
int line_count(const std::filesystem::path& path);
/// Runs a program and fails the test when it fails.
void run_or_fail(const std::string& command);
/// Whether it became true within ten seconds.
bool soon(const std::function<bool()>& wanted);

}  // namespace lockkeeper::ssh

/// Leaves the test case where no sshd is installed.
#define SKIP_WITHOUT_SSHD()                    \
  if (!lockkeeper::ssh::Sshd::available()) {   \
    MESSAGE("skipped: there is no sshd here"); \
    return;                                    \
  }
