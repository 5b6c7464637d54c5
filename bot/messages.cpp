// SPDX-License-Identifier: Apache-2.0
#include "bot/messages.h"

#include <fmt/format.h>

#include <algorithm>

#include "bot/recovery.h"

namespace lockkeeper::messages {
namespace {

constexpr std::string_view kPrefix = "[k8s-upgrade]";
constexpr std::size_t kLinesMax = 60;  // of one message; the journal keeps everything

std::string line(const Progress& progress, std::string_view text) {
  return fmt::format("{} {} {}: {}", kPrefix, progress.plan->cluster, progress.run, text);
}

std::string with_lines(std::string text, const std::vector<std::string>& lines) {
  for (std::size_t i = 0; i < std::min(lines.size(), kLinesMax); ++i)
    text += "\n  " + lines[i];
  if (lines.size() > kLinesMax) text += fmt::format("\n  and {} more", lines.size() - kLinesMax);
  return text;
}

std::string openers(const Progress& progress) {
  return progress.approved_by.empty()
             ? progress.opened_by
             : fmt::format("{}, approved by {}", progress.opened_by, progress.approved_by);
}

std::string_view who(Holder holder) {
  switch (holder) {
    case Holder::gate:
      return "paused by the gate";
    case Holder::person:
      return "paused by a person";
    case Holder::doubt:
      return "needs a person";
  }
  return "?";
}

int nodes_done(const Progress& progress) {
  int count = 0;
  for (const auto& step : progress.plan->steps) {
    const auto& outcome = progress.steps[static_cast<std::size_t>(step.number - 1)].outcome;
    if (step.action == Action::await_ready && step.stage != Stage::containerd && outcome &&
        outcome->result == StepResult::done) {
      ++count;
    }
  }
  return count;
}

Millis paused_for(const Progress& progress) {
  Millis total{};
  for (const auto& pause : progress.pauses) {
    if (pause.to) total += std::max(*pause.to - pause.from, Millis(0));
  }
  return total;
}

std::string tally(const Progress& progress) {
  const Millis took = std::max(progress.closed_at - progress.opened_at, Millis(0));
  auto text = fmt::format("{} of {}, {}", nodes_done(progress),
                          counted(progress.plan->nodes.size(), "node"), to_string(took));
  if (progress.pauses.empty()) return text;
  return text + fmt::format(", {} in all {}", counted(progress.pauses.size(), "pause"),
                            to_string(paused_for(progress)));
}

}  // namespace

std::string plan_summary(const Plan& plan) {
  return fmt::format("{} -> {} ({}{}), {}, {} steps, plan {}", to_string(plan.from),
                     to_string(plan.target), to_string(plan.kind), plan.dry_run ? ", dry run" : "",
                     counted(plan.nodes.size(), "node"), plan.steps.size(), digest(plan));
}

std::string plan_text(const Plan& plan) {
  auto text = fmt::format("{} {}: {}", kPrefix, plan.cluster, plan_summary(plan));
  Stage stage = Stage::postflight;
  for (const auto& step : plan.steps) {
    if (step.number == 1 || step.stage != stage) text += fmt::format("\n{}", to_string(step.stage));
    stage = step.stage;
    text += fmt::format("\n{:4}  {}{} (at most {})", step.number, to_string(step.action),
                        step.node.empty() ? "" : " " + step.node, to_string(step.limit));
  }
  if (plan.ignore_alerts.empty()) return text;
  return text + fmt::format("\nset aside for {}, as far as they fire when the run is opened: {}",
                            to_string(plan.ignore_for), joined(plan.ignore_alerts));
}

Message opened(const Progress& progress) {
  auto text = fmt::format("{}, started by {}", plan_summary(*progress.plan), openers(progress));
  if (!progress.opened_reason.empty()) text += fmt::format(": {}", progress.opened_reason);
  return {Tone::news, progress.run, line(progress, text)};
}

Message resumed(const Progress& progress) {
  const Step* next = progress.next();
  const std::string where = next == nullptr ? "at its end" : "at " + to_string(*next);
  const std::string doubt = progress.in_doubt() ? ", which may have begun" : ", nothing in doubt";
  return {Tone::news, progress.run, line(progress, "resumed " + where + doubt)};
}

Message step_ended(const Progress& progress, const Step& step, const Outcome& outcome) {
  const bool bad = outcome.result == StepResult::failed;
  auto text = fmt::format("{}/{} {}{}: {}", step.number, progress.plan->steps.size(),
                          to_string(step.action), step.node.empty() ? "" : " " + step.node,
                          to_string(outcome.result));
  if (!outcome.detail.empty()) text += ", " + outcome.detail;
  return {bad ? Tone::trouble : Tone::detail, progress.run, line(progress, text)};
}

Message findings(const Progress& progress, const std::vector<Finding>& findings) {
  std::vector<std::string> lines;
  for (const auto& finding : findings) {
    lines.push_back(fmt::format("{}: {}", finding.blocking ? "BLOCKS" : "warns", finding.text));
  }
  const auto blocking = std::ranges::count_if(findings, &Finding::blocking);
  const auto text =
      fmt::format("preflight: {}, {} blocking", counted(findings.size(), "finding"), blocking);
  return {blocking > 0 ? Tone::trouble : Tone::news, progress.run,
          with_lines(line(progress, text), lines)};
}

Message would(const Progress& progress, const Step& step, const std::vector<std::string>& lines) {
  std::vector<std::string> shown;
  for (const auto& one : lines)
    // A note tells what to know about it; it is nothing that would be done.
    shown.push_back(one.starts_with("note ") ? one : "WOULD: " + one);
  if (lines.empty()) shown.emplace_back("nothing to do");
  return {Tone::detail, progress.run, with_lines(line(progress, to_string(step)), shown)};
}

Message held(const Progress& progress, Holder holder, const std::vector<std::string>& reasons,
             const Step& step) {
  const auto tone = holder == Holder::doubt ? Tone::needs_you : Tone::news;
  const auto text = fmt::format("{} before {}", who(holder), to_string(step));
  return {tone, progress.run, with_lines(line(progress, text), reasons)};
}

Message released(const Progress& progress, Holder holder, std::string_view why, Millis lasted) {
  return {Tone::news, progress.run,
          line(progress,
               fmt::format("goes on, was {} for {}: {}", who(holder), to_string(lasted), why))};
}

Message latched(const Progress& progress, const std::vector<std::string>& reasons) {
  return {Tone::trouble, progress.run,
          with_lines(line(progress, "aborting at the next safe point"), reasons)};
}

Message halted(const Progress& progress, const Failure& failure) {
  return {
      Tone::trouble, progress.run,
      line(progress, fmt::format("stopped before its next action, because the journal cannot be "
                                 "written: {}; mend that, then /upgrade resume",
                                 failure.what))};
}

Message complete(const Progress& progress, const Confirmations& confirmations) {
  const auto text =
      fmt::format("complete: {} ({})", to_string(progress.plan->target), tally(progress));
  return {Tone::news, progress.run,
          with_lines(line(progress, text),
                     {confirmations.versions(), confirmations.alerts(), confirmations.pods()}),
          std::string(to_string(Ending::done))};
}

Message closed(const Progress& progress) {
  const auto ending = progress.closed->ending;
  auto lines = progress.closed->reasons;
  if (ending == Ending::failed || ending == Ending::aborted) {
    for (auto& one : recovery_lines(progress))
      lines.push_back(std::move(one));
  }
  std::string text;
  switch (ending) {
    case Ending::done:
      text = "ended";  // complete() says it; this is never sent for a run that is done
      break;
    case Ending::dry:
      text = "dry run ended, nothing was changed";
      break;
    case Ending::partial:
      text = fmt::format("the chosen stages are carried out ({})", tally(progress));
      break;
    case Ending::refused:
      text = "refused by preflight, nothing was changed";
      break;
    case Ending::failed:
      text = fmt::format("FAILED ({})", tally(progress));
      break;
    case Ending::aborted:
      text = fmt::format("ABORTED ({})", tally(progress));
      break;
    case Ending::cleared:
      text = "declared over by a person";
      break;
  }
  const bool fine = ending == Ending::dry || ending == Ending::partial || ending == Ending::cleared;
  return {fine ? Tone::news : Tone::trouble, progress.run, with_lines(line(progress, text), lines),
          std::string(to_string(ending))};
}

std::string timeline(const Progress& progress) {
  std::vector<std::pair<Time, std::string>> rows;
  for (const auto& step : progress.plan->steps) {
    const auto& record = progress.steps[static_cast<std::size_t>(step.number - 1)];
    if (!record.begun || !record.outcome) continue;
    const Millis took = std::max(*record.ended - *record.begun, Millis(0));
    rows.emplace_back(*record.begun,
                      fmt::format("{} {}{} {}", to_string(step.action), step.node,
                                  step.node.empty() ? "" : ":", to_string(record.outcome->result)) +
                          fmt::format(" in {}", to_string(took)));
  }
  for (const auto& pause : progress.pauses) {
    const auto until = pause.to.value_or(pause.from);
    rows.emplace_back(pause.from,
                      fmt::format("{} for {}: {}", who(pause.holder), to_string(until - pause.from),
                                  joined(pause.reasons, "; ")));
  }
  for (const auto& change : progress.rules) {
    rows.emplace_back(change.at, fmt::format("rules {}: {}", change.what.digest,
                                             joined(change.what.changes, "; ")));
  }
  std::ranges::stable_sort(rows, {}, [](const auto& row) { return row.first; });
  auto text = fmt::format("{} opened by {}", to_string(progress.opened_at), openers(progress));
  for (const auto& [at, row] : rows)
    text += fmt::format("\n{} {}", to_string(at), row);
  if (progress.closed) {
    text +=
        fmt::format("\n{} {}", to_string(progress.closed_at), to_string(progress.closed->ending));
  }
  return text;
}

}  // namespace lockkeeper::messages
