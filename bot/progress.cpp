// SPDX-License-Identifier: Apache-2.0
#include "bot/progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "bot/hold.h"
#include "rules/overloaded.h"

namespace lockkeeper {
namespace {

Status open(Progress& progress, const Opened& body, const Record& record) {
  if (progress.plan) return fail(fmt::format("run {} is opened twice", record.run));
  progress.run = record.run;
  progress.plan = body.plan;
  progress.opened_by = body.by;
  progress.opened_reason = body.reason;
  if (body.approval) progress.approved_by = body.approval->by;
  progress.opened_at = record.at;
  progress.baseline = body.baseline;
  progress.steps.resize(body.plan.steps.size());
  return {};
}

Result<StepRecord*> step_at(Progress& progress, int number) {
  if (number < 1 || number > static_cast<int>(progress.steps.size())) {
    return fail(fmt::format("run {} has no step {}", progress.run, number));
  }
  return &progress.steps[static_cast<std::size_t>(number - 1)];
}

Status begin_step(Progress& progress, const Intent& body, const Record& record) {
  const Step* next = progress.next();
  if (next == nullptr || next->number != body.step) {
    return fail(fmt::format("run {}: step {} is begun out of order", record.run, body.step));
  }
  auto& begun = progress.steps[static_cast<std::size_t>(body.step - 1)].begun;
  if (begun) return fail(fmt::format("run {}: step {} is begun twice", record.run, body.step));
  begun = record.at;
  return {};
}

Status end_step(Progress& progress, const Outcome& body, const Record& record) {
  const auto step = step_at(progress, body.step);
  if (!step) return std::unexpected(step.error());
  const Step* next = progress.next();
  if (next == nullptr || next->number != body.step) {
    return fail(fmt::format("run {}: step {} is ended out of order", record.run, body.step));
  }
  (*step)->ended = record.at;
  (*step)->outcome = body;
  const std::string prefix = next->node.empty() ? "" : next->node + "/";
  for (const auto& [name, value] : body.notes)
    progress.notes[prefix + name] = value;
  return {};
}

Pause* open_pause(Progress& progress, Holder holder) {
  const auto at = std::ranges::find_if(
      progress.pauses, [&](const Pause& pause) { return pause.holder == holder && !pause.to; });
  return at == progress.pauses.end() ? nullptr : &*at;
}

void begin_pause(Progress& progress, Holder holder, Time at, const std::vector<std::string>& why) {
  if (Pause* pause = open_pause(progress, holder)) {
    pause->reasons = why;
  } else {
    progress.pauses.push_back({holder, at, std::nullopt, why});
  }
}

void end_pause(Progress& progress, Holder holder, Time at) {
  if (Pause* pause = open_pause(progress, holder)) pause->to = at;
}

void hold(Progress& progress, const Held& body, Time at) {
  (body.holder == Holder::doubt ? progress.doubt : progress.gate_hold) = body;
  begin_pause(progress, body.holder, at, body.reasons);
}

void release(Progress& progress, Holder holder, Time at) {
  if (holder == Holder::gate) progress.gate_hold.reset();
  if (holder == Holder::person) progress.person_hold.reset();
  if (holder == Holder::doubt) progress.doubt.reset();
  end_pause(progress, holder, at);
}

void obey(Progress& progress, const Ordered& body, Time at) {
  switch (body.verb) {
    case Verb::pause:
      progress.person_hold = body;
      begin_pause(progress, Holder::person, at, {fmt::format("{}: {}", body.by, body.reason)});
      return;
    case Verb::resume:
      release(progress, Holder::person, at);
      release(progress, Holder::doubt, at);
      if (progress.gate_hold) unstick(progress.gate_hold->memory);
      return;
    case Verb::abort:
      if (!progress.latched) {
        const auto why = body.reason.empty() ? "abort" : body.reason;
        progress.latched = Latched{body.by, {fmt::format("{}: {}", body.by, why)}};
      }
      return;
    case Verb::clear:
      return;  // the Closed record behind it tells
  }
}

void close(Progress& progress, const Closed& body, Time at) {
  progress.closed = body;
  progress.closed_at = at;
  for (auto& pause : progress.pauses) {
    if (!pause.to) pause.to = at;
  }
}

}  // namespace

const Step* Progress::next() const {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!steps[i].outcome) return &plan->steps[i];
  }
  return nullptr;
}

bool Progress::in_doubt() const {
  const Step* step = next();
  return step != nullptr && steps[static_cast<std::size_t>(step->number - 1)].begun.has_value();
}

std::string Progress::rules_digest() const {
  if (!rules.empty()) return rules.back().what.digest;
  const auto at = baseline.find(std::string(kRulesNote));
  return at == baseline.end() ? std::string() : at->second;
}

std::optional<std::pair<Time, Time>> Progress::worked_on(std::string_view node) const {
  std::optional<std::pair<Time, Time>> stretch;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (plan->steps[i].node != node || !steps[i].begun) continue;
    const Time to = closed ? closed_at : steps[i].ended.value_or(*steps[i].begun);
    if (!stretch) stretch = {*steps[i].begun, to};
    stretch->second = std::max(stretch->second, to);
  }
  return stretch;
}

std::string Progress::note(std::string_view node, std::string_view name) const {
  const auto at = notes.find(node.empty() ? std::string(name) : fmt::format("{}/{}", node, name));
  return at == notes.end() ? std::string() : at->second;
}

Status apply(Progress& progress, const Record& record) {
  const bool opens = std::holds_alternative<Opened>(record.body);
  if (!opens && !progress.plan) {
    return fail(fmt::format("run {} begins with a record that is not 'opened'", record.run));
  }
  if (progress.plan && record.run != progress.run) {
    return fail(
        fmt::format("a record of run {} stands among those of run {}", record.run, progress.run));
  }
  if (progress.closed) {
    // An order or new rules may arrive in the moment in which the run ends; anything else is a
    // mixed-up journal.
    if (std::holds_alternative<Ordered>(record.body)) return {};
    if (std::holds_alternative<RulesChanged>(record.body)) return {};
    return fail(fmt::format("run {} goes on after its end", record.run));
  }
  Status status;
  std::visit(Overloaded{
                 [&](const Opened& body) { status = open(progress, body, record); },
                 [&](const Intent& body) { status = begin_step(progress, body, record); },
                 [&](const Outcome& body) { status = end_step(progress, body, record); },
                 [&](const Held& body) { hold(progress, body, record.at); },
                 [&](const Released& body) { release(progress, body.holder, record.at); },
                 [&](const Ordered& body) { obey(progress, body, record.at); },
                 [&](const Latched& body) {
                   if (!progress.latched) progress.latched = body;
                 },
                 [&](const Closed& body) { close(progress, body, record.at); },
                 [&](const RulesChanged& body) { progress.rules.push_back({record.at, body}); },
                 // Before there is a run.
                 [&](const auto& body) {
                   status = fail(fmt::format("a record of kind '{}' stands among those of run {}",
                                             kind_of(body), record.run));
                 },
             },
             record.body);
  return status;
}

Result<Progress> fold(std::span<const Record> records) {
  Progress progress;
  for (const auto& record : records) {
    if (auto status = apply(progress, record); !status) return std::unexpected(status.error());
  }
  return progress;
}

}  // namespace lockkeeper
