// SPDX-License-Identifier: Apache-2.0
#include "bot/confirmations.h"

#include <fmt/format.h>

namespace lockkeeper {
namespace {

constexpr const char* kVersions = "confirmed_versions";
constexpr const char* kAlerts = "confirmed_alerts";
constexpr const char* kPods = "confirmed_pods";

}  // namespace

Confirmations::Confirmations(std::string versions, std::string alerts, std::string pods)
    : versions_(std::move(versions)), alerts_(std::move(alerts)), pods_(std::move(pods)) {}

std::expected<Confirmations, std::vector<std::string>> Confirmations::prove(
    const ClusterFacts& cluster, const Verdict& gate, const WorkloadFacts& workloads,
    const Version& target, double ratio_min) {
  std::vector<std::string> missing;
  if (cluster.nodes.empty()) missing.emplace_back("no nodes were seen");
  for (const auto& node : cluster.nodes) {
    if (node.kubelet != target) {
      missing.push_back(fmt::format("{} runs {}", node.name, clipped(node.kubelet_text, 40)));
    }
    if (node.ready != Condition::yes) missing.push_back(fmt::format("{} is not Ready", node.name));
  }
  if (gate.answer != Answer::go) {
    missing.insert(missing.end(), gate.reasons.begin(), gate.reasons.end());
  }
  const double ratio = workloads.pods_wanted == 0
                           ? 1.0
                           : static_cast<double>(workloads.pods_ready) / workloads.pods_wanted;
  const auto pods = fmt::format("{} of {} pods ready", workloads.pods_ready, workloads.pods_wanted);
  if (ratio < ratio_min) missing.push_back(fmt::format("only {} ({:.2f})", pods, ratio));
  if (!missing.empty()) return std::unexpected(std::move(missing));
  return Confirmations(fmt::format("{} of {} nodes report {}", cluster.nodes.size(),
                                   cluster.nodes.size(), to_string(target)),
                       "no alert is firing outside the ignored ones", pods);
}

std::optional<Confirmations> Confirmations::recalled(const Notes& notes) {
  const auto versions = notes.find(kVersions);
  const auto alerts = notes.find(kAlerts);
  const auto pods = notes.find(kPods);
  if (versions == notes.end() || alerts == notes.end() || pods == notes.end()) return std::nullopt;
  return Confirmations(versions->second, alerts->second, pods->second);
}

Notes Confirmations::notes() const {
  return {{kVersions, versions_}, {kAlerts, alerts_}, {kPods, pods_}};
}

}  // namespace lockkeeper
