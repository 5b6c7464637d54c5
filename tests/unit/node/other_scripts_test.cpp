// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>

#include "tests/unit/node/script_world.h"

namespace lockkeeper::node {
namespace {

const std::string kList = "etc/apt/sources.list.d/kubernetes.list";
const std::string kSources = "etc/apt/sources.list.d/kubernetes.sources";

/// A world in which a run to 1.35 is under way.
struct MinorWorld : ScriptWorld {
  MinorWorld() {
    plan.target = {1, 35, 1, ""};
    put("etc/apt/keyrings/k.gpg", "not really a key");
  }
};

void make_copy(const ScriptWorld& world, const std::string& name, int days_old) {
  const auto folder = world.root() / "etc/kubernetes/tmp" / name;
  std::filesystem::create_directories(folder / "member");
  std::filesystem::last_write_time(
      folder, std::filesystem::file_time_type::clock::now() - std::chrono::hours(24 * days_old));
}

std::vector<std::string> copies(const ScriptWorld& world) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(world.root() / "etc/kubernetes/tmp"))
    names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

}  // namespace

TEST_CASE("only the minor in the path changes, every other byte stays") {
  MinorWorld world;
  const std::string around =
      "# deb https://pkgs.k8s.io/core:/stable:/v1.34/deb/ / old\r\n\n"
      "deb https://deb.debian.org/debian bookworm main # v1.34\n"
      "  deb [signed-by=/etc/apt/keyrings/k.gpg arch=amd64]  "
      "https://pkgs.k8s.io/core:/stable:/v{}/deb/ /   # keep\n"
      "deb-src https://mirror.example/isv:/kubernetes:/core:/stable:/v{}/deb/ /";
  world.put(kList, fmt::format(fmt::runtime(around), "1.34", "1.34"));
  std::filesystem::permissions(world.root() / kList, std::filesystem::perms(0640));
  const auto run = world.run(Action::repository);
  INFO(run.output);
  CHECK(run.status == 0);
  CHECK(world.read(kList) == fmt::format(fmt::runtime(around), "1.35", "1.35"));
  CHECK(std::filesystem::status(world.root() / kList).permissions() ==
        std::filesystem::perms(0640));
  CHECK(world.read("var/lib/lockkeeper/backup/kubernetes.list.before-1.35") ==
        fmt::format(fmt::runtime(around), "1.34", "1.34"));
  CHECK(run.notes.at("previous_minor") == "1.34");
  const std::filesystem::directory_iterator files(world.root() / "etc/apt/sources.list.d");
  CHECK(std::distance(begin(files), end(files)) == 1);
}

TEST_CASE("deb822 sources are rewritten too, and a link stays a link") {
  MinorWorld world;
  std::filesystem::remove(world.root() / kList);
  const std::string stanza =
      "Types: deb\nURIs: https://deb.debian.org/debian\nSuites: bookworm\nComponents: main\n\n"
      "# URIs: https://pkgs.k8s.io/core:/stable:/v1.33/deb/\nTypes: deb\n"
      "URIs: https://pkgs.k8s.io/core:/stable:/v{}/deb/\nSuites: /\n"
      "Signed-By: /etc/apt/keyrings/k.gpg\n";
  world.put("etc/real.sources", fmt::format(fmt::runtime(stanza), "1.34"));
  std::filesystem::create_symlink("../../real.sources", world.root() / kSources);
  const auto run = world.run(Action::repository);
  INFO(run.output);
  CHECK(run.status == 0);
  CHECK(world.read("etc/real.sources") == fmt::format(fmt::runtime(stanza), "1.35"));
  CHECK(std::filesystem::is_symlink(world.root() / kSources));
}

TEST_CASE("a node that points to the minor already is left as it is") {
  MinorWorld world;
  CHECK(world.run(Action::repository).status == 0);
  const auto before = std::filesystem::last_write_time(world.root() / kList);
  const auto again = world.run(Action::repository);
  CHECK(again.status == 0);
  CHECK(again.output.contains("already"));
  CHECK(std::filesystem::last_write_time(world.root() / kList) == before);
}

TEST_CASE("a repository that does not verify leaves the source as it was") {
  MinorWorld world;
  const auto before = world.read(kList);
  world.fake("update-fails", "E: The repository 'https://pkgs.k8s.io' is not signed.\n");
  const auto run = world.run(Action::repository);
  CHECK(run.status == 1);
  CHECK(
      run.output.contains("the package repository of 1.35 does not answer or verify: The "
                          "repository 'https://pkgs.k8s.io' is not signed."));
  CHECK(world.read(kList) == before);
}

