// SPDX-License-Identifier: Apache-2.0
#include "bot/metered_journal.h"

#include <algorithm>

#include "bot/gate_text.h"
#include "bot/hold.h"
#include "rules/overloaded.h"

namespace lockkeeper {
namespace {

using metrics::Metric;

double seconds(Millis time) {
  return static_cast<double>(std::max(time, Millis(0)).count()) / 1000.0;
}

}  // namespace

Result<Record> MeteredJournal::append(Time at, const std::string& run, const Body& body) {
  auto record = journal_.append(at, run, body);
  if (record) count(*record);
  return record;
}

/// A run that was opened by an earlier process is read once.
void MeteredJournal::count(const Record& record) {
  if (record.run.empty()) return;
  const std::scoped_lock lock(mutex_);
  if (before_.run != record.run) {
    auto records = journal_.read(record.run);
    if (!records) return;
    std::erase_if(*records, [&](const Record& one) { return one.seq >= record.seq; });
    before_ = fold(*records).value_or(Progress());
  }
  std::visit(Overloaded{
                 [&](const Outcome& body) { count_step(body, record.at); },
                 [&](const Held& body) { count_hold(body); },
                 [&](const Released& body) {
                   if (body.holder == Holder::gate) count_pause(record.at);
                 },
                 [&](const Latched& body) { count_abort(body); },
                 [&](const Closed&) { count_pause(record.at); },
                 [](const auto&) {},
             },
             record.body);
  // What makes no sense here is told by whoever goes by it.
  std::ignore = apply(before_, record);
}

void MeteredJournal::count_step(const Outcome& outcome, Time ended) {
  if (!before_.plan || outcome.step < 1 || outcome.step > std::ssize(before_.steps)) return;
  const auto at = static_cast<std::size_t>(outcome.step - 1);
  const auto& step = before_.plan->steps[at];
  const auto& begun = before_.steps[at].begun;
  if (step.node.empty() || !begun || outcome.result == StepResult::skipped) return;
  metrics_.observe(Metric::node_phase_duration, seconds(ended - *begun),
                   Labels{{"phase", std::string(to_string(step.action))}});
}

/// A hold is written again when more holds it: each rule counts once for one stretch.
void MeteredJournal::count_hold(const Held& held) {
  if (held.holder != Holder::gate) return;
  const auto known =
      before_.gate_hold ? holding_rules(before_.gate_hold->memory) : std::vector<std::string>();
  for (const auto& rule : holding_rules(held.memory)) {
    if (std::ranges::find(known, rule) != known.end()) continue;
    metrics_.add(Metric::gate_decisions, 1, Labels{{"action", "pause"}, {"rule", rule}});
  }
}

void MeteredJournal::count_abort(const Latched& latched) {
  for (const auto& reason : latched.reasons) {
    metrics_.add(Metric::gate_decisions, 1,
                 Labels{{"action", "abort"}, {"rule", rule_in_reason(reason)}});
  }
}

void MeteredJournal::count_pause(Time until) {
  const auto open = std::ranges::find_if(
      before_.pauses, [](const Pause& pause) { return pause.holder == Holder::gate && !pause.to; });
  if (open == before_.pauses.end() || !before_.gate_hold) return;
  for (const auto& rule : holding_rules(before_.gate_hold->memory))
    metrics_.add(Metric::pause_seconds, seconds(until - open->from), Labels{{"rule", rule}});
}

}  // namespace lockkeeper
