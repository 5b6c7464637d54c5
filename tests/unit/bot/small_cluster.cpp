// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/bot/small_cluster.h"

#include <fmt/format.h>

#include <algorithm>

#include "bot/planner.h"

namespace lockkeeper::test {

NodeFacts node(const std::string& name, bool control_plane, const Version& version) {
  NodeFacts made;
  made.name = name;
  made.uid = "uid-of-" + name;
  made.address = "10.0.0." + std::to_string(name.back() - '0');
  made.control_plane = control_plane;
  runs(made, version);
  made.runtime = "containerd://1.7.27";
  made.ready = Condition::yes;
  made.ready_changed = "2026-11-13T12:00:00Z";
  return made;
}

ClusterFacts cluster(int control_planes, int workers, const Version& version) {
  ClusterFacts facts;
  facts.taken = kNoon;
  facts.api_server = version;
  facts.api_server_text = "v" + to_string(version);
  facts.namespace_found = true;
  for (int i = 1; i <= control_planes; ++i)
    facts.nodes.push_back(node(fmt::format("cp-{}", i), true, version));
  for (int i = 1; i <= workers; ++i)
    facts.nodes.push_back(node(fmt::format("worker-{}", i), false, version));
  return facts;
}

NodeFacts& at(ClusterFacts& facts, std::string_view name) {
  return *std::ranges::find(facts.nodes, name, &NodeFacts::name);
}

void runs(NodeFacts& node, const Version& version) {
  node.kubelet = version;
  node.kubelet_text = "v" + to_string(version);
}

UpgradeRequest order(std::string_view words) {
  std::vector<std::string> list;
  for (const auto word : split(words, ' '))
    list.emplace_back(word);
  return parse_request_words(list).value();
}

Settings settings() {
  Settings made;
  made.cluster.name = "home";
  made.authority.operators = {"console:*"};
  return made;
}

Plan plan_of(const ClusterFacts& facts, std::string_view words, const Settings& with) {
  return make_plan(facts, order(words), with, "r-test").value();
}

Plan small_plan() {
  return plan_of(cluster());
}

const Step& step_of(const Plan& plan, Action action, std::string_view node) {
  return *std::ranges::find_if(
      plan.steps, [&](const Step& step) { return step.action == action && step.node == node; });
}

}  // namespace lockkeeper::test
