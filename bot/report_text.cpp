// SPDX-License-Identifier: Apache-2.0

// The report in words: short for chat, long for a terminal and a file.

#include <fmt/format.h>

#include <algorithm>

#include "bot/report.h"
#include "bot/zone_text.h"

namespace lockkeeper {
namespace {

constexpr std::size_t kReasonsShown = 6;
constexpr std::size_t kReasonMax = 400;  // bytes of one, in chat
constexpr std::size_t kRunsInShort = 3;
constexpr std::size_t kStepsInShort = 5;
constexpr std::size_t kNodesShown = 200;

using Lines = std::vector<std::string>;

std::string text_of(const Lines& lines) {
  return joined(lines, "\n");
}

void add_listed(Lines& lines, const std::vector<std::string>& items) {
  for (std::size_t i = 0; i < std::min(items.size(), kReasonsShown); ++i)
    lines.push_back("  " + clipped(items[i], kReasonMax));
  if (items.size() > kReasonsShown)
    lines.push_back(fmt::format("  and {} more", items.size() - kReasonsShown));
}

std::string running_text(const Report& report) {
  std::vector<std::string> parts;
  for (const auto& [version, nodes] : report.running)
    parts.push_back(
        fmt::format("{} on {}", version, counted(static_cast<std::size_t>(nodes), "node")));
  return fmt::format("running: {}; API server {}", joined(parts), report.api_server);
}

std::string target_text(const ReportTarget& target) {
  auto text =
      fmt::format("{} ({})", to_string(target.available.version), to_string(target.available.kind));
  return target.waits_for.empty() ? text : text + ", not yet: " + target.waits_for;
}

std::string detection_line(const Report& report) {
  const auto& detection = report.detection;
  const auto* zone = report.zone.get();
  auto text = detection.last ? fmt::format("detection: looked {} ago ({})",
                                           to_string(report.at - *detection.last),
                                           minute_text(*detection.last, zone))
                             : std::string("detection: has never looked");
  if (detection.overdue > Millis(0))
    text += fmt::format(", OVERDUE for {}", to_string(detection.overdue));
  text += detection.next ? ", next " + minute_text(*detection.next, zone) : ", no schedule";
  if (detection.doubts.empty()) return text;
  return text + "; not believed: " + detection.doubts.substr(0, detection.doubts.find('\n'));
}

/// "2026-11-20 23:05 r-x 1.34.2 -> 1.34.7 done in 58m, 5 of 5 nodes, waited 9m, by console:ana".
std::string run_line(const RunReport& run, const Zone* zone) {
  auto text = fmt::format(
      "{} {} {} -> {}{} {} {}, {} of {}", minute_text(run.opened, zone), run.run,
      to_string(run.from), to_string(run.target), run.dry_run ? " (dry run)" : "",
      run.ending ? fmt::format("{} in", to_string(*run.ending)) : std::string("open for"),
      to_string(run.took()), run.nodes_upgraded(), counted(run.nodes.size(), "node"));
  if (run.waited > Millis(0)) text += fmt::format(", waited {}", to_string(run.waited));
  return text + ", by " + run.by;
}

std::string step_line(const StepReport& step, const Zone* zone) {
  const Time at = step.began.value_or(step.ended.value_or(Time{}));
  auto text = fmt::format("{} {}{}{} {}", hour_text(at, zone), to_string(step.action),
                          step.node.empty() ? "" : " ", step.node,
                          step.result ? to_string(*step.result) : std::string_view("at work"));
  if (step.began && step.ended) text += " in " + to_string(*step.ended - *step.began);
  return text;
}

/// The newest steps that were really taken.
Lines recent_steps(const RunReport& run, std::size_t most, const Zone* zone) {
  Lines lines;
  for (auto step = run.steps.rbegin(); step != run.steps.rend() && lines.size() < most; ++step)
    if (step->began) lines.push_back(step_line(*step, zone));
  std::ranges::reverse(lines);
  return lines;
}

Lines head_lines(const Report& report) {
  Lines lines;
  lines.push_back(fmt::format("[k8s-upgrade] {}: report of {} {}", report.cluster,
                              minute_text(report.at, report.zone.get()),
                              zone_name(report.zone.get())));
  lines.push_back(report.headline);
  add_listed(lines, report.reasons);
  for (const auto& one : report.advice)
    lines.push_back("  " + one);
  for (const auto& one : report.also)
    lines.push_back("also: " + one);
  if (!report.running.empty()) lines.push_back(running_text(report));
  for (const auto& target : report.targets)
    lines.push_back("next: " + target_text(target));
  lines.push_back(detection_line(report));
  if (!report.gate.empty()) lines.push_back("gate: " + report.gate);
  for (const auto& one : report.waiting) {
    lines.push_back("waits for approval: " + waiting_line(one));
    lines.push_back("  another person approves it: /upgrade approve " + one.what.digest);
  }
  for (const auto& one : report.unseen)
    lines.push_back("not seen: " + one);
  return lines;
}

void add_times(Lines& lines, const RunReport& run) {
  std::vector<std::string> parts;
  for (const auto& phase : run.phases)
    parts.push_back(fmt::format("{} {}", to_string(phase.stage), to_string(phase.worked)));
  if (run.waited > Millis(0)) parts.push_back("waited " + to_string(run.waited));
  lines.push_back("  phases: " + joined(parts));
}

void add_nodes(Lines& lines, const RunReport& run) {
  std::size_t shown = 0;
  for (const auto& node : run.nodes) {
    if (++shown > kNodesShown) {
      lines.push_back(fmt::format("  and {} more nodes", run.nodes.size() - kNodesShown));
      return;
    }
    lines.push_back(fmt::format("  {}: {}{}", node.name, to_string(node.result),
                                node.worked > Millis(0) ? " in " + to_string(node.worked) : ""));
  }
}

void add_people(Lines& lines, const RunReport& run, const Zone* zone) {
  for (const auto& order : run.orders)
    lines.push_back(fmt::format("  {} {} by {}{}", hour_text(order.at, zone), order.what, order.by,
                                order.reason.empty() ? "" : ": " + order.reason));
}

void add_pauses(Lines& lines, const RunReport& run, const Zone* zone) {
  for (const auto& pause : run.pauses)
    lines.push_back(fmt::format("  {} held by {} for {}{}: {}", hour_text(pause.from, zone),
                                holder_text(pause.holder), to_string(pause.lasted()),
                                pause.over ? "" : " so far", joined(pause.reasons, "; ")));
  std::vector<std::string> parts;
  for (const auto& [rule, time] : run.held_by())
    parts.push_back(fmt::format("{} {}s", rule, time.count() / 1000));
  if (!parts.empty()) lines.push_back("  held by rule: " + joined(parts));
}

void add_run(Lines& lines, const RunReport& run, const Zone* zone) {
  lines.push_back("");
  lines.push_back(run_line(run, zone));
  for (const auto& reason : run.reasons)
    lines.push_back("  " + reason);
  add_times(lines, run);
  add_nodes(lines, run);
  add_people(lines, run, zone);
  add_pauses(lines, run, zone);
  for (const auto& decision : run.decisions) {
    if (decision.what == "aborted")
      lines.push_back(fmt::format("  {} aborted: {}", hour_text(decision.at, zone),
                                  joined(decision.reasons, "; ")));
  }
  for (const auto& note : run.notes)
    lines.push_back("  note: " + note);
}

}  // namespace

std::string report_text(const Report& report) {
  auto lines = head_lines(report);
  const auto* zone = report.zone.get();
  if (report.runs.empty()) lines.emplace_back("no run yet");
  if (!report.runs.empty()) {
    lines.emplace_back("last runs:");
    for (std::size_t i = 0; i < std::min(report.runs.size(), kRunsInShort); ++i)
      lines.push_back("  " + run_line(report.runs[i], zone));
    const auto steps = recent_steps(report.runs.front(), kStepsInShort, zone);
    if (!steps.empty()) lines.push_back(fmt::format("steps of {}:", report.runs.front().run));
    for (const auto& step : steps)
      lines.push_back("  " + step);
  }
  return text_of(lines);
}

std::string report_page(const Report& report) {
  auto lines = head_lines(report);
  if (report.runs.empty()) lines.emplace_back("no run yet");
  for (const auto& run : report.runs)
    add_run(lines, run, report.zone.get());
  return text_of(lines) + "\n";
}

}  // namespace lockkeeper
