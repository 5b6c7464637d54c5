// SPDX-License-Identifier: Apache-2.0
#include "rules/rule.h"

#include <doctest/doctest.h>

namespace lockkeeper {
namespace {

std::string resolved(std::string_view text, const Labels& labels) {
  const auto node = parse_node_template(text);
  if (!node) FAIL(node.error().what);
  return node->resolve(labels).value_or("(nothing)");
}

std::string refusal(std::string_view text) {
  const auto node = parse_node_template(text);
  return node ? "accepted" : node.error().what;
}

}  // namespace

TEST_CASE("a node template is literal text and label references") {
  CHECK(resolved("worker-1", {}) == "worker-1");
  CHECK(resolved("${labels.node}", {{"node", "w1"}}) == "w1");
  CHECK(resolved("${labels.pool}-${labels.index}.x", {{"pool", "a"}, {"index", "7"}}) == "a-7.x");
  CHECK(resolved("$5", {}) == "$5");
}

TEST_CASE("a template whose label is missing names no node") {
  CHECK(resolved("${labels.node}", {}) == "(nothing)");
  CHECK(resolved("n-${labels.node}", {{"instance", "x"}}) == "(nothing)");
  CHECK(resolved("${labels.instance:host}", {{"instance", ":9100"}}) == "(nothing)");
}

TEST_CASE(":host cuts the port off") {
  CHECK(resolved("${labels.instance:host}", {{"instance", "10.0.0.3:9100"}}) == "10.0.0.3");
  CHECK(resolved("${labels.instance:host}", {{"instance", "w1"}}) == "w1");
  CHECK(resolved("${labels.instance:host}", {{"instance", "[fd00::3]:9100"}}) == "fd00::3");
  CHECK(resolved("${labels.instance:host}", {{"instance", "fd00::3"}}) == "fd00::3");
  CHECK(resolved("${labels.instance:host}", {{"instance", "[fd00::3"}}) == "fd00::3");
  CHECK(resolved("${labels.instance}", {{"instance", "w1:9100"}}) == "w1:9100");
}

TEST_CASE("a label's value is never read as a template") {
  CHECK(resolved("${labels.node}", {{"node", "${labels.other}"}, {"other", "x"}}) ==
        "${labels.other}");
}

TEST_CASE("a malformed reference is named") {
  CHECK(refusal("") == "the node template is empty");
  CHECK(refusal("${node}") == "write a label reference as ${labels.NAME}, not '${node}'");
  CHECK(refusal("a${labels.node") ==
        "write a label reference as ${labels.NAME}, not '${labels.node'");
  CHECK(refusal("${labels.}") == "'${labels.}' does not name a label");
  CHECK(refusal("${labels.a b}") == "'${labels.a b}' does not name a label");
  CHECK(refusal("${labels.:host}") == "'${labels.:host}' does not name a label");
  CHECK(refusal("${labels.a:port}") == "'${labels.a:port}' does not name a label");
}

TEST_CASE("the built-in rules ignore what fires by design, in every phase") {
  const auto rules = builtin_rules();
  const auto ignored = [&](std::string_view name) {
    Labels labels;
    labels.set("alertname", name);
    for (const auto& rule : rules) {
      CHECK(rule.action == RuleAction::ignore);
      CHECK(rule.phases.size() == 5);
      CHECK_FALSE(rule.reason.empty());
      for (const auto& line : rule.match)
        if (matches(line, labels)) return true;
    }
    return false;
  };
  for (const auto* name :
       {"Watchdog", "InfoInhibitor", "RebootRequired", "KuredNodeWasNotDrained", "K8sVersionSkew",
        "K8sUpgradeStalled", "EtcdPreUpgradeSnapshotMissing", "LockkeeperPushStale"}) {
    CAPTURE(name);
    CHECK(ignored(name));
  }
  for (const auto* name : {"RecentNodeReboot", "KubeAPIDown", "WatchdogX", "XWatchdog", ""})
    CHECK_FALSE(ignored(name));
}

TEST_CASE("actions are ordered from mildest to most severe") {
  CHECK(RuleAction::ignore < RuleAction::notify);
  CHECK(RuleAction::notify < RuleAction::pause);
  CHECK(RuleAction::pause < RuleAction::abort);
}

TEST_CASE("words are written as in the ini file") {
  CHECK(to_string(RuleAction::notify) == "notify");
  CHECK(to_string(Phase::precheck) == "precheck");
  CHECK(to_string(NodeStanding::outside) == "outside");
  CHECK(to_string(OnTimeout::proceed) == "continue");
}

TEST_CASE("a reason is filled in with labels and the node, on one line") {
  Rule rule;
  rule.reason = "on ${labels.disk} of ${node}";
  rule.node = parse_node_template("${labels.instance:host}").value();
  const Labels alert{{"disk", "sda\n1"}, {"instance", "w1:9100"}};
  CHECK(reason_for(rule, alert) == "on sda 1 of w1");
  CHECK(reason_for(rule, {}) == "on (none) of (none)");
  rule.runbook = "https://runbooks/disk";
  CHECK(reason_for(rule, alert) == "on sda 1 of w1; see https://runbooks/disk");
  rule.reason = "";
  CHECK(reason_for(rule, alert) == "see https://runbooks/disk");
}

TEST_CASE("what a label brings into a reason is text and is clipped") {
  Rule rule;
  rule.reason = "${labels.a}";
  CHECK(reason_for(rule, {{"a", "${labels.b}"}, {"b", "x"}}) == "${labels.b}");
  CHECK(reason_for(rule, {{"a", std::string(1000, 'x')}}).size() == 80);
}

TEST_CASE("a reason knows no other references") {
  CHECK(checked_reason("plain").value() == "plain");
  CHECK(checked_reason("${node} ${labels.x:host}").has_value());
  CHECK(checked_reason("${value}").error().what ==
        "write a label reference as ${labels.NAME}, not '${value}'");
}

}  // namespace lockkeeper
