// SPDX-License-Identifier: Apache-2.0
#include "bot/worker_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace lockkeeper {
namespace {

/// Where a name stands in a list, or the list's length when it does not.
std::size_t place(const std::vector<std::string>& list, const std::string& name) {
  return static_cast<std::size_t>(std::ranges::find(list, name) - list.begin());
}

bool worker_named(const std::vector<NodeFacts>& nodes, const std::string& name) {
  return std::ranges::any_of(
      nodes, [&](const NodeFacts& node) { return node.name == name && !node.control_plane; });
}

void check_list(const std::vector<NodeFacts>& nodes, const std::vector<std::string>& list,
                std::string_view key, std::vector<std::string>& reasons) {
  std::vector<std::string_view> known;
  for (const auto& node : nodes) {
    if (!node.control_plane) known.emplace_back(node.name);
  }
  for (const auto& name : list) {
    if (worker_named(nodes, name)) continue;
    reasons.push_back(fmt::format("[upgrade] {} names '{}', which is no worker of this cluster{}",
                                  key, name, suggestion(name, known)));
  }
}

}  // namespace

std::vector<NodeFacts> in_worker_order(const std::vector<NodeFacts>& nodes,
                                       const UpgradeSettings& settings) {
  std::vector<NodeFacts> workers;
  std::ranges::copy_if(nodes, std::back_inserter(workers),
                       [](const NodeFacts& node) { return !node.control_plane; });
  const bool descending = settings.worker_order == UpgradeSettings::Order::name_descending;
  const auto rank = [&](const NodeFacts& node) {
    const std::size_t first = place(settings.first, node.name);
    const std::size_t last = place(settings.last, node.name);
    const bool is_last = last < settings.last.size();
    return std::tuple(is_last, is_last ? last : first);
  };
  std::ranges::sort(workers, [&](const NodeFacts& a, const NodeFacts& b) {
    if (rank(a) != rank(b)) return rank(a) < rank(b);
    return descending ? a.name > b.name : a.name < b.name;
  });
  return workers;
}

std::vector<std::string> order_refusals(const std::vector<NodeFacts>& nodes,
                                        const Settings& settings) {
  std::vector<std::string> reasons;
  check_list(nodes, settings.upgrade.first, "first", reasons);
  check_list(nodes, settings.upgrade.last, "last", reasons);
  const std::string& own = settings.kubernetes.own_node;
  const bool ours = std::ranges::any_of(nodes, [&](const auto& node) { return node.name == own; });
  if (ours && settings.kubernetes.own_pod.empty()) {
    reasons.push_back(fmt::format(
        "this process runs on {}, but [kubernetes] own_pod is not set, so it cannot step aside",
        own));
  }
  if (ours && nodes.size() == 1) {
    reasons.push_back(
        fmt::format("this process runs on {}, the only node, and cannot step aside; "
                    "run it outside the cluster",
                    own));
  }
  return reasons;
}

}  // namespace lockkeeper
