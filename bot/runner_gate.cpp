// SPDX-License-Identifier: Apache-2.0

// The runner at the gate: before a step it waits here until alerts, the cluster and people let it.

#include <fmt/format.h>

#include "bot/gate_text.h"
#include "bot/messages.h"
#include "bot/runner.h"

namespace lockkeeper {
namespace {

// A person's pause ends by an order, which wakes the wait; this only bounds it.
constexpr Millis kPersonLook = std::chrono::minutes(5);

/// What a hold is for, without the parts that change by the second: the rules that hold, or the
/// cluster's own reasons where none does. Said and journaled again only when this changes.
std::string hold_signature(const Notes& memory, const std::vector<std::string>& reasons) {
  std::string text;
  for (const auto& [name, value] : memory)
    text += name + "\n";
  return text.empty() ? joined(reasons, "\n") : text;
}

Millis lasted(const Progress& progress, Holder holder, Time now) {
  Millis longest{};
  for (const auto& pause : progress.pauses) {
    if (pause.holder == holder) longest = std::max(pause.to.value_or(now) - pause.from, Millis(0));
  }
  return longest;
}

}  // namespace

Runner::Pass Runner::pass_gate(const Step& step) {
  const Phase phase = *gated_in(step);
  // A person's pause means "no new node": a node that is drained already gets its upgrade.
  const bool heeds_people = phase != Phase::upgrade;
  while (true) {
    if (inbox_.leaving()) return Pass::leave;
    take_orders();
    if (broken()) return Pass::halt;
    if (progress_.latched) return release_holds() ? Pass::wind_down : Pass::halt;
    auto verdict = ask(step, phase);
    if (verdict.answer == Answer::stop) {
      latch("rule", verdict.reasons);
      continue;
    }
    if (verdict.answer == Answer::wait) hold(verdict, step);
    const bool paused = heeds_people && progress_.person_hold.has_value();
    if (paused) {
      say_person_hold(step);
      const auto& order = *progress_.person_hold;
      auto why = fmt::format("paused by {}", order.by);
      if (!order.reason.empty()) why += ": " + order.reason;
      verdict = combined(verdict, {Answer::wait, {std::move(why)}, kPersonLook});
    }
    if (verdict.answer == Answer::go) {
      gate_passed_at_ = clock_.moment();
      return release_holds() ? Pass::go : Pass::halt;
    }
    if (broken()) return Pass::halt;
    activity_.set(fmt::format("{}: waiting, {}, next look {}", to_string(step),
                              joined(verdict.reasons, "; "),
                              clock_text(clock_.now() + verdict.next_look)));
    wait_for(verdict.next_look);
  }
}

Verdict Runner::ask(const Step& step, Phase phase) {
  const auto from_gate = [&] {
    return gate_.ask(situation_at(progress_, step, phase, clock_.now()), clock_.moment());
  };
  auto verdict = from_gate();
  // The kill switch and another run's claim are looked for while waiting, too, but not at every
  // webhook that wakes the wait.
  const bool due = !looked_at_ || clock_.moment() - *looked_at_ >= settings_.gate.poll_interval;
  if (verdict.answer == Answer::go || due) {
    const auto cluster = look_at_cluster(step);
    // Asked again, because the look may have taken seconds: the gate's word comes last.
    verdict = combined(cluster, from_gate());
  }
  return verdict;
}

Verdict Runner::look_at_cluster(const Step& step) {
  facts_ = world_.look();
  looked_at_ = clock_.moment();
  if (!facts_) {
    return {Answer::wait,
            {"the cluster cannot be seen: " + facts_.error().what},
            settings_.gate.poll_interval};
  }
  auto verdict = cluster_verdict(*facts_, progress_, step);
  verdict.next_look = settings_.gate.poll_interval;
  return verdict;
}

void Runner::hold(const Verdict& verdict, const Step& step) {
  const Notes memory = gate_.memory(clock_.now(), clock_.moment());
  const auto signature = hold_signature(memory, verdict.reasons);
  if (progress_.gate_hold && signature == held_for_) return;
  held_for_ = signature;
  if (!append(Held{Holder::gate, verdict.reasons, memory})) return;
  chat_.say(messages::held(progress_, Holder::gate, verdict.reasons, step));
}

void Runner::say_person_hold(const Step& step) {
  if (person_hold_said_) return;
  person_hold_said_ = true;
  const auto& order = *progress_.person_hold;
  chat_.say(messages::held(progress_, Holder::person,
                           {fmt::format("{}: {}", order.by, order.reason)}, step));
}

bool Runner::release_holds() {
  if (progress_.gate_hold) {
    if (!append(Released{Holder::gate, "the gate is open"})) return false;
    chat_.say(messages::released(progress_, Holder::gate, "the gate is open",
                                 lasted(progress_, Holder::gate, clock_.now())));
  }
  if (person_hold_said_ && !progress_.person_hold) {
    person_hold_said_ = false;
    chat_.say(messages::released(progress_, Holder::person, "resumed",
                                 lasted(progress_, Holder::person, clock_.now())));
  }
  held_for_.clear();
  return !broken();
}

}  // namespace lockkeeper
