// SPDX-License-Identifier: Apache-2.0
#include "rules/rule.h"

#include <fmt/format.h>

#include <algorithm>

namespace lockkeeper {
namespace {

constexpr std::string_view kReferenceStart = "${labels.";
constexpr std::string_view kHostSuffix = ":host";

/// "10.0.0.3:9100" -> "10.0.0.3", "[fd00::3]:9100" -> "fd00::3", "node3" -> "node3".
std::string_view host_part(std::string_view instance) {
  if (instance.starts_with('[')) return instance.substr(1, instance.find(']') - 1);
  const std::size_t colon = instance.find(':');
  const bool bare_ipv6 = colon != instance.rfind(':');
  return bare_ipv6 ? instance : instance.substr(0, colon);
}

Result<NodeTemplate::Piece> parse_reference(std::string_view text) {
  NodeTemplate::Piece piece{std::string(text), true, false};
  if (piece.text.ends_with(kHostSuffix)) {
    piece.text.erase(piece.text.size() - kHostSuffix.size());
    piece.host_only = true;
  }
  const bool fine = !piece.text.empty() && std::ranges::all_of(piece.text, [](char c) {
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
  if (!fine) return fail(fmt::format("'${{labels.{}}}' does not name a label", text));
  return piece;
}

Rule ignoring(std::string name, std::string_view matcher, std::string reason) {
  Rule rule;
  rule.name = std::move(name);
  rule.file = "built in";
  rule.match.push_back(parse_matchers(matcher).value());
  rule.action = RuleAction::ignore;
  rule.phases = {Phase::precheck, Phase::between, Phase::drain, Phase::upgrade, Phase::soak};
  rule.reason = std::move(reason);
  return rule;
}

}  // namespace

std::optional<std::string> NodeTemplate::resolve(const Labels& labels) const {
  std::string node;
  for (const auto& piece : pieces) {
    if (!piece.label) {
      node += piece.text;
      continue;
    }
    const std::string_view label = labels.get(piece.text);
    const std::string_view value = piece.host_only ? host_part(label) : label;
    if (value.empty()) return std::nullopt;
    node += value;
  }
  return node;
}

Result<NodeTemplate> parse_node_template(std::string_view text) {
  NodeTemplate result;
  while (!text.empty()) {
    const std::size_t start = text.find("${");
    if (start > 0) result.pieces.push_back({std::string(text.substr(0, start)), false, false});
    if (start == std::string_view::npos) break;
    text.remove_prefix(start);
    const std::size_t end = text.find('}');
    if (!text.starts_with(kReferenceStart) || end == std::string_view::npos) {
      return fail(fmt::format("write a label reference as ${{labels.NAME}}, not '{}'",
                              text.substr(0, end == std::string_view::npos ? end : end + 1)));
    }
    auto piece = parse_reference(text.substr(kReferenceStart.size(), end - kReferenceStart.size()));
    if (!piece) return std::unexpected(piece.error());
    result.pieces.push_back(std::move(*piece));
    text.remove_prefix(end + 1);
  }
  if (result.pieces.empty()) return fail("the node template is empty");
  return result;
}

std::vector<Rule> builtin_rules() {
  return {
      ignoring("builtin-expected",
               "alertname=~\"Watchdog|InfoInhibitor|RebootRequired|KuredNodeWasNotDrained\"",
               "fires by design or waits for a reboot"),
      ignoring(
          "builtin-own-run",
          "alertname=~\"K8sUpgrade.*|K8sVersionSkew|EtcdPreUpgradeSnapshotMissing|Lockkeeper.*\"",
          "caused by the run itself"),
  };
}

std::string_view to_string(RuleAction action) {
  switch (action) {
    case RuleAction::ignore:
      return "ignore";
    case RuleAction::notify:
      return "notify";
    case RuleAction::pause:
      return "pause";
    case RuleAction::abort:
      return "abort";
  }
  return "?";
}

std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::precheck:
      return "precheck";
    case Phase::between:
      return "between";
    case Phase::drain:
      return "drain";
    case Phase::upgrade:
      return "upgrade";
    case Phase::soak:
      return "soak";
  }
  return "?";
}

std::string_view to_string(NodeStanding standing) {
  switch (standing) {
    case NodeStanding::pending:
      return "pending";
    case NodeStanding::next:
      return "next";
    case NodeStanding::active:
      return "active";
    case NodeStanding::done:
      return "done";
    case NodeStanding::outside:
      return "outside";
  }
  return "?";
}

std::string_view to_string(OnTimeout on_timeout) {
  switch (on_timeout) {
    case OnTimeout::stay:
      return "stay";
    case OnTimeout::abort:
      return "abort";
    case OnTimeout::proceed:
      return "continue";
  }
  return "?";
}

}  // namespace lockkeeper
