// SPDX-License-Identifier: Apache-2.0
#include "bot/gauges.h"

#include <algorithm>
#include <array>
#include <map>

#include "bot/build_info.h"

namespace lockkeeper {
namespace {

using metrics::Metric;
using metrics::Metrics;

double seconds_of(Time time) {
  return static_cast<double>(time.time_since_epoch().count()) / 1000.0;
}

void set_run(Metrics& metrics, const Progress* open) {
  const bool in_flight = open != nullptr && !open->plan->dry_run;
  metrics.set(Metric::upgrade_in_flight, in_flight ? 1 : 0);
  const bool held = open != nullptr && (open->gate_hold || open->person_hold || open->doubt);
  metrics.set(Metric::run_in_progress, open != nullptr && !held ? 1 : 0);
  const bool snapshot = in_flight && !open->note("", "snapshot").empty();
  metrics.set(Metric::upgrade_snapshot_taken, snapshot ? 1 : 0);
  metrics.set(Metric::upgrade_started, in_flight ? seconds_of(open->opened_at) : 0);
  if (open == nullptr) {
    metrics.replace(Metric::run_info, {});
    metrics.replace(Metric::nodes, {});
    return;
  }
  const Metrics::Series info{Labels{{"run", open->run}, {"target", to_string(open->plan->target)}},
                             1.0};
  metrics.replace(Metric::run_info, std::array{info});
  double done = 0;
  for (const auto& step : open->plan->steps) {
    const auto& outcome = open->steps[static_cast<std::size_t>(step.number - 1)].outcome;
    if (step.action == Action::soak && outcome && outcome->result == StepResult::done) ++done;
  }
  const double all = static_cast<double>(open->plan->nodes.size());
  const std::array states = {Metrics::Series{Labels{{"state", "done"}}, done},
                             Metrics::Series{Labels{{"state", "waiting"}}, all - done}};
  metrics.replace(Metric::nodes, states);
}

void set_gate(Metrics& metrics, const GateView& gate) {
  constexpr std::array<std::string_view, 4> states = {"clear", "paused", "blind", "aborted"};
  metrics.set_state(Metric::gate_state, to_string(gate.state), states);
  std::map<std::pair<std::string, std::string>, double> by_rule;
  for (const auto& alert : gate.alerts) {
    by_rule[{alert.rule, std::string(to_string(alert.action))}] += 1;
  }
  std::vector<Metrics::Series> series;
  for (const auto& [key, count] : by_rule) {
    series.emplace_back(Labels{{"rule", key.first}, {"action", key.second}}, count);
  }
  metrics.replace(Metric::alerts_active, series);
}

void set_sources(Metrics& metrics, const GateView& gate, Time now) {
  for (const auto& source : gate.sources) {
    const Labels labels{{"source", source.name}};
    metrics.set(Metric::gate_source_up, source.good ? 1 : 0, labels);
    if (!source.last_good) continue;
    metrics.set(Metric::gate_last_success, seconds_of(now - (gate.at - *source.last_good)), labels);
  }
}

}  // namespace

void set_gauges(Metrics& metrics, const Progress* open, const GateView& gate, Time now) {
  metrics.set(Metric::build_info, 1, Labels{{"version", std::string(build_version())}});
  set_run(metrics, open);
  set_gate(metrics, gate);
  set_sources(metrics, gate, now);
}

void set_detection_gauges(Metrics& metrics, const Check& check, Time now) {
  std::vector<Metrics::Series> series;
  const auto running = check.found.running ? to_string(*check.found.running) : std::string();
  for (const auto* one : {&check.found.patch, &check.found.minor}) {
    if (!*one) continue;
    series.emplace_back(Labels{{"kind", std::string(to_string((*one)->kind))},
                               {"running", running},
                               {"target", to_string((*one)->version)}},
                        1.0);
  }
  metrics.replace(Metric::upgrade_available, series);
  // Waiting for a release that nobody has made yet is no reason to alarm every night.
  const bool blocked = check.compat && check.compat->answer() > CompatAnswer::waiting;
  metrics.set(Metric::upgrade_blocked, blocked ? 1 : 0);
  metrics.set(Metric::version_check_last_run, seconds_of(now));
}

}  // namespace lockkeeper
