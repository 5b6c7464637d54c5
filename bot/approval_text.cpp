// SPDX-License-Identifier: Apache-2.0

// What a start that waits for approval looks like in words.

#include <fmt/format.h>

#include "bot/approvals.h"
#include "rules/text.h"

namespace lockkeeper {
namespace {

constexpr std::size_t kDifferencesShown = 10;

std::string node_line(const PlannedNode& node) {
  auto text = fmt::format("kubelet {}", to_string(node.kubelet));
  if (!node.containerd.empty()) text += ", containerd " + node.containerd;
  text += fmt::format(", {}, at {}, uid {}", to_string(node.role), node.address, node.uid);
  return node.finish_only ? text + ", to be finished only" : text;
}

/// "containerd 1.7.28, was containerd 1.7.27": only the parts that differ, where the others are in
/// the same places.
std::string change(std::string_view before, std::string_view now) {
  const auto old_parts = split(before, ',');
  const auto parts = split(now, ',');
  if (old_parts.size() != parts.size()) return fmt::format("{}, was {}", now, before);
  std::vector<std::string> was;
  std::vector<std::string> is;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] == old_parts[i]) continue;
    was.emplace_back(old_parts[i]);
    is.emplace_back(parts[i]);
  }
  return fmt::format("{}, was {}", joined(is), joined(was));
}

std::string with(std::string_view what) {
  return what.empty() ? std::string() : fmt::format(": {}", what);
}

}  // namespace

Notes outline(const Plan& plan) {
  std::vector<std::string> order;
  Notes notes = {{"cluster", plan.cluster},
                 {"from", to_string(plan.from)},
                 {"target", to_string(plan.target)},
                 {"kind", std::string(to_string(plan.kind))},
                 {"steps", fmt::format("{}", plan.steps.size())}};
  if (!plan.takes_over.empty()) notes["takes over"] = plan.takes_over;
  if (!plan.containerd_target.empty()) notes["containerd"] = plan.containerd_target;
  if (!plan.ignore_alerts.empty()) {
    notes["set aside"] =
        fmt::format("{} for {}", joined(plan.ignore_alerts), to_string(plan.ignore_for));
  }
  for (const auto& node : plan.nodes) {
    order.push_back(node.name);
    notes["node " + node.name] = node_line(node);
  }
  notes["order"] = joined(order);
  return notes;
}

std::vector<std::string> differences(const Notes& before, const Notes& now) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : before) {
    const auto at = now.find(name);
    if (at == now.end())
      lines.push_back(fmt::format("{} is gone (was {})", name, value));
    else if (at->second != value)
      lines.push_back(fmt::format("{}: {}", name, change(value, at->second)));
  }
  for (const auto& [name, value] : now)
    if (!before.contains(name)) lines.push_back(fmt::format("{} is new ({})", name, value));
  if (lines.empty()) lines.emplace_back("its steps or their limits");
  if (lines.size() > kDifferencesShown) {
    const auto more = lines.size() - kDifferencesShown;
    lines.resize(kDifferencesShown);
    lines.push_back(fmt::format("and {} more", more));
  }
  return lines;
}

std::string waiting_line(const StartRequest& request) {
  const auto& what = request.what;
  return fmt::format("{}, asked for by {}{}, until {}", what.summary, what.by, with(what.reason),
                     to_string(what.expires));
}

std::string decided_line(const StartRequest& request) {
  const auto lead = fmt::format("plan {}", request.what.digest);
  if (!request.decided) return lead + " waits for approval";
  const auto& decided = *request.decided;
  const auto at = to_string(request.decided_at);
  switch (decided.ruling) {
    case Ruling::approved:
      return fmt::format("{} was approved by {} at {}: run {}", lead, decided.by, at, decided.run);
    case Ruling::declined:
    case Ruling::withdrawn:
      return fmt::format("{} was {} by {} at {}{}", lead, to_string(decided.ruling), decided.by, at,
                         with(decided.why));
    case Ruling::expired:
      return fmt::format("{} expired at {}: nobody approved it", lead,
                         to_string(request.what.expires));
    case Ruling::changed:
      return fmt::format("{} is void since {}: {}", lead, at, decided.why);
    case Ruling::refused:
      break;
  }
  return lead + " waits for approval";
}

}  // namespace lockkeeper
