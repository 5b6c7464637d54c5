// SPDX-License-Identifier: Apache-2.0
#include "bot/skew.h"

#include <fmt/format.h>

#include <algorithm>

namespace lockkeeper {
namespace {

std::vector<std::string> unreadable(const ClusterFacts& facts) {
  std::vector<std::string> reasons;
  if (!facts.api_server) {
    reasons.push_back(fmt::format("the API server's version '{}' cannot be read",
                                  clipped(facts.api_server_text, 40)));
  }
  if (facts.nodes.empty()) reasons.emplace_back("the cluster has no nodes");
  for (const auto& node : facts.nodes) {
    if (!node.kubelet) {
      reasons.push_back(fmt::format("{}: its kubelet's version '{}' cannot be read", node.name,
                                    clipped(node.kubelet_text, 40)));
    }
    if (node.address.empty()) {
      reasons.push_back(fmt::format("{}: it has no InternalIP, so SSH cannot reach it", node.name));
    }
  }
  const bool any_master = std::ranges::any_of(facts.nodes, &NodeFacts::control_plane);
  if (!facts.nodes.empty() && !any_master) {
    reasons.emplace_back("no node has the label node-role.kubernetes.io/control-plane");
  }
  return reasons;
}

std::vector<std::string> target_reasons(const ClusterFacts& facts, const Version& target) {
  std::vector<std::string> reasons;
  const Version& api = *facts.api_server;
  const int hop = minors_between(api, target);
  if (target < api) {
    reasons.push_back(fmt::format("{} is older than the API server's {}; nothing here downgrades",
                                  to_string(target), to_string(api)));
  } else if (hop > 1) {
    const Version next{api.major, api.minor + 1, 0, {}};
    reasons.push_back(fmt::format(
        "{} is {} minors above {}; Kubernetes allows one at a time, the next hop is {}.x",
        to_string(target), hop, to_string(api), minor_name(next)));
  }
  for (const auto& node : facts.nodes) {
    if (*node.kubelet > target) {
      reasons.push_back(fmt::format("{}: its kubelet runs {}, which is newer than {}", node.name,
                                    to_string(*node.kubelet), to_string(target)));
    } else if (hop <= 1 && !kubelet_skew_allowed(*node.kubelet, target)) {
      reasons.push_back(fmt::format("{}: its kubelet {} is too old for an API server {}", node.name,
                                    to_string(*node.kubelet), to_string(target)));
    }
  }
  return reasons;
}

std::vector<std::string> stage_reasons(const ClusterFacts& facts, const UpgradeRequest& request) {
  std::vector<std::string> reasons;
  const auto kind = derived_kind(facts, request.target);
  if (request.kind && *request.kind != kind) {
    reasons.push_back(fmt::format("kind is {}, but {} -> {} is a {} upgrade",
                                  to_string(*request.kind), to_string(oldest_version(facts)),
                                  to_string(request.target), to_string(kind)));
  }
  const bool masters_done = std::ranges::all_of(facts.nodes, [&](const NodeFacts& node) {
    return !node.control_plane || node.kubelet == request.target;
  });
  const bool api_done = *facts.api_server == request.target;
  if (request.has(Stage::workers) && !request.has(Stage::master) && !(masters_done && api_done)) {
    reasons.emplace_back("workers may not run ahead of the control plane: add stage master");
  }
  if (!request.dry_run && request.has(Stage::postflight)) {
    const auto left = std::ranges::count_if(facts.nodes, [&](const NodeFacts& node) {
      const Stage stage = node.control_plane ? Stage::master : Stage::workers;
      return node.kubelet != request.target && !request.has(stage);
    });
    if (left > 0) {
      reasons.push_back(fmt::format(
          "postflight confirms every node, but the chosen stages leave {} of them behind", left));
    }
  }
  const bool nodes = request.has(Stage::master) || request.has(Stage::workers);
  if (nodes && kind == UpgradeKind::minor && !request.has(Stage::repo)) {
    reasons.emplace_back(
        "a minor upgrade takes its packages from another repository: add stage repo");
  }
  return reasons;
}

}  // namespace

Refusal skew_refusal(const ClusterFacts& facts, const UpgradeRequest& request) {
  if (auto reasons = unreadable(facts); !reasons.empty()) return {std::move(reasons), false};
  auto reasons = target_reasons(facts, request.target);
  if (!reasons.empty()) return {std::move(reasons), false};
  const bool all_there = std::ranges::all_of(facts.nodes, [&](const NodeFacts& node) {
    return node.kubelet == request.target && !(node.unschedulable && !node.cordoned_by.empty());
  });
  const bool touches_nodes = request.has(Stage::master) || request.has(Stage::workers);
  if (all_there && *facts.api_server == request.target && touches_nodes) {
    const auto who = facts.nodes.size() == 1 ? std::string("the only node runs")
                                             : fmt::format("all {} nodes run", facts.nodes.size());
    return {{fmt::format("nothing to do: {} {}", who, to_string(request.target))}, true};
  }
  return {stage_reasons(facts, request), false};
}

Version oldest_version(const ClusterFacts& facts) {
  Version oldest = *facts.api_server;
  for (const auto& node : facts.nodes)
    oldest = std::min(oldest, *node.kubelet);
  return oldest;
}

UpgradeKind derived_kind(const ClusterFacts& facts, const Version& target) {
  return same_minor(oldest_version(facts), target) ? UpgradeKind::patch : UpgradeKind::minor;
}

}  // namespace lockkeeper
