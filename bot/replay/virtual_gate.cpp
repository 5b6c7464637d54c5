// SPDX-License-Identifier: Apache-2.0
#include "bot/replay/virtual_gate.h"

#include <algorithm>

namespace lockkeeper::replay {
namespace {

constexpr int kMissedPolls = 3;

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
  situation.wall = at;
  return situation;
}

VirtualGate::VirtualGate(RuleBook book, GateSettings settings, Time began)
    : gate_(std::move(book), without_heartbeat(std::move(settings))), began_(began) {}

void VirtualGate::run_opens(Time at) {
  const auto baseline = gate_.baseline({}, {}, at, moment(at));
  gate_.arm(baseline.value_or(Notes()), at, moment(at));
}

void VirtualGate::person_resumes() {
  gate_.resume();
}

Moment VirtualGate::moment(Time at) const {
  return {at - began_};
}

std::set<std::string> VirtualGate::holders(Time at) const {
  const auto names = holding_rules(gate_.memory(at, moment(at)));
  return {names.begin(), names.end()};
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
