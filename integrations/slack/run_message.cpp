// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/run_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "integrations/slack/blocks.h"
#include "integrations/slack/text.h"

namespace lockkeeper::slack {
namespace {

constexpr int kBarCells = 12;
constexpr std::size_t kReasonsShown = 8;
constexpr std::size_t kReasonMax = 300;
constexpr std::size_t kActivityMax = 400;

std::string capitals(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

std::string versions(const Plan& plan) {
  return fmt::format("{} -> {}", to_string(plan.from), to_string(plan.target));
}

/// Steps and not nodes: a single node takes its time.
std::string bar(const Progress& progress) {
  const auto done = std::ranges::count_if(
      progress.steps, [](const StepRecord& record) { return record.outcome.has_value(); });
  const auto all = std::max<std::ptrdiff_t>(std::ssize(progress.steps), 1);
  const auto full = static_cast<std::size_t>(done * kBarCells / all);
  return fmt::format("`[{}{}]` step {} of {}", std::string(full, '#'),
                     std::string(kBarCells - full, '-'), done, progress.steps.size());
}

std::string nodes_text(const Progress& progress) {
  const NodeTally nodes = tally_of(progress);
  const Step* next = progress.closed ? nullptr : progress.next();
  auto text = fmt::format("{} of {} done", nodes.done, nodes.all);
  if (nodes.failed > 0) text += fmt::format(", {} failed", nodes.failed);
  if (next != nullptr && !next->node.empty()) text += ", at " + code(next->node);
  return text;
}

std::string gate_text(const GateView& gate) {
  const auto blocking = std::ranges::count_if(
      gate.alerts, [](const auto& alert) { return alert.action >= RuleAction::pause; });
  return fmt::format("{}, {} firing, {} blocking", to_string(gate.state),
                     counted(gate.alerts.size(), "alert"), blocking);
}

std::string started_text(const Progress& progress) {
  auto text = fmt::format("{} by {}", local_time(progress.opened_at), code(progress.opened_by));
  if (!progress.approved_by.empty()) text += ", approved by " + code(progress.approved_by);
  if (!progress.opened_reason.empty())
    text += ": " + cut(escaped(progress.opened_reason), kReasonMax);
  return text;
}

std::string listed(std::string_view lead, const std::vector<std::string>& reasons) {
  std::string text(lead);
  for (std::size_t i = 0; i < std::min(reasons.size(), kReasonsShown); ++i)
    text += "\n• " + cut(escaped(reasons[i]), kReasonMax);
  if (reasons.size() > kReasonsShown)
    text += fmt::format("\nand {} more, in the thread", reasons.size() - kReasonsShown);
  return text;
}

/// What holds the run or has ended it, one text for each.
std::vector<std::string> holds(const Progress& progress) {
  std::vector<std::string> texts;
  if (progress.closed) {
    if (!progress.closed->reasons.empty())
      texts.push_back(listed("*How it ended*", progress.closed->reasons));
    return texts;
  }
  if (progress.latched)
    texts.push_back(listed("*Aborting at the next safe point*", progress.latched->reasons));
  if (progress.doubt)
    texts.push_back(listed("*Needs a person*: look at the node, then resume or abort",
                           progress.doubt->reasons));
  if (progress.gate_hold)
    texts.push_back(listed("*Paused by the gate*: goes on by itself when it is clear",
                           progress.gate_hold->reasons));
  if (progress.person_hold)
    texts.push_back(fmt::format("*Paused by* {}: {}", code(progress.person_hold->by),
                                cut(escaped(progress.person_hold->reason), kReasonMax)));
  return texts;
}

Dialog sure(const Progress& progress, std::string title, std::string_view what) {
  return {std::move(title),
          fmt::format("{} {} to {}: {}", progress.plan->cluster, progress.run,
                      to_string(progress.plan->target), what),
          "Yes"};
}

std::vector<Button> buttons_of(const RunPicture& picture) {
  const Progress& progress = picture.progress;
  std::vector<Button> buttons;
  if (!progress.latched) {
    if (!progress.person_hold)
      buttons.push_back({"run.pause", "Pause", picture.mark("pause"), "",
                         sure(progress, "Pause the run?", "no new node until it is resumed.")});
    // A pause by the gate may be one that waits for a person's word.
    if (progress.person_hold || progress.doubt || progress.gate_hold)
      buttons.push_back(
          {"run.resume", "Resume", picture.mark("resume"), "primary",
           sure(progress, "Resume the run?", "it goes on as soon as the gate is clear.")});
    buttons.push_back({"run.abort", "Abort", picture.mark("abort"), "danger",
                       sure(progress, "Abort the run?", "it ends at its next safe point.")});
  }
  buttons.push_back({"run.why", "Why?", picture.mark("why"), "", std::nullopt});
  return buttons;
}

bool changes_state(const Body& body) {
  return !std::holds_alternative<Intent>(body) && !std::holds_alternative<Outcome>(body) &&
         !std::holds_alternative<RulesChanged>(body);
}

bool by_the_gate(const Body& body) {
  const auto* held = std::get_if<Held>(&body);
  const auto* released = std::get_if<Released>(&body);
  return (held != nullptr && held->holder == Holder::gate) ||
         (released != nullptr && released->holder == Holder::gate);
}

}  // namespace

Result<RunPicture> picture_of(std::span<const Record> records, GateView gate,
                              std::string activity) {
  if (records.empty()) return fail("the journal has no such run");
  auto progress = fold(records);
  if (!progress) return std::unexpected(progress.error());
  RunPicture picture{
      .progress = std::move(*progress), .gate = std::move(gate), .activity = std::move(activity)};
  for (const auto& record : records) {
    if (!changes_state(record.body)) continue;
    picture.seq = record.seq;
    if (!by_the_gate(record.body)) picture.seq_of_people = record.seq;
  }
  return picture;
}

std::string RunPicture::mark(std::string_view verb) const {
  return fmt::format("{}:{}", progress.run, verb == "resume" ? seq : seq_of_people);
}

RunState state_of(const Progress& progress) {
  if (progress.closed) return RunState::ended;
  if (progress.latched) return RunState::ending;
  if (progress.doubt) return RunState::needs_you;
  return progress.gate_hold || progress.person_hold ? RunState::paused : RunState::running;
}

std::string state_word(const Progress& progress) {
  switch (state_of(progress)) {
    case RunState::running:
      return progress.plan->dry_run ? "dry run" : "running";
    case RunState::paused:
      return "paused";
    case RunState::needs_you:
      return "needs a person";
    case RunState::ending:
      return "aborting";
    case RunState::ended:
      return std::string(to_string(progress.closed->ending));
  }
  return "?";
}

NodeTally tally_of(const Progress& progress) {
  NodeTally tally{.done = 0, .failed = 0, .all = static_cast<int>(progress.plan->nodes.size())};
  for (const auto& step : progress.plan->steps) {
    const auto& outcome = progress.steps[static_cast<std::size_t>(step.number - 1)].outcome;
    if (!outcome || step.node.empty()) continue;
    if (outcome->result == StepResult::failed) ++tally.failed;
    if (step.action == Action::await_ready && step.stage != Stage::containerd &&
        outcome->result == StepResult::done)
      ++tally.done;
  }
  return tally;
}

std::string where_it_is(const RunPicture& picture) {
  const NodeTally nodes = tally_of(picture.progress);
  auto text =
      fmt::format("{}, {} of {} nodes", state_word(picture.progress), nodes.done, nodes.all);
  if (picture.open()) text += ", now: " + picture.activity;
  return text;
}

RunPicture naming(RunPicture picture, std::string_view command) {
  const auto rename = [&](std::vector<std::string>& reasons) {
    for (auto& reason : reasons)
      reason = naming(reason, command);
  };
  Progress& progress = picture.progress;
  if (progress.gate_hold) rename(progress.gate_hold->reasons);
  if (progress.doubt) rename(progress.doubt->reasons);
  if (progress.latched) rename(progress.latched->reasons);
  if (progress.closed) rename(progress.closed->reasons);
  picture.activity = naming(picture.activity, command);
  return picture;
}

Layout run_layout(const RunPicture& picture) {
  const Progress& progress = picture.progress;
  const Plan& plan = *progress.plan;
  std::vector<Json> blocks;
  const auto lead = fmt::format("[k8s-upgrade] {} {}", plan.cluster, versions(plan));
  blocks.push_back(header_block(fmt::format("{}: {}", lead, capitals(state_word(progress)))));
  auto how_far = bar(progress);
  if (picture.open()) how_far += "\n" + cut(escaped(picture.activity), kActivityMax);
  blocks.push_back(section_block(how_far));
  blocks.push_back(
      fields_block({"*State*\n" + state_word(progress), "*Nodes*\n" + nodes_text(progress),
                    "*Gate*\n" + (picture.open() ? gate_text(picture.gate) : "-"),
                    "*Started*\n" + started_text(progress)}));
  for (const auto& hold : holds(progress))
    blocks.push_back(section_block(hold));
  if (picture.open())
    blocks.push_back(actions_block(fmt::format("run.{}", picture.seq), buttons_of(picture)));
  auto foot = fmt::format("{} | plan {} | {}", code(progress.run), code(digest(plan)), picture.seq);
  if (progress.closed) foot += " | ended " + local_time(progress.closed_at);
  blocks.push_back(context_block(foot));
  return layout_of(escaped(fmt::format("{} {}: {}", lead, progress.run, where_it_is(picture))),
                   blocks);
}

std::string run_name(const std::string& run) {
  return "run:" + run;
}

std::string end_name(const std::string& run) {
  return "end:" + run;
}

std::string file_name(const std::string& run) {
  return "file:" + run;
}

std::string picture_name(const std::string& run) {
  return "picture:" + run;
}

}  // namespace lockkeeper::slack
