// SPDX-License-Identifier: Apache-2.0
#include "bot/vigil.h"

#include <fmt/format.h>

#include <algorithm>

#include "bot/course.h"

namespace lockkeeper {
namespace {

// One renewal may have been on its way while the kubelet stopped; the second cannot.
constexpr std::size_t kRenewalsNeeded = 2;
// A note stays readable; a cluster with more broken workloads fails its preflight anyway.
constexpr std::size_t kPendingNoted = 200;

void add_all(std::vector<std::string>& to, const std::vector<std::string>& from,
             std::string_view what) {
  for (const auto& name : from)
    to.push_back(fmt::format("{} {}", name, what));
}

}  // namespace

ReadyProof::ReadyProof(const Plan& plan, const Step& step)
    : kubelet_(expected_kubelet(plan, step)), target_(plan.target) {
  const PlannedNode* node = plan.node(step.node);
  control_plane_ = node != nullptr && node->role != Role::worker;
  upgraded_ = step.stage != Stage::containerd;
}

std::vector<std::string> ReadyProof::missing(const NodeHealth& health) {
  std::vector<std::string> missing;
  const auto& node = health.node;
  if (node.kubelet != kubelet_) {
    missing.push_back(
        fmt::format("{} reports kubelet {}", node.name, clipped(node.kubelet_text, 40)));
  }
  if (node.ready != Condition::yes) missing.push_back(fmt::format("{} is not Ready", node.name));
  add_all(missing, health.daemons_not_ready, "is not Ready");
  if (control_plane_) {
    add_all(missing, health.control_plane_not_ready, "is not Ready");
    // Its own stage brings containerd before kubeadm brings the static pods.
    if (upgraded_) add_all(missing, health.control_plane_outdated, "is not at its new version");
    if (!health.api_ready) missing.emplace_back("the API server's /readyz is not ok");
    if (upgraded_ && health.api_server != target_) {
      missing.push_back(fmt::format("the API server reports {}", health.api_server
                                                                     ? to_string(*health.api_server)
                                                                     : std::string("no version")));
    }
  }
  if (!node.lease_renewed.empty()) renewals_.insert(node.lease_renewed);
  // The first value was there before; each further one is a sign of life.
  if (renewals_.size() <= kRenewalsNeeded) {
    missing.push_back(fmt::format("{}: its Lease was renewed {} of {} times", node.name,
                                  renewals_.empty() ? 0 : renewals_.size() - 1, kRenewalsNeeded));
  }
  return missing;
}

void SoakClock::looked(const std::vector<std::string>& troubles, Moment now) {
  if (troubles.empty()) {
    if (!healthy_since_) healthy_since_ = now;
    return;
  }
  if (healthy_since_) ++restarts_;
  healthy_since_.reset();
  last_trouble_ = joined(troubles);
}

bool SoakClock::over(Moment now) const {
  return healthy_since_ && left(now) == Millis(0);
}

Millis SoakClock::left(Moment now) const {
  if (!healthy_since_) return needed_;
  return std::max(needed_ - (now - *healthy_since_), Millis(0));
}

bool Patience::over(bool counts, Moment now) {
  if (counts) left_ -= now - looked_;
  looked_ = now;
  return left_ <= Millis(0);
}

std::vector<std::string> node_troubles(const NodeHealth& health, const Version& kubelet,
                                       const std::string& ready_changed) {
  std::vector<std::string> troubles;
  const auto& node = health.node;
  if (node.ready != Condition::yes) {
    troubles.push_back(fmt::format("{} is not Ready", node.name));
  } else if (!ready_changed.empty() && node.ready_changed != ready_changed) {
    troubles.push_back(fmt::format("{} was not Ready for a moment", node.name));
  }
  if (node.kubelet != kubelet) {
    troubles.push_back(
        fmt::format("{} reports kubelet {}", node.name, clipped(node.kubelet_text, 40)));
  }
  for (const auto& pressure : node.pressures) {
    troubles.push_back(fmt::format("{}: {}", node.name, pressure));
  }
  add_all(troubles, health.daemons_not_ready, "is not Ready");
  add_all(troubles, health.control_plane_not_ready, "is not Ready");
  return troubles;
}

std::vector<std::string> newly_pending(const WorkloadFacts& workloads, const std::string& before) {
  const auto known = split(before, ',');
  std::vector<std::string> fresh;
  for (const auto& owner : workloads.pending) {
    if (std::ranges::find(known, owner) == known.end()) {
      fresh.push_back(fmt::format("{} has a pending pod", owner));
    }
  }
  return fresh;
}

std::string pending_note(const WorkloadFacts& workloads) {
  auto owners = workloads.pending;
  std::ranges::sort(owners);
  if (owners.size() > kPendingNoted) owners.resize(kPendingNoted);
  return joined(owners, ",");
}

}  // namespace lockkeeper
