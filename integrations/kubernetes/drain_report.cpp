// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/drain_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "rules/text.h"

namespace lockkeeper::kubernetes {
namespace {

constexpr std::size_t kNamedMax = 5;
constexpr std::int64_t kUsualGraceSeconds = 60;

std::string budget_text(const Budget& budget) {
  if (!budget.sync_failure.empty())
    return fmt::format("budget {}: {}", budget.full_name(), clipped(budget.sync_failure, 120));
  return fmt::format("budget {}: {} disruptions allowed, {} healthy of {} needed, {} expected",
                     budget.full_name(), budget.allowed, budget.healthy, budget.desired,
                     budget.expected);
}

// All covering budgets, not the first: two of them are the reason, if there are two.
std::string held_text(const Remaining& each, const std::vector<Budget>& budgets) {
  std::vector<std::string> covering;
  for (const auto& budget : budgets)
    if (budget.covers(each.pod)) covering.push_back(budget_text(budget));
  if (covering.empty()) return each.why;
  return (covering.size() > 1 ? "several budgets: " : "held by ") + joined(covering, " and ");
}

/// Causes of an endless end, to be told apart: finalizers, a long grace, a dead kubelet, a volume.
std::string leaving_text(const Pod& pod) {
  std::string text = "leaving";
  if (!pod.deleted_at.empty()) text += ", due " + pod.deleted_at;
  if (!pod.finalizers.empty()) text += ", finalizers " + joined(pod.finalizers);
  if (pod.grace_seconds > kUsualGraceSeconds)
    text += fmt::format(", grace {}", to_string(std::chrono::seconds(pod.grace_seconds)));
  return text;
}

std::string reason_text(const Remaining& each, const std::vector<Budget>& budgets) {
  switch (each.state) {
    case Remaining::State::leaving:
      return leaving_text(each.pod);
    case Remaining::State::held:
    case Remaining::State::impossible:
      return held_text(each, budgets);
    case Remaining::State::waiting:
      break;
  }
  return "not asked yet, controlled by " + each.pod.controlled_by();
}

}  // namespace

std::string progress_line(const std::string& node, const Evacuation& evacuation) {
  std::array<std::size_t, 4> counts{};
  std::string held;
  for (const auto& each : evacuation.remaining()) {
    ++counts[static_cast<std::size_t>(each.state)];
    if (each.state == Remaining::State::held && held.empty()) held = each.pod.full_name();
  }
  const auto count = [&](Remaining::State state) {
    return counts[static_cast<std::size_t>(state)];
  };
  std::string line =
      fmt::format("{}: {} pods gone, {} leaving, {} waiting", node, evacuation.gone(),
                  count(Remaining::State::leaving), count(Remaining::State::waiting));
  if (!held.empty())
    line += fmt::format(", {} held by budgets ({})", count(Remaining::State::held), held);
  return line;
}

std::string remaining_text(Client& client, const std::vector<Remaining>& remaining) {
  std::set<std::string> spaces;
  for (const auto& each : remaining)
    if (each.state != Remaining::State::leaving && spaces.size() < kNamedMax)
      spaces.insert(each.pod.space);
  std::vector<Budget> budgets;
  for (const auto& space : spaces) {
    const auto list = client.get(
        fmt::format("/apis/policy/v1/namespaces/{}/poddisruptionbudgets", encoded(space)));
    if (!list) continue;
    for (const auto& item : items_at(*list, {"items"}))
      budgets.push_back(budget_of(item));
  }
  return remaining_text(remaining, budgets);
}

std::string remaining_text(const std::vector<Remaining>& remaining,
                           const std::vector<Budget>& budgets) {
  std::vector<std::string> named;
  for (const auto& each : remaining)
    if (named.size() < kNamedMax)
      named.push_back(fmt::format("{} ({})", each.pod.full_name(), reason_text(each, budgets)));
  std::string text = "still there: " + joined(named);
  if (remaining.size() > named.size())
    text += fmt::format(" and {} more", remaining.size() - named.size());
  return text;
}

}  // namespace lockkeeper::kubernetes
