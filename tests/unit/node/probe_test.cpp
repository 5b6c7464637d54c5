// SPDX-License-Identifier: Apache-2.0
#include "integrations/node/probe.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace lockkeeper::node {
namespace {

const Version kTarget{1, 34, 7, ""};

Result<Probe> parse(const std::string& lines) {
  return parse_probe("lockkeeper-probe 1\n" + lines + "end=yes\n", kTarget);
}

}  // namespace

TEST_CASE("every line of a probe finds its place") {
  const auto probe = parse(
      "root_free_bytes=123\nsnapshot_free_bytes=456\netcd_bytes=789\nkubeadm=1.34.2-1.1\n"
      "kubelet=1.34.2-1.1\ncontainerd=1.7.24-1\nholds=kubeadm kubelet\ndpkg_audit=\n"
      "package=1.34.7-1.1\nplan=yes\nplan_offer=1.34.7\nplan_offer=1.35.1\n"
      "dropped_flag=--oidc-issuer-url=https://x\ndropped_flag=--feature-gates=A=true\n");
  REQUIRE(probe.has_value());
  const NodeProbe& facts = probe->facts;
  CHECK(facts.reached);
  CHECK(facts.sudo);
  CHECK(facts.root_free_bytes == 123);
  CHECK(facts.snapshot_free_bytes == 456);
  CHECK(facts.etcd_bytes == 789);
  CHECK(facts.kubeadm == "1.34.2-1.1");
  CHECK(facts.package == "1.34.7-1.1");
  CHECK(facts.package_failure.empty());
  CHECK(facts.dpkg_audit.empty());
  CHECK(facts.plan_offers == "1.34.7");
  CHECK(facts.plan_failure.empty());
  CHECK(facts.dropped_flags ==
        std::vector<std::string>{"--oidc-issuer-url=https://x", "--feature-gates=A=true"});
  CHECK(probe->holds == "kubeadm kubelet");
  CHECK(probe->containerd == "1.7.24-1");
  CHECK(probe->kubelet == "1.34.2-1.1");
}

TEST_CASE("what could not be found out is absent, never zero") {
  const auto probe = parse("root_free_bytes=\netcd_bytes=12x\nsnapshot_free_bytes=-1\n");
  REQUIRE(probe.has_value());
  CHECK_FALSE(probe->facts.root_free_bytes.has_value());
  CHECK_FALSE(probe->facts.etcd_bytes.has_value());
  CHECK_FALSE(probe->facts.snapshot_free_bytes.has_value());
  CHECK_FALSE(probe->facts.plan_offers.has_value());
}

TEST_CASE("an offer of nothing is told from no answer, and the target is found among several") {
  CHECK(parse("plan=yes\n")->facts.plan_offers == "");
  CHECK(parse("plan=yes\nplan_offer=1.34.9\n")->facts.plan_offers == "1.34.9");
  CHECK(parse("plan=yes\nplan_offer=1.34.7\nplan_offer=1.35.1\n")->facts.plan_offers == "1.34.7");
  CHECK(parse("plan_failure=no\n")->facts.plan_failure == "no");
}

TEST_CASE("a text that is not a whole answer is refused") {
  CHECK_FALSE(parse_probe("", kTarget).has_value());
  CHECK_FALSE(parse_probe("lockkeeper-probe 1\nkubeadm=1\n", kTarget).has_value());
  CHECK_FALSE(parse_probe("Welcome\nlockkeeper-probe 1\nend=yes\n", kTarget).has_value());
  CHECK_FALSE(parse_probe("lockkeeper-probe 1\nend=yes\nmore=1\n", kTarget).has_value());
  CHECK_FALSE(parse("unknown_key=1\n").has_value());
  CHECK_FALSE(parse("no equals sign\n").has_value());
  CHECK(parse_probe("", kTarget).error().what == "it breaks off");
}

TEST_CASE("hostile values are made harmless and stay bounded") {
  std::string many;
  for (int i = 0; i < 500; ++i)
    many += fmt::format("dropped_flag=--f{}=\x1b[31mred\n", i);
  const auto probe = parse(many);
  REQUIRE(probe.has_value());
  CHECK(probe->facts.dropped_flags.size() == 50);
  CHECK(probe->facts.dropped_flags.front() == "--f0=red");
}

}  // namespace lockkeeper::node
