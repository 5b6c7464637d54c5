// SPDX-License-Identifier: Apache-2.0
#include "integrations/node/survey.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "integrations/node/script_files.h"
#include "tests/unit/node/script_world.h"

namespace lockkeeper::node {
namespace {

NodeSurvey surveyed(ScriptWorld& world) {
  const auto run = world.run_text(std::string(common_sh) + std::string(survey_sh) + "main\n");
  INFO(run.output);
  REQUIRE(run.status == 0);
  const auto survey = parse_survey(run.output);
  REQUIRE(survey.has_value());
  return *survey;
}

std::string flags_of(const NodeSurvey& survey) {
  std::vector<std::string> flags;
  for (const auto& one : survey.flags)
    flags.push_back(one.component + " " + one.flag + " " + one.file);
  std::ranges::sort(flags);
  return joined(flags, "\n");
}

Result<std::string> feed(ScriptWorld& world) {
  const auto run = world.run_text(std::string(common_sh) + std::string(sources_sh) +
                                  std::string(feed_sh) + "main\n");
  INFO(run.output);
  REQUIRE(run.status == 0);
  return parse_feed(run.output);
}

}  // namespace

TEST_CASE("flags are found where units and static pods take them from") {
  ScriptWorld world;
  world.put("var/lib/kubelet/kubeadm-flags.env",
            "KUBELET_KUBEADM_ARGS=\"--container-runtime=remote "
            "--pod-infra-container-image=registry.k8s.io/pause:3.10\"\n");
  world.put("etc/default/kubelet", "# --old-flag=1\nKUBELET_EXTRA_ARGS=--v=2\n");
  world.put("etc/kubernetes/manifests/kube-apiserver.yaml",
            "spec:\n  containers:\n  - command:\n    - kube-apiserver\n"
            "    - --cloud-config=/etc/x--not-a-flag\n");
  CHECK(flags_of(surveyed(world)) ==
        "kube-apiserver --cloud-config /etc/kubernetes/manifests/kube-apiserver.yaml\n"
        "kubelet --container-runtime /var/lib/kubelet/kubeadm-flags.env\n"
        "kubelet --pod-infra-container-image /var/lib/kubelet/kubeadm-flags.env\n"
        "kubelet --v /etc/default/kubelet");
}

TEST_CASE("feature gates stand in flags and in the kubelet's configuration") {
  ScriptWorld world;
  world.put("var/lib/kubelet/config.yaml",
            "apiVersion: kubelet.config.k8s.io/v1beta1\nfailCgroupV1: false\nfeatureGates:\n"
            "  CSIMigrationPortworx: true\n  Other: false\nkind: KubeletConfiguration\n"
            "logging:\n  format: text\n");
  world.put("etc/default/kubelet", "KUBELET_EXTRA_ARGS=--feature-gates=One=true,Two=false\n");
  const auto survey = surveyed(world);
  CHECK(survey.gates == std::vector<std::string>{"CSIMigrationPortworx", "Other", "One", "Two"});
  CHECK(survey.fail_cgroup_v1 == false);
}

TEST_CASE("a node without any of these files has none, and does not say v1") {
  ScriptWorld world;
  const auto survey = surveyed(world);
  CHECK(survey.flags.empty());
  CHECK(survey.gates.empty());
  CHECK_FALSE(survey.fail_cgroup_v1.has_value());
  CHECK(survey.cgroup.empty());
}

TEST_CASE("the survey changes nothing and needs no other program") {
  ScriptWorld world;
  surveyed(world);
  for (const auto* program : {"apt-get", "apt-mark", "systemctl", "kubeadm", "dpkg"})
    CHECK(world.calls(program).empty());
}

TEST_CASE("an answer that is not whole says nothing") {
  CHECK(parse_survey("").error().what == "it breaks off");
  CHECK(parse_survey("lockkeeper-survey 1\ncgroup=v2\n").error().what == "it breaks off");
  CHECK(parse_survey("Welcome!\nlockkeeper-survey 1\nend=yes\n").error().what ==
        "not an answer: Welcome!");
  CHECK(parse_survey("lockkeeper-survey 1\nflag=kubelet\nend=yes\n").error().what ==
        "not a flag: 'kubelet'");
  CHECK(parse_survey("lockkeeper-survey 1\ncgroup=v2\nend=yes\n").value().cgroup == "v2");
}

TEST_CASE("the node's own source tells what it offers, with lists that are not the node's") {
  ScriptWorld world;
  const auto offers = feed(world);
  REQUIRE(offers.has_value());
  CHECK(offers->find("kubeadm | 1.34.7-1.2 |") != std::string::npos);
  CHECK(world.calls("apt-get") == std::vector<std::string>{"apt-get -q update"});
  CHECK_FALSE(std::filesystem::exists(world.root() / "var/lib/lockkeeper"));
}

TEST_CASE("a source that fails is a failure with apt's words, never an empty offer") {
  ScriptWorld world;
  world.put("etc/apt/sources.list.d/kubernetes.list", "");
  CHECK(feed(world).error().what ==
        "no apt source of Kubernetes (.../core:/stable:/vX.Y/deb/) on this node");
  CHECK(parse_feed("lockkeeper-feed 1\nfailure=\nend=yes\n").error().what ==
        "its package repository fails without a word");
  CHECK(parse_feed("lockkeeper-feed 1\nend=yes\n").value().empty());
}

}  // namespace lockkeeper::node
