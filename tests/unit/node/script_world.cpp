// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/node/script_world.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "integrations/node/node_scripts.h"
#include "integrations/ssh/shell.h"

namespace lockkeeper::node {

ScriptWorld::ScriptWorld(Role role) {
  // Without them the scripts would find this machine's own apt behind.
  REQUIRE(::access(STANDIN, X_OK) == 0);
  for (const char* name : {"apt-get", "apt-cache", "apt-config", "apt-mark", "containerd", "dpkg",
                           "dpkg-query", "journalctl", "kubeadm", "kubelet", "sleep", "systemctl"})
    std::filesystem::create_symlink(STANDIN, bin_.path() / name);
  for (const std::string package : {"kubeadm", "kubelet", "kubectl"})
    fake("installed/" + package, "1.34.2-1.1\n");
  fake("installed/containerd.io", "1.7.24-1\n");
  fake("available",
       "kubeadm 1.34.2-1.1\nkubelet 1.34.2-1.1\nkubectl 1.34.2-1.1\n"
       "kubeadm 1.34.7-1.1\nkubeadm 1.34.7-1.2\nkubelet 1.34.7-1.1\nkubectl 1.34.7-1.1\n"
       "kubeadm 1.34.70-1.1\ncontainerd.io 1.7.27-1\n");
  fake("holds", "containerd.io\nkubeadm\nkubectl\nkubelet\n");
  fake("audit");
  fake("calls");
  for (const std::string unit : {"kubelet", "containerd"}) {
    fake("unit/" + unit + "/MainPID", "100\n");
    fake("unit/" + unit + "/ActiveState", "active\n");
    fake("unit/" + unit + "/SubState", "running\n");
    fake("unit/" + unit + "/NRestarts", "0\n");
  }
  fake("timers/apt-daily.timer", "active\n");
  fake("timers/apt-daily-upgrade.timer", "inactive\n");
  put("etc/apt/sources.list.d/kubernetes.list",
      "deb [signed-by=/etc/apt/keyrings/k.gpg] https://pkgs.k8s.io/core:/stable:/v1.34/deb/ /\n");
  plan.run = "r-1";
  plan.target = {1, 34, 7, ""};
  plan.containerd_target = "1.7.27";
  plan.nodes = {{"node3", "uid", "127.0.0.1", role, {1, 34, 2, ""}, "1.7.24", false}};
  settings.upgrade.kubeadm_flags =
      "--ignore-preflight-errors=CoreDNSMigration  --skip-phases=addon/coredns";
  if (role != Role::worker) make_control_plane("1.34.2");
}

void ScriptWorld::make_control_plane(const std::string& version) const {
  fake("control-plane");
  for (const std::string component :
       {"kube-apiserver", "kube-controller-manager", "kube-scheduler"}) {
    put("etc/kubernetes/manifests/" + component + ".yaml",
        fmt::format("    image: registry.k8s.io/{}:v{}\n", component, version));
  }
  fake("plan",
       "You can now apply the upgrade by executing the following command:\n\n"
       "\tkubeadm upgrade apply v1.34.7\n");
}

ScriptRun ScriptWorld::run_text(const std::string& text, const std::string& afterwards) {
  const auto job = folder_.path() / "job";
  std::filesystem::remove_all(job);
  std::filesystem::create_directories(job);
  // The pid is for a stand-in that kills its script.
  ssh::write_text(job / "script",
                  fmt::format("echo $$ >{}/fake/script.pid\n{}", folder_.path().native(), text));
  ssh::write_text(job / "afterwards", afterwards);
  const std::string environment =
      fmt::format("env -i PATH={}:/usr/bin:/bin LOCKKEEPER_ROOT={} LOCKKEEPER_JOB={} TMPDIR={}",
                  bin_.path().native(), folder_.path().native(), job.native(), job.native());
  const std::string log = (job / "log").native();
  const int ended = std::system(
      fmt::format("{} sh {}/script >{} 2>&1 </dev/null", environment, job.native(), log).c_str());
  ScriptRun run;
  run.status = WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
  ssh::run_or_fail(fmt::format("{} sh {}/afterwards >>{} 2>&1 </dev/null || true", environment,
                               job.native(), log));
  run.output = ssh::read_text(log);
  const std::string noted = ssh::read_text(job / "notes");
  for (const auto line : split(noted, '\n')) {
    const auto equals = line.find('=');
    if (equals != std::string_view::npos)
      run.notes[std::string(line.substr(0, equals))] = std::string(line.substr(equals + 1));
  }
  return run;
}

ScriptRun ScriptWorld::run(Action action) {
  const auto script = script_for(context(action), settings);
  REQUIRE(script.has_value());
  return run_text(script->text, script->afterwards);
}

ScriptRun ScriptWorld::probe() {
  return run_text(ssh::all_or_nothing(probe_program(plan.nodes.front(), plan, settings)));
}

StepContext ScriptWorld::context(Action action) const {
  step_ = {12, Stage::workers, action, "node3", Millis(60000)};
  return {plan, step_, notes, false};
}

void ScriptWorld::put(const std::string& file, const std::string& text) const {
  const auto path = folder_.path() / file;
  std::filesystem::create_directories(path.parent_path());
  ssh::write_text(path, text);
}

void ScriptWorld::fake(const std::string& file, const std::string& text) const {
  put("fake/" + file, text);
}

void ScriptWorld::unfake(const std::string& file) const {
  std::filesystem::remove(folder_.path() / "fake" / file);
}

std::string ScriptWorld::read(const std::string& file) const {
  return ssh::read_text(folder_.path() / file);
}

std::string ScriptWorld::installed(const std::string& package) const {
  const std::string text = read("fake/installed/" + package);
  return text.substr(0, text.find('\n'));
}

std::string ScriptWorld::holds() const {
  std::vector<std::string> names;
  const std::string text = read("fake/holds");
  for (const auto name : split(text, '\n')) {
    if (!name.empty()) names.emplace_back(name);
  }
  std::ranges::sort(names);
  return joined(names, " ");
}

std::vector<std::string> ScriptWorld::calls(const std::string& start) const {
  std::vector<std::string> found;
  const std::string text = read("fake/calls");
  for (const auto line : split(text, '\n')) {
    if (line.starts_with(start)) found.emplace_back(line);
  }
  return found;
}

}  // namespace lockkeeper::node
