// SPDX-License-Identifier: Apache-2.0
#include "bot/gauges.h"

#include <algorithm>
#include <array>
#include <map>

#include "bot/build_info.h"
#include "bot/ports.h"

namespace lockkeeper {
namespace {

using metrics::Metric;
using metrics::Metrics;

// So many runs back the newest one is looked for that was no dry run.
constexpr int kRunsBack = 20;

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

std::optional<Progress> progress_of(Journal& journal, const std::string& run) {
  const auto records = journal.read(run);
  auto folded = records ? fold(*records) : std::unexpected(records.error());
  return folded ? std::optional(std::move(*folded)) : std::nullopt;
}

std::optional<Progress> open_run(Journal& journal) {
  const auto open = journal.open_run();
  return open && *open ? progress_of(journal, **open) : std::nullopt;
}

}  // namespace

void Gauges::look(Journal& journal, const GateView& gate, Time now) {
  const auto progress = open_run(journal);
  const Progress* open = progress ? &*progress : nullptr;
  metrics_.set(Metric::build_info, 1, Labels{{"version", std::string(build_version())}});
  set_run(metrics_, open);
  set_gate(metrics_, gate);
  set_sources(metrics_, gate, now);
  const std::scoped_lock lock(mutex_);
  find_last(journal, open);
  set_last();
  upgrading_ = open != nullptr && !open->plan->dry_run;
  set_found();
}

/// Looked for once for each run that was opened, and once more when it has ended.
void Gauges::find_last(Journal& journal, const Progress* open) {
  const auto newest = journal.runs(1);
  if (!newest || newest->empty()) return;
  const auto stand = newest->front() + (open != nullptr ? " open" : "");
  if (stand == searched_) return;
  const auto runs = journal.runs(kRunsBack);
  if (!runs) return;
  searched_ = stand;
  for (const auto& run : *runs) {
    auto progress = progress_of(journal, run);
    if (!progress || !progress->closed || progress->plan->dry_run) continue;
    last_ = std::move(progress);
    return;
  }
}

void Gauges::set_last() {
  if (!last_) return;
  constexpr std::array endings = {Ending::done,   Ending::partial, Ending::refused,
                                  Ending::failed, Ending::aborted, Ending::cleared};
  for (const auto ending : endings) {
    const Labels labels{{"ending", std::string(to_string(ending))}};
    metrics_.set(Metric::last_run_ending, last_->closed->ending == ending ? 1 : 0, labels);
  }
  metrics_.set(Metric::last_run_end, seconds_of(last_->closed_at));
}

/// Whether preflight refused the last run, and the cluster has not got there in another way.
bool Gauges::refused() const {
  if (upgrading_ || !last_ || last_->closed->ending != Ending::refused) return false;
  const bool got_there = found_ && found_->at > last_->closed_at && found_->running &&
                         *found_->running >= last_->plan->target;
  return !got_there;
}

void Gauges::set_found() {
  bool blocked = refused();
  if (found_) {
    std::vector<Metrics::Series> series;
    const auto running = found_->running ? to_string(*found_->running) : std::string();
    const bool newer =
        last_ && last_->closed->ending == Ending::done && last_->closed_at > found_->at;
    for (const auto& [version, kind] : found_->available) {
      if (newer && version <= last_->plan->target) continue;
      blocked = blocked || (kind == UpgradeKind::minor && found_->blocked);
      series.emplace_back(Labels{{"kind", std::string(to_string(kind))},
                                 {"running", running},
                                 {"target", to_string(version)}},
                          1.0);
    }
    metrics_.replace(Metric::upgrade_available, series);
  }
  metrics_.set(Metric::upgrade_blocked, blocked ? 1 : 0);
}

void Gauges::checked(const Check& check, Time now) {
  Found found{.at = now, .running = check.found.running, .available = {}, .blocked = false};
  for (const auto* one : {&check.found.patch, &check.found.minor})
    if (*one) found.available.push_back(**one);
  // Waiting for a release that nobody has made yet is no reason to alarm every night.
  found.blocked = check.compat && check.compat->answer() > CompatAnswer::waiting;
  const std::scoped_lock lock(mutex_);
  found_ = std::move(found);
  set_found();
  metrics_.set(Metric::detection_doubts, static_cast<double>(check.found.doubts.size()));
  metrics_.set(Metric::version_check_last_run, seconds_of(now));
}

}  // namespace lockkeeper
