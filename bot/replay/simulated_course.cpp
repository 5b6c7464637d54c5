// SPDX-License-Identifier: Apache-2.0
#include "bot/replay/simulated_course.h"

#include <fmt/format.h>

#include <algorithm>

namespace lockkeeper::replay {
namespace {

// The share of a node's time that its drain takes.
constexpr int kDrainShare = 4;

/// The simulation's monotonic time is its wall time.
Moment moment(Time at) {
  return {at.time_since_epoch()};
}

bool alert_blocks(const GateView& view) {
  return std::ranges::any_of(view.alerts, [](const GateView::Alert& alert) {
    return alert.action >= RuleAction::pause && !alert.provisional;
  });
}

}  // namespace

SimulatedCourse::SimulatedCourse(const BacktestOptions& options, Time began)
    : options_(options), part_began_(began), node_changed_(options.nodes.size(), began) {
  run_.began = began;
  run_.ended = began;
}

void SimulatedCourse::look(VirtualGate& gate, Time at) {
  while (!over_ && advance(gate, at)) {
  }
}

void SimulatedCourse::cut(Time at) {
  end_pause(at);
  end(RunEnd::open, {"the history ends"}, at);
}

Situation SimulatedCourse::situation(Time at) const {
  Situation situation;
  const bool begun = part_ != Part::preflight && part_ != Part::between;
  for (std::size_t i = 0; i < options_.nodes.size(); ++i) {
    auto standing = NodeStanding::pending;
    if (i < node_) standing = NodeStanding::done;
    if (i == node_) standing = begun ? NodeStanding::active : NodeStanding::next;
    if (part_ == Part::preflight) standing = NodeStanding::pending;
    situation.nodes[options_.nodes[i]] = {standing, at - node_changed_[i]};
  }
  switch (part_) {
    case Part::preflight:
    case Part::confirm:
      situation.phase = Phase::precheck;
      break;
    case Part::between:
      situation.phase = Phase::between;
      break;
    case Part::drain:
      situation.phase = Phase::drain;
      break;
    case Part::before_script:
    case Part::script:
      situation.phase = Phase::upgrade;
      break;
    case Part::soak:
      situation.phase = Phase::soak;
      break;
  }
  return situation;
}

/// One question to the gate; returns whether the run came further by it.
bool SimulatedCourse::advance(VirtualGate& gate, Time at) {
  const auto verdict = gate.ask(situation(at), at);
  if (part_ == Part::preflight) return preflight(verdict, gate, at);
  if (verdict.answer == Answer::stop) {
    blame(gate, at, RuleAction::abort);
    end_pause(at);
    end(RunEnd::aborted, verdict.reasons, at);
    return false;
  }
  const Millis drain = options_.node_time / kDrainShare;
  switch (part_) {
    case Part::drain:
      if (at - part_began_ < drain) return false;
      enter(Part::before_script, at);
      return true;
    case Part::script:
      if (at - part_began_ < options_.node_time - drain) return false;
      soak_.emplace(options_.soak);
      patience_.emplace(options_.soak_limit, moment(at));
      enter(Part::soak, at);
      return true;
    case Part::soak:
      return soak(verdict, gate, at);
    default:
      return at_gate(verdict, gate, at);
  }
}

/// As the preflight: blindness and quiet are waited for, an alert refuses the run.
bool SimulatedCourse::preflight(const Verdict& verdict, const VirtualGate& gate, Time at) {
  if (verdict.answer == Answer::go) {
    enter(options_.nodes.empty() ? Part::confirm : Part::between, at);
    return true;
  }
  const bool waits = verdict.answer == Answer::wait && !alert_blocks(gate.view(at));
  if (waits && at - run_.began < options_.settle_limit) return false;
  blame(gate, at, RuleAction::pause);
  if (run_.rules.empty()) {
    const auto holders = gate.holders(at);
    run_.rules.assign(holders.begin(), holders.end());
  }
  end(RunEnd::refused, verdict.reasons, at);
  return false;
}

bool SimulatedCourse::at_gate(const Verdict& verdict, const VirtualGate& gate, Time at) {
  if (verdict.answer == Answer::wait) {
    pause(verdict, gate, at);
    return false;
  }
  end_pause(at);
  if (part_ == Part::between) {
    node_changed_[node_] = at;
    enter(Part::drain, at);
  } else if (part_ == Part::before_script) {
    enter(Part::script, at);
  } else {
    end(RunEnd::done, {}, at);
    return false;
  }
  return true;
}

bool SimulatedCourse::soak(const Verdict& verdict, const VirtualGate& gate, Time at) {
  const bool open = verdict.answer == Answer::go;
  const Moment now = moment(at);
  soak_->looked(open ? std::vector<std::string>() : std::vector<std::string>{"the gate is shut"},
                now);
  if (!open) pause(verdict, gate, at);
  if (open) end_pause(at);
  if (soak_->over(now)) {
    node_changed_[node_] = at;
    ++node_;
    enter(node_ < options_.nodes.size() ? Part::between : Part::confirm, at);
    return true;
  }
  if (patience_->over(open, now)) {
    end_pause(at);
    end(RunEnd::failed,
        {fmt::format("{}: not quiet for {} within {} of soak", options_.nodes[node_],
                     to_string(options_.soak), to_string(options_.soak_limit))},
        at);
  }
  return false;
}

void SimulatedCourse::pause(const Verdict& verdict, const VirtualGate& gate, Time at) {
  if (!pausing_) {
    pauses_.push_back({at, at, {}, verdict.reasons});
    pausing_ = true;
    paused_until_ = at;
  }
  auto& pause = pauses_.back();
  for (auto& [rule, held] : pause.held)
    held += at - paused_until_;
  for (const auto& rule : gate.holders(at))
    pause.held.try_emplace(rule, Millis(0));
  paused_until_ = at;
}

void SimulatedCourse::end_pause(Time at) {
  if (!pausing_) return;
  pausing_ = false;
  auto& pause = pauses_.back();
  for (auto& [rule, held] : pause.held)
    held += at - paused_until_;
  pause.to = at;
  run_.held += pause.to - pause.from;
}

void SimulatedCourse::enter(Part part, Time at) {
  part_ = part;
  part_began_ = at;
  ++stages_passed_;
}

void SimulatedCourse::end(RunEnd how, std::vector<std::string> reasons, Time at) {
  run_.end = how;
  run_.reasons = std::move(reasons);
  run_.ended = at;
  over_ = true;
}

/// The rules that decide `least` or worse now; where none does (a max_pause is over, say), those
/// that held the run.
void SimulatedCourse::blame(const VirtualGate& gate, Time at, RuleAction least) {
  std::set<std::string> names;
  for (const auto& alert : gate.view(at).alerts) {
    if (alert.action >= least) names.insert(alert.rule.substr(0, alert.rule.find(" (")));
  }
  if (names.empty()) names = gate.holders(at);
  run_.rules.assign(names.begin(), names.end());
}

}  // namespace lockkeeper::replay
