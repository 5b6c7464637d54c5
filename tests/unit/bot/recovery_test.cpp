// SPDX-License-Identifier: Apache-2.0
#include "bot/recovery.h"

#include <doctest/doctest.h>

#include "tests/unit/bot/story.h"

namespace lockkeeper::test {
namespace {

using Lines = std::vector<std::string>;

const Notes kPrevious = {{"previous_kubeadm", "1.34.2-1.1"},
                         {"previous_kubelet", "1.34.2-1.1"},
                         {"previous_kubectl", "1.34.2-1.1"}};

/// A run whose snapshot stands, and in which the script on `node` is next.
Story at_the_script_of(std::string_view node) {
  Story story;
  story.comes_to(Action::snapshot);
  story.does(Action::snapshot, {}, {{"snapshot", "/backups/etcd-1.db"}});
  story.comes_to(Action::upgrade, node).begins(Action::upgrade, node);
  return story;
}

}  // namespace

TEST_CASE("a run that touched nothing only says how to carry on") {
  Story story;
  story.ends(StepResult::failed, "worker-1: not Ready");
  CHECK(recovery_lines(story.progress()) ==
        Lines{"to carry on with what is left: /upgrade start 1.34.7"});
  CHECK(still_cordoned(story.progress()).empty());
}

TEST_CASE("a worker's failed script: snapshot, logs, packages, the cordon, and how to carry on") {
  auto story = at_the_script_of("worker-2");
  story.ends(StepResult::failed, "exit 1", kPrevious);
  CHECK(recovery_lines(story.progress()) ==
        Lines{
            "etcd snapshot of this run: /backups/etcd-1.db",
            "look at it: ssh 10.0.0.2 sudo journalctl -u kubelet -n 100",
            "its script's log: ssh 10.0.0.2 \"sudo sh -c 'tail -n 100 "
            "/var/lib/lockkeeper/jobs/r-test-*/log'\"",
            "worker-2: previous packages: kubeadm=1.34.2-1.1 kubelet=1.34.2-1.1 "
            "kubectl=1.34.2-1.1",
            "to put its packages back: ssh 10.0.0.2 'sudo apt-get install -y --allow-downgrades "
            "--allow-change-held-packages kubeadm=1.34.2-1.1 kubelet=1.34.2-1.1 "
            "kubectl=1.34.2-1.1 && sudo systemctl restart kubelet'",
            "worker-2 stays cordoned; once it is healthy: kubectl uncordon worker-2",
            "to carry on with what is left: /upgrade start 1.34.7",
        });
}

TEST_CASE("a control plane's failed script names the last resort, and no downgrade") {
  auto story = at_the_script_of("cp-1");
  story.ends(StepResult::failed, "exit 1", {{"previous_kubelet", "1.34.2-1.1"}});
  const auto lines = recovery_lines(story.progress());
  REQUIRE(lines.size() == 7);
  CHECK(lines[3] == "cp-1: previous packages: kubelet=1.34.2-1.1");
  CHECK(lines[4] ==
        "last resort, on the control plane, API server and etcd stopped: etcdutl snapshot restore "
        "/backups/etcd-1.db --data-dir /var/lib/etcd-restored, then point the etcd manifest at it");
  for (const auto& line : lines)
    CHECK(line.find("allow-downgrades") == std::string::npos);
}

TEST_CASE("packages that were not noted are not made up") {
  auto story = at_the_script_of("worker-2");
  story.ends(StepResult::failed, "lost");
  for (const auto& line : recovery_lines(story.progress()))
    CHECK(line.find("packages") == std::string::npos);
}

TEST_CASE("a node whose script ran and whose kubelet is not proven is the one to look at") {
  auto story = at_the_script_of("worker-2");
  story.ends(StepResult::done).begins(Action::await_ready, "worker-2");
  story.ends(StepResult::failed, "not Ready");
  CHECK(recovery_lines(story.progress())[1].starts_with("look at it: ssh 10.0.0.2"));
}

TEST_CASE("a node that is proven, or whose script had not begun, needs no look") {
  auto proven = at_the_script_of("worker-2");
  proven.ends(StepResult::done).does(Action::await_ready, "worker-2");
  CHECK(recovery_lines(proven.progress())[1].starts_with("worker-2 stays cordoned"));
  auto not_begun = at_the_script_of("worker-2");
  not_begun.ends(StepResult::skipped, "it had not begun");
  CHECK(recovery_lines(not_begun.progress())[1].starts_with("worker-2 stays cordoned"));
}

TEST_CASE("cordons of ours count until they are taken back, cordons of persons never") {
  Story story;
  story.comes_to(Action::cordon, "worker-2");
  CHECK(still_cordoned(story.progress()).empty());
  story.begins(Action::cordon, "worker-2");
  CHECK(still_cordoned(story.progress()) == Lines{"worker-2"});  // it may have happened
  story.ends(StepResult::done, {}, {{"cordoned_by_person", "true"}});
  CHECK(still_cordoned(story.progress()).empty());
  story.comes_to(Action::uncordon, "worker-1");
  CHECK(still_cordoned(story.progress()) == Lines{"worker-1"});
  Story failed = story;
  failed.begins(Action::uncordon, "worker-1").ends(StepResult::failed, "API away");
  CHECK(still_cordoned(failed.progress()) == Lines{"worker-1"});
  story.does(Action::uncordon, "worker-1");
  CHECK(still_cordoned(story.progress()).empty());
}

}  // namespace lockkeeper::test