TEST_CASE("a missing or expired key is named with the command that fetches a new one") {
  MinorWorld world;
  std::filesystem::remove(world.root() / "etc/apt/keyrings/k.gpg");
  auto run = world.run(Action::repository);
  CHECK(run.status == 1);
  CHECK(run.output.contains("the keyring /etc/apt/keyrings/k.gpg does not exist"));
  CHECK(run.output.contains("core:/stable:/v1.35/deb/Release.key | sudo gpg --dearmor"));
  if (!std::filesystem::exists("/usr/bin/gpg")) {
    MESSAGE("the rest skipped: there is no gpg here");
    return;
  }
  const ssh::TestFolder home;
  const std::string gpg =
      fmt::format("GNUPGHOME={0} gpg --batch --quiet --no-tty ", home.path().native());
  ssh::run_or_fail(gpg +
                   "--faked-system-time 20200101T000000 --passphrase '' --quick-generate-key "
                   "test@example.org ed25519 sign 30d 2>/dev/null");
  ssh::run_or_fail(
      fmt::format("{} --export >{}/etc/apt/keyrings/k.gpg; "
                  "GNUPGHOME={} gpgconf --kill all",
                  gpg, world.root().native(), home.path().native()));
  run = world.run(Action::repository);
  CHECK(run.status == 1);
  CHECK(run.output.contains("the signing key in /etc/apt/keyrings/k.gpg expired on 2020-01-31"));
  CHECK(world.read(kList).contains("v1.34"));
}

TEST_CASE("containerd is brought level, restarted and held again") {
  ScriptWorld world(Role::control_plane_first);
  const auto run = world.run(Action::containerd);
  INFO(run.output);
  CHECK(run.status == 0);
  CHECK(world.installed("containerd.io") == "1.7.27-1");
  CHECK(world.holds() == "containerd.io kubeadm kubectl kubelet");
  CHECK(run.notes.at("previous_containerd") == "containerd.io=1.7.24-1");
  CHECK(run.notes.at("holds") == "containerd.io");
  CHECK(world.calls("systemctl restart containerd").size() == 1);
  CHECK(run.output.contains("containerd containerd.io 1.7.27 runs"));
  const auto again = world.run(Action::containerd);
  CHECK(again.status == 0);
  CHECK(again.output.contains("containerd is at 1.7.27-1 already"));
  CHECK(world.calls("systemctl restart containerd").size() == 1);
}

TEST_CASE("containerd never goes back, and one that does not come up is a failure") {
  ScriptWorld newer;
  newer.fake("installed/containerd.io", "1.7.30-1\n");
  CHECK(newer.run(Action::containerd).status == 0);
  CHECK(newer.installed("containerd.io") == "1.7.30-1");
  ScriptWorld broken;
  broken.fake("dead-containerd");
  const auto run = broken.run(Action::containerd);
  CHECK(run.status == 1);
  CHECK(run.output.contains("failed: containerd: it does not come up"));
  CHECK(broken.holds() == "containerd.io kubeadm kubectl kubelet");
  ScriptWorld none;
  none.unfake("installed/containerd.io");
  CHECK(none.run(Action::containerd).output.contains("neither containerd.io nor containerd"));
}

TEST_CASE("old copies are pruned, the newest two of each kind and everything else stay") {
  ScriptWorld world(Role::control_plane_first);
  for (const int days : {1, 4, 5, 6, 9})
    make_copy(world, fmt::format("kubeadm-backup-etcd-{}", days), days);
  for (const int days : {10, 11, 12})
    make_copy(world, fmt::format("kubeadm-backup-manifests-{}", days), days);
  make_copy(world, "kubeadm-kubelet-config123", 30);
  make_copy(world, "backup of mine", 400);
  make_copy(world, "kubeadm-init-dryrun", 400);
  world.put("outside/precious", "x");
  std::filesystem::create_directory_symlink(
      world.root() / "outside", world.root() / "etc/kubernetes/tmp/kubeadm-backup-etcd-l");
  const auto run = world.run(Action::prune);
  INFO(run.output);
  CHECK(run.status == 0);
  CHECK(copies(world) ==
        std::vector<std::string>{"backup of mine", "kubeadm-backup-etcd-1", "kubeadm-backup-etcd-4",
                                 "kubeadm-backup-etcd-l", "kubeadm-backup-manifests-10",
                                 "kubeadm-backup-manifests-11", "kubeadm-init-dryrun",
                                 "kubeadm-kubelet-config123"});
  CHECK(world.read("outside/precious") == "x");
  CHECK(run.notes.at("pruned") == "4");
}

TEST_CASE("young copies stay however many there are, and a missing folder is no failure") {
  ScriptWorld world;
  CHECK(world.run(Action::prune).status == 0);
  for (int i = 0; i < 5; ++i)
    make_copy(world, fmt::format("kubeadm-backup-etcd-{}", i), 2);
  CHECK(world.run(Action::prune).status == 0);
  CHECK(copies(world).size() == 5);
}

TEST_CASE("a hook sees its node, role and release, and its failure is the step's") {
  ScriptWorld world;
  world.settings.upgrade.after_node = "echo \"$NODE/$ROLE/$RELEASE\" 'and \"quotes\"'";
  auto run = world.run(Action::hook);
  CHECK(run.status == 0);
  CHECK(run.output.contains("node3/worker/1.34.7 and \"quotes\"\n"));
  world.settings.upgrade.after_node = "echo oops; exit 7";
  run = world.run(Action::hook);
  CHECK(run.status == 1);
  CHECK(run.output.ends_with("oops\nfailed: the hook ended with 7\n"));
}

}  // namespace lockkeeper::node
