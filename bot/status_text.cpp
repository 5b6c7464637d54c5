// SPDX-License-Identifier: Apache-2.0
#include "bot/status_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "bot/gate_text.h"

namespace lockkeeper {
namespace {

constexpr std::size_t kAlertsShown = 40;
constexpr std::size_t kNodesShown = 200;
constexpr std::size_t kRulesShown = 300;

/// Of the sources only what is worth a word: one of them is not seen, or webhooks show that they
/// arrive.
std::string sources_text(const GateView& gate) {
  std::string text;
  // One alone has been told of already.
  const bool several = std::ranges::count_if(gate.sources, [](const SourceState& source) {
                         return source.name.starts_with("prometheus");
                       }) > 1;
  for (const auto& source : gate.sources) {
    if (source.name == "prometheus" && !several) continue;
    const auto ago = source.last_good ? to_string(gate.at - *source.last_good) : std::string();
    const bool heartbeat = source.name == "webhook" && source.good;
    if (heartbeat) text += fmt::format(", Watchdog by webhook {} ago", ago);
    if (source.good) continue;
    text += ago.empty() ? fmt::format(", {} never seen", source.name)
                        : fmt::format(", {} not seen for {}", source.name, ago);
  }
  return text;
}

std::string gate_line(const GateView& gate) {
  auto text = fmt::format("gate: {}", to_string(gate.state));
  if (gate.since_good_poll) {
    text += fmt::format(", Prometheus seen {} ago", to_string(*gate.since_good_poll));
  }
  text += sources_text(gate);
  const auto blocking = std::ranges::count_if(
      gate.alerts, [](const auto& alert) { return alert.action >= RuleAction::pause; });
  return text +
         fmt::format(", {} firing, {} blocking", counted(gate.alerts.size(), "alert"), blocking);
}

std::string indented(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& one : lines)
    text += "\n  " + one;
  return text;
}

std::vector<std::string> hold_lines(const Progress& progress) {
  std::vector<std::string> lines;
  if (progress.latched) {
    lines.push_back(fmt::format("aborting: {}", joined(progress.latched->reasons, "; ")));
  }
  if (progress.person_hold) {
    lines.push_back(fmt::format("paused by {}: {}; ends with /upgrade resume",
                                progress.person_hold->by, progress.person_hold->reason));
  }
  if (progress.doubt) {
    lines.push_back(fmt::format("in doubt: {}; look at the node, then /upgrade resume or abort",
                                joined(progress.doubt->reasons, "; ")));
  }
  return lines;
}

std::string_view ready_text(Condition ready) {
  switch (ready) {
    case Condition::yes:
      return "Ready";
    case Condition::no:
      return "NotReady";
    case Condition::unknown:
      return "Unknown";
  }
  return "?";
}

}  // namespace

std::string status_text(const Progress& progress, const GateView& gate, std::string_view activity) {
  const auto& plan = *progress.plan;
  const auto done = std::ranges::count_if(
      progress.steps, [](const StepRecord& record) { return record.outcome.has_value(); });
  auto text =
      fmt::format("{} {}: {} -> {}{}, {} of {} steps, opened {} by {}", plan.cluster, progress.run,
                  to_string(plan.from), to_string(plan.target), plan.dry_run ? " (dry run)" : "",
                  done, plan.steps.size(), to_string(progress.opened_at), progress.opened_by);
  if (!progress.approved_by.empty()) text += ", approved by " + progress.approved_by;
  text += fmt::format("\nnow: {}", activity);
  text += indented(hold_lines(progress));
  return text + "\n" + gate_line(gate);
}

std::string idle_text(const Progress* newest, const GateView& gate) {
  std::string text = "no run is open";
  if (newest != nullptr) text += "; the newest: " + history_line(*newest);
  return text + "\n" + gate_line(gate);
}

std::string why_text(const Progress* progress, const GateView& gate) {
  std::vector<std::string> lines;
  const auto noted =
      gate.notes.empty() ? std::string() : "\nwhat does not hold it:" + indented(gate.notes);
  if (progress != nullptr) lines = hold_lines(*progress);
  for (const auto& reason : gate.reasons)
    lines.push_back("gate: " + reason);
  if (progress != nullptr && progress->gate_hold && gate.reasons.empty()) {
    for (const auto& reason : progress->gate_hold->reasons)
      lines.push_back(reason);
  }
  if (lines.empty())
    return "nothing holds " + std::string(progress == nullptr ? "a start" : "the run") + noted;
  return fmt::format("{}:{}{}", counted(lines.size(), "reason"), indented(lines), noted);
}

std::string nodes_text(const ClusterFacts& facts) {
  auto text = fmt::format("API server {}, {} nodes", facts.api_server_text, facts.nodes.size());
  std::size_t shown = 0;
  for (const auto& node : facts.nodes) {
    if (++shown > kNodesShown)
      return text + fmt::format("\n  and {} more", facts.nodes.size() - kNodesShown);
    text += fmt::format("\n  {} {} {} {}", node.name, node.kubelet_text, ready_text(node.ready),
                        node.control_plane ? "control-plane" : "worker");
    if (node.unschedulable) {
      text +=
          fmt::format(", cordoned by {}", node.cordoned_by.empty() ? "a person" : node.cordoned_by);
    }
    for (const auto& pressure : node.pressures)
      text += ", " + pressure;
  }
  return text;
}

std::string alerts_text(const GateView& gate) {
  auto text = gate_line(gate);
  std::size_t shown = 0;
  for (const auto& alert : gate.alerts) {
    if (++shown > kAlertsShown)
      return text + fmt::format("\n  and {} more", gate.alerts.size() - kAlertsShown);
    text += fmt::format("\n  {:6} {} {} {}, rule {}{}{}", to_string(alert.action),
                        alert_text(alert.labels), alert.pending ? "pending" : "firing",
                        to_string(alert.firing), alert.rule,
                        alert.provisional ? ", from a webhook only" : "",
                        alert.note.empty() ? "" : ", " + alert.note);
  }
  return text;
}

std::string rules_text(const std::vector<RuleView>& rules) {
  auto text = fmt::format("{}, the first of which all keys hold decides",
                          counted(rules.size() - 1, "rule"));
  std::size_t number = 0;
  for (const auto& [rule, state] : rules) {
    const bool last = ++number == rules.size();
    const auto lead = last ? std::string("otherwise") : fmt::format("{:4}.", number);
    text += fmt::format("\n{} {}: {}, {}", lead, rule_text(rule), to_string(rule.action), state);
    if (number == kRulesShown && !last) {
      return text + fmt::format("\n  and {} more", rules.size() - number);
    }
  }
  return text;
}

std::string history_line(const Progress& progress) {
  const auto& plan = *progress.plan;
  const auto ending =
      progress.closed
          ? fmt::format("{} in {}", to_string(progress.closed->ending),
                        to_string(std::max(progress.closed_at - progress.opened_at, Millis(0))))
          : std::string("open");
  return fmt::format("{} {} {} -> {} {}, {}, {}, by {}", to_string(progress.opened_at),
                     progress.run, to_string(plan.from), to_string(plan.target), ending,
                     counted(plan.nodes.size(), "node"), counted(progress.pauses.size(), "pause"),
                     progress.opened_by);
}

}  // namespace lockkeeper
