// SPDX-License-Identifier: Apache-2.0
#pragma once

// A node that is only a folder: its apt, dpkg, kubeadm and systemctl are stand-ins on the PATH
// (standins/standin.sh tells what they know), its scripts are the real ones.

#include <map>
#include <string>
#include <vector>

#include "bot/ports.h"
#include "config/settings.h"
#include "tests/unit/ssh/sshd.h"

namespace lockkeeper::node {

struct ScriptRun {
  int status = 0;
  std::string output;  // stdout and stderr together, as in a job's log
  Notes notes;
};

class ScriptWorld {
 public:
  /// A node with Kubernetes 1.34.2 in packages that are held, and 1.34.7 available.
  explicit ScriptWorld(Role role = Role::worker);

  /// Runs the script of a step, then the part afterwards, as a job does.
  ScriptRun run(Action action);
  /// Runs any program as a node's script; a shell that reads `text`.
  ScriptRun run_text(const std::string& text, const std::string& afterwards = {});
  /// What the probe answers.
  ScriptRun probe();

  void put(const std::string& file, const std::string& text) const;  // below the node's root
  void fake(const std::string& file, const std::string& text = "") const;
  void unfake(const std::string& file) const;
  void make_control_plane(const std::string& version) const;
  [[nodiscard]] std::string read(const std::string& file) const;
  [[nodiscard]] std::string installed(const std::string& package) const;
  [[nodiscard]] std::string holds() const;  // sorted, separated by blanks
  /// The calls of one program, or of all that begin with `start`.
  [[nodiscard]] std::vector<std::string> calls(const std::string& start) const;
  [[nodiscard]] StepContext context(Action action) const;
  [[nodiscard]] const std::filesystem::path& root() const { return folder_.path(); }

  Plan plan;
  Settings settings;
  Notes notes = {{"fence", "3"}};

 private:
  ssh::TestFolder folder_;
  ssh::TestFolder bin_;
  mutable Step step_;
};

}  // namespace lockkeeper::node
