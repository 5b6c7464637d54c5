// SPDX-License-Identifier: Apache-2.0

// What the gate shows, and what of it survives a restart.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "bot/gate.h"
#include "bot/gate_text.h"

namespace lockkeeper {
namespace {

constexpr std::string_view kQuietNeeded = "quiet_needed_ms";
constexpr std::string_view kRulePrefix = "rule/";

/// When something that happened at wall time `then` was, in this process's monotonic time; never
/// later than now, whatever the wall clock did in between.
Moment moment_of(std::string_view then, Time now_wall, Moment now) {
  const auto parsed = parse_time(then);
  const Millis ago = parsed ? std::max(now_wall - *parsed, Millis(0)) : Millis(0);
  return {now.since_start - ago};
}

}  // namespace

void Gate::arm(const Notes& memory, Time now_wall, Moment now) {
  const std::scoped_lock lock(mutex_);
  armed_ = true;
  const auto quiet = memory.find(std::string(kQuietNeeded));
  if (quiet == memory.end()) return;
  std::int64_t needed_ms = 0;
  const auto& text = quiet->second;
  std::from_chars(text.data(), text.data() + text.size(), needed_ms);
  Hold& hold = holding(now);
  hold.quiet_needed = std::max({hold.quiet_needed, Millis(needed_ms), settings_.resume_after});
  hold.quiet = {};
  hold.last_quiet_poll.reset();
  for (const auto& [name, since] : memory) {
    if (!name.starts_with(kRulePrefix)) continue;
    const Moment began = moment_of(since, now_wall, now);
    hold.rules.insert_or_assign(name.substr(kRulePrefix.size()), began);
    hold.since = std::min(hold.since, began);
  }
}

void Gate::disarm() {
  const std::scoped_lock lock(mutex_);
  armed_ = false;
  latched_.reset();
}

Notes Gate::memory(Time now_wall, Moment now) const {
  const std::scoped_lock lock(mutex_);
  Notes notes;
  if (!hold_) return notes;
  notes[std::string(kQuietNeeded)] = fmt::format("{}", hold_->quiet_needed.count());
  for (const auto& [name, since] : hold_->rules) {
    notes[std::string(kRulePrefix) + name] = to_string(now_wall - (now - since));
  }
  return notes;
}

GateView Gate::view(Moment now) const {
  const std::scoped_lock lock(mutex_);
  GateView view;
  Situation situation = situation_;
  const bool at_work = situation.phase == Phase::drain || situation.phase == Phase::upgrade;
  if (at_work) situation.phase = Phase::between;
  const auto judged = judge(situation, now);
  const auto answer = verdict(judged, now);
  view.reasons = answer.reasons;
  view.state = answer.answer == Answer::stop   ? GateState::aborted
               : blind(now)                    ? GateState::blind
               : answer.answer == Answer::wait ? GateState::paused
                                               : GateState::clear;
  for (const auto& one : judged) {
    view.alerts.push_back(
        {*one.labels, rule_text(*one.rule), one.action, one.provisional, one.firing});
  }
  std::ranges::stable_sort(view.alerts, std::ranges::greater{}, &GateView::Alert::action);
  if (last_good_) view.since_good_poll = now - *last_good_;
  view.last_failure = last_failure_;
  return view;
}

std::string_view to_string(GateState state) {
  switch (state) {
    case GateState::clear:
      return "clear";
    case GateState::paused:
      return "paused";
    case GateState::blind:
      return "blind";
    case GateState::aborted:
      return "aborted";
  }
  return "?";
}

}  // namespace lockkeeper
