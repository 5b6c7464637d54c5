// SPDX-License-Identifier: Apache-2.0
#include "bot/replay/virtual_gate.h"

#include <algorithm>

namespace lockkeeper::replay {
namespace {

// As the gate writes the rules that hold it into its memory.
constexpr std::string_view kHolderPrefix = "rule/";
constexpr int kMissedPolls = 3;

// The gate may look at less than a test can tell of.
template <typename AnySituation>
void set_wall(AnySituation& situation, Time at) {
  if constexpr (requires { situation.wall = at; }) situation.wall = at;
}

template <typename AnySighting>
void push_pending(AnySighting& sighting, const Labels& labels) {
  if constexpr (requires { sighting.pending.push_back(labels); }) {
    sighting.pending.push_back(labels);
  }
}

/// What the gate wants to remember of the alerts that fire when a run opens.
template <typename AnyGate>
Notes baseline_of(const AnyGate& gate, Time at, Moment moment) {
  if constexpr (requires { gate.baseline({}, Millis(), at, moment); }) {
    return gate.baseline({}, Millis(), at, moment).value_or(Notes());
  } else {
    return {};
  }
}

template <typename AnyGate>
void resume(AnyGate& gate) {
  if constexpr (requires { gate.resume(); }) gate.resume();
}

/// Nobody posts a heartbeat to the past.
GateSettings without_heartbeat(GateSettings settings) {
  settings.webhook_watchdog = {};
  return settings;
}

}  // namespace

GateSettings paced(GateSettings settings, Millis poll_interval) {
  settings.poll_interval = poll_interval;
  settings.blind_after = std::max(settings.blind_after, kMissedPolls * poll_interval);
  return settings;
}

Situation dated(Situation situation, Time at) {
  set_wall(situation, at);
  return situation;
}

void add_pending(Sighting& sighting, const Labels& labels) {
  push_pending(sighting, labels);
}

VirtualGate::VirtualGate(RuleBook book, GateSettings settings, Time began)
    : gate_(std::move(book), without_heartbeat(std::move(settings))), began_(began) {}

void VirtualGate::run_opens(Time at) {
  gate_.arm(baseline_of(gate_, at, moment(at)), at, moment(at));
}

void VirtualGate::person_resumes() {
  resume(gate_);
}

Moment VirtualGate::moment(Time at) const {
  return {at - began_};
}

std::set<std::string> VirtualGate::holders(Time at) const {
  std::set<std::string> names;
  for (const auto& [name, since] : gate_.memory(at, moment(at))) {
    if (name.starts_with(kHolderPrefix)) names.insert(name.substr(kHolderPrefix.size()));
  }
  return names;
}

GateState VirtualGate::state(const Verdict& verdict, Time at) const {
  if (verdict.answer == Answer::stop) return GateState::aborted;
  if (view(at).state == GateState::blind) return GateState::blind;
  return verdict.answer == Answer::wait ? GateState::paused : GateState::clear;
}

const Rule& VirtualGate::decider(const Labels& alert, const Situation& situation) const {
  const auto labels = normalised(alert, book().external_labels, book().ignore_labels);
  return *decide(book(), labels, situation).rule;
}

std::string VirtualGate::why_not(const Labels& alert, const Situation& situation,
                                 std::string_view rule) const {
  const auto labels = normalised(alert, book().external_labels, book().ignore_labels);
  const auto lines = explain(book(), labels, situation);
  const auto at =
      std::ranges::find_if(lines, [&](const Explanation& line) { return line.rule->name == rule; });
  return at == lines.end() ? std::string() : at->why_not;
}

}  // namespace lockkeeper::replay
