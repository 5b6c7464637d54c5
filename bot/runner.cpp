// SPDX-License-Identifier: Apache-2.0
#include "bot/runner.h"

#include <fmt/format.h>

#include <algorithm>

#include "bot/messages.h"
#include "bot/silences.h"

namespace lockkeeper {
namespace {

// How old a "go" of the gate may be when its step touches the world; older, and it is asked again.
constexpr Millis kGoFreshness = std::chrono::seconds(10);
// How long a step's traces may be unreadable (a node that reboots, a network cut) before a person
// is asked, and how often they are looked for meanwhile.
constexpr Millis kDoubtPatience = std::chrono::minutes(2);
constexpr Millis kDoubtLook = std::chrono::seconds(5);
constexpr Millis kDoubtLookHeld = std::chrono::seconds(30);

/// In which phase a running step asks the gate whether it must end.
Phase phase_during(const Step& step) {
  switch (step.action) {
    case Action::drain:
    case Action::step_aside:
      return Phase::drain;
    case Action::soak:
      return Phase::soak;
    default:
      return Phase::upgrade;
  }
}

}  // namespace

Runner::Runner(World& world, Clock& clock, Journal& journal, Chat& chat, Gate& gate, Inbox& inbox,
               Activity& activity, const Settings& settings)
    : world_(world),
      clock_(clock),
      journal_(journal),
      chat_(chat),
      gate_(gate),
      inbox_(inbox),
      activity_(activity),
      settings_(settings),
      facts_(fail("not looked at yet")) {}

Walk Runner::walk(const std::string& run, bool fresh) {
  if (!load(run)) return Walk::halted;
  if (!progress_.open()) return Walk::closed;
  Notes memory = progress_.gate_hold ? progress_.gate_hold->memory : Notes();
  memory.insert(progress_.baseline.begin(), progress_.baseline.end());
  gate_.arm(memory, clock_.now(), clock_.moment());
  chat_.say(fresh ? messages::opened(progress_) : messages::resumed(progress_));
  const Walk walk = walk_steps();
  // While the process is away the lease lasts; a run that cannot go on is nobody's work.
  if (walk != Walk::leaving) uncover();
  return walk;
}

Walk Runner::walk_steps() {
  while (const Step* step = progress_.next()) {
    if (const auto walk = one_step(*step)) return *walk;
  }
  return close();
}

void Runner::uncover() {
  if (silences_ != nullptr) silences_->cover({run_, "", clock_.now()});
}

std::optional<Walk> Runner::one_step(const Step& step) {
  if (inbox_.leaving()) return Walk::leaving;
  take_orders();
  current_ = &step;
  winding_ = winding_down(progress_).has_value();
  if (winding_) {
    if (!release_holds()) return Walk::halted;
    const auto why = left_out(progress_, step);
    const bool fine = why ? skip(step, *why) : carry_out(step);
    return fine ? std::nullopt : std::optional(stopped());
  }
  // A step in doubt is looked for first: a script that runs on its node is followed whatever fires.
  if (gated_in(step) && !progress_.plan->dry_run && !progress_.in_doubt()) {
    const Pass pass = pass_gate(step);
    if (pass == Pass::wind_down) return std::nullopt;
    if (pass != Pass::go) return stopped();
    const auto why = needless(*facts_, progress_, step);
    if (why) return skip_node(step, *why) ? std::nullopt : std::optional(stopped());
  }
  return carry_out(step) ? std::nullopt : std::optional(stopped());
}

// --- The journal and the inbox ----------------------------------------------------------------

bool Runner::load(const std::string& run) {
  run_ = run;
  progress_ = Progress();
  broken_.reset();
  gate_passed_at_.reset();
  looked_at_.reset();
  held_for_.clear();
  person_hold_said_ = false;
  auto records = journal_.read(run);
  if (!records) {
    broken_ = records.error();
    return false;
  }
  auto folded = fold(*records);
  if (!folded) {
    broken_ = folded.error();
    return false;
  }
  progress_ = std::move(*folded);
  return true;
}

bool Runner::append(const Body& body) {
  if (broken_) return false;
  auto record = journal_.append(clock_.now(), run_, body);
  const Status applied = record ? apply(progress_, *record) : std::unexpected(record.error());
  if (!applied) {
    broken_ = applied.error();
    activity_.set("stopped: the journal cannot be written");
    chat_.say(messages::halted(progress_, *broken_));
  }
  return applied.has_value();
}

void Runner::take_orders() {
  for (const auto& record : inbox_.take()) {
    if (record.run != run_) continue;
    const bool latched = progress_.latched.has_value();
    if (const auto status = apply(progress_, record); !status && !broken_) {
      broken_ = status.error();
    }
    if (progress_.latched && !latched) {
      chat_.say(messages::latched(progress_, progress_.latched->reasons));
    }
    const auto* ordered = std::get_if<Ordered>(&record.body);
    // What still fires is sticky again at once: then the hold is journaled and said anew.
    if (ordered != nullptr && ordered->verb == Verb::resume && gate_.resume()) held_for_.clear();
  }
}

void Runner::latch(const Actor& by, const std::vector<std::string>& reasons) {
  if (progress_.latched || !append(Latched{by, reasons})) return;
  chat_.say(messages::latched(progress_, reasons));
}

// --- Steps --------------------------------------------------------------------------------------

bool Runner::carry_out(const Step& step) {
  if (progress_.plan->dry_run && step.action != Action::check) return rehearse(step);
  if (!progress_.in_doubt() && !append(Intent{step.number})) return false;
  activity_.set(to_string(step));
  if (silences_ != nullptr) silences_->cover(cover_for(progress_, step, clock_.now()));
  auto outcome = perform(step);
  return outcome && finish(step, std::move(*outcome));
}

std::optional<Outcome> Runner::perform(const Step& step) {
  switch (step.action) {
    case Action::check:
      return check(step);
    case Action::await_ready:
      return await_ready(step);
    case Action::soak:
      return soak(step);
    case Action::confirm:
      return confirm(step);
    default:
      return touch(step);
  }
}

std::optional<Outcome> Runner::touch(const Step& step) {
  bool vouched = false;
  const auto seen = observe_surely(step, vouched);
  if (broken() || (!seen && inbox_.leaving())) return std::nullopt;
  if (!seen) {
    return Outcome{
        step.number, StepResult::failed, "given up: it cannot be told whether it happened", {}};
  }
  if (seen->state == Observed::done || seen->state == Observed::failed) {
    const auto result = seen->state == Observed::done ? StepResult::done : StepResult::failed;
    return Outcome{step.number, result, seen->detail, seen->notes};
  }
  if (seen->state == Observed::not_started) {
    if (winding_ && is_remote_job(step.action)) {
      return Outcome{step.number, StepResult::skipped, "it had not begun", {}};
    }
    const bool stale = !gate_passed_at_ || clock_.moment() - *gate_passed_at_ > kGoFreshness;
    if (gated_in(step) && !winding_ && stale) {
      const Pass pass = pass_gate(step);
      if (pass == Pass::wind_down) {
        return Outcome{step.number, StepResult::skipped, "it had not begun", {}};
      }
      if (pass != Pass::go) return std::nullopt;
    }
  }
  return act(step, vouched);
}

std::optional<Outcome> Runner::act(const Step& step, bool vouched) {
  Outcome outcome = world_.act({*progress_.plan, step, progress_.notes, vouched}, *this);
  outcome.step = step.number;
  // Told to leave in the middle: no outcome is written, so the step is in doubt after the restart
  // and is looked for there.
  if (outcome.result == StepResult::interrupted && inbox_.leaving()) return std::nullopt;
  return outcome;
}

std::optional<Observation> Runner::observe_surely(const Step& step, bool& vouched) {
  const Moment patience_ends = clock_.moment() + kDoubtPatience;
  bool asked = progress_.doubt.has_value();
  while (!inbox_.leaving() && !broken()) {
    auto seen = world_.observe({*progress_.plan, step, progress_.notes, false});
    if (seen.state != Observed::unknown) {
      if (progress_.doubt && !append(Released{Holder::doubt, "it can be told again"})) break;
      return seen;
    }
    if (!asked && clock_.moment() >= patience_ends) {
      asked = true;
      const std::vector<std::string> reasons = {seen.detail};
      if (!append(Held{Holder::doubt, reasons, {}})) break;
      chat_.say(messages::held(progress_, Holder::doubt, reasons, step));
    }
    activity_.set(fmt::format("{}: in doubt, {}", to_string(step), seen.detail));
    wait_for(asked ? kDoubtLookHeld : kDoubtLook);
    take_orders();
    if (progress_.latched && !winding_) return std::nullopt;
    if (asked && !progress_.doubt) {  // a person looked and said to go on
      vouched = true;
      return Observation{Observed::not_started, {}, {}};
    }
  }
  return std::nullopt;
}

/// Not said in chat: a run that winds down skips most of its steps.
bool Runner::skip(const Step& step, const std::string& why) {
  return append(Outcome{step.number, StepResult::skipped, why, {}});
}

bool Runner::skip_node(const Step& step, const std::string& why) {
  chat_.say(messages::step_ended(progress_, step, {step.number, StepResult::skipped, why, {}}));
  while (const Step* next = progress_.next()) {
    if (next->node != step.node || next->stage != step.stage) break;
    if (!skip(*next, why)) return false;
  }
  return true;
}

bool Runner::rehearse(const Step& step) {
  auto lines =
      is_world_action(step.action)
          ? world_.would({*progress_.plan, step, progress_.notes, false})
          : Result<std::vector<std::string>>(std::vector<std::string>{fmt::format(
                "wait for {} (at most {})", to_string(step.action), to_string(step.limit))});
  if (!lines) return skip(step, fmt::format("dry run: {}", lines.error().what));
  chat_.say(messages::would(progress_, step, *lines));
  return skip(step, "dry run");
}

bool Runner::finish(const Step& step, Outcome outcome) {
  if (!append(outcome)) return false;
  chat_.say(messages::step_ended(progress_, step, outcome));
  return true;
}

Walk Runner::close() {
  if (!release_holds() || !append(ending_of(progress_))) return Walk::halted;
  gate_.disarm();
  activity_.set("idle");
  const auto proof = Confirmations::recalled(progress_.notes);
  const bool done = progress_.closed->ending == Ending::done && proof;
  chat_.say(done ? messages::complete(progress_, *proof) : messages::closed(progress_));
  return Walk::closed;
}

// --- Watch --------------------------------------------------------------------------------------

void Runner::progress(std::string_view line) {
  activity_.set(fmt::format("{}: {}", to_string(*current_), line));
}

bool Runner::stop_wanted() {
  if (inbox_.leaving() || broken()) return true;
  take_orders();
  if (winding_) return false;
  if (!progress_.latched) {
    const Phase phase = phase_during(*current_);
    const auto situation = situation_at(progress_, *current_, phase, clock_.now());
    const auto verdict = gate_.ask(situation, clock_.moment());
    if (verdict.answer == Answer::stop) latch("rule", verdict.reasons);
  }
  return progress_.latched.has_value();
}

}  // namespace lockkeeper
