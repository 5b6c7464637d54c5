// SPDX-License-Identifier: Apache-2.0
#include "bot/run_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "bot/gate_text.h"
#include "bot/hold.h"
#include "bot/preflight.h"
#include "bot/progress.h"
#include "bot/recovery.h"
#include "rules/overloaded.h"

namespace lockkeeper {
namespace {

constexpr std::array kHolders = {Holder::gate, Holder::person, Holder::doubt};

/// What holds the run at this point of its journal.
struct Standing {
  bool held = false;
  std::vector<std::string> reasons;
  std::vector<std::string> rules;
};

Standing standing_of(const Progress& progress, Holder holder) {
  if (progress.closed) return {};
  if (holder == Holder::gate && progress.gate_hold)
    return {true, progress.gate_hold->reasons, holding_rules(progress.gate_hold->memory)};
  if (holder == Holder::doubt && progress.doubt) return {true, progress.doubt->reasons, {}};
  if (holder == Holder::person && progress.person_hold) {
    const auto& order = *progress.person_hold;
    return {true, {order.by + (order.reason.empty() ? "" : ": " + order.reason)}, {}};
  }
  return {};
}

/// Reads the records one by one and books the time between each two.
class Reader {
 public:
  Status take(const Record& record);
  RunReport finish(Time now);

 private:
  void pass(Time until);
  void book(Millis time);
  void note(const Record& record);
  void opened(const Opened& body);
  void begun(const Intent& body);
  void ended(const Outcome& body);
  void follow_holds();
  void follow_hold(Holder holder, const Standing& now);
  StepReport& step(int number);
  void sum_up_nodes();

  Progress progress_;
  RunReport report_;
  Time now_{};
  std::map<Holder, std::size_t> open_pauses_;        // their places in the report
  std::map<std::string, Time, std::less<>> causes_;  // rules of the open gate pause, since when
};

Status Reader::take(const Record& record) {
  const bool first = !progress_.plan.has_value();
  if (!first && record.at < now_)
    report_.notes.push_back(fmt::format("the clock went back by {} at {}",
                                        to_string(now_ - record.at), to_string(record.at)));
  if (first) now_ = report_.opened = record.at;
  pass(std::max(record.at, now_));
  if (auto status = apply(progress_, record); !status) return status;
  note(record);
  follow_holds();
  return {};
}

void Reader::pass(Time until) {
  // What is written in the moment behind the end is not part of the run.
  if (progress_.closed) return;
  book(until - now_);
  now_ = until;
}

/// To whom the time since the last record belongs: to what held the run, else to its phase.
void Reader::book(Millis time) {
  if (!progress_.plan || time <= Millis(0)) return;
  const Step* next = progress_.next();
  const bool at_work = progress_.in_doubt();
  const bool paused = progress_.person_hold && !at_work;
  if (progress_.gate_hold || progress_.doubt || paused) {
    report_.waited += time;
    return;
  }
  const auto& steps = progress_.plan->steps;
  const Stage stage = next != nullptr  ? next->stage
                      : !steps.empty() ? steps.back().stage
                                       : Stage::preflight;
  auto phase = std::ranges::find(report_.phases, stage, &PhaseReport::stage);
  if (phase == report_.phases.end())
    phase = report_.phases.insert(report_.phases.end(), PhaseReport{stage, {}});
  phase->worked += time;
  if (!at_work || next->node.empty()) return;
  const auto node = std::ranges::find(report_.nodes, next->node, &NodeReport::name);
  if (node != report_.nodes.end()) node->worked += time;
}

StepReport& Reader::step(int number) {
  const auto& planned = progress_.plan->steps[static_cast<std::size_t>(number - 1)];
  if (report_.steps.empty() || report_.steps.back().number != number) {
    report_.steps.push_back({number,
                             planned.stage,
                             planned.action,
                             planned.node,
                             std::nullopt,
                             std::nullopt,
                             std::nullopt,
                             {}});
  }
  return report_.steps.back();
}

void Reader::opened(const Opened& body) {
  const Plan& plan = body.plan;
  report_.run = progress_.run;
  report_.cluster = plan.cluster;
  report_.from = plan.from;
  report_.target = plan.target;
  report_.kind = plan.kind;
  report_.dry_run = plan.dry_run;
  report_.by = body.by;
  report_.reason = body.reason;
  report_.steps_planned = static_cast<int>(plan.steps.size());
  report_.orders.push_back({now_, "start", body.by, body.reason});
  if (body.approval) report_.orders.push_back({now_, "approve", body.approval->by, {}});
  for (const auto& node : plan.nodes)
    report_.nodes.push_back(
        {node.name, node.role, NodeResult::untouched, std::nullopt, std::nullopt, {}});
  for (const auto& planned : plan.steps) {
    if (report_.phases.empty() || report_.phases.back().stage != planned.stage)
      report_.phases.push_back({planned.stage, {}});
  }
}

void Reader::begun(const Intent& body) {
  step(body.step).began = now_;
}

void Reader::ended(const Outcome& body) {
  auto& one = step(body.step);
  one.ended = now_;
  one.result = body.result;
  one.detail = body.detail;
  if (const auto found = body.notes.find(std::string(kBlockingNote)); found != body.notes.end())
    for (const auto finding : split(found->second, '\n'))
      report_.findings.emplace_back(finding);
}

void Reader::note(const Record& record) {
  std::visit(
      Overloaded{
          [&](const Opened& body) { opened(body); },
          [&](const Intent& body) { begun(body); },
          [&](const Outcome& body) { ended(body); },
          [&](const Held& body) {
            if (body.holder == Holder::gate)
              report_.decisions.push_back({now_, "held", holding_rules(body.memory), body.reasons});
          },
          [&](const Released& body) {
            if (body.holder == Holder::gate)
              report_.decisions.push_back({now_, "released", {}, {body.why}});
          },
          [&](const Ordered& body) {
            report_.orders.push_back(
                {now_, std::string(to_string(body.verb)), body.by, body.reason});
          },
          [&](const Latched& body) {
            std::vector<std::string> rules;
            for (const auto& reason : body.reasons)
              rules.push_back(rule_in_reason(reason));
            std::erase(rules, "none");
            report_.decisions.push_back({now_, "aborted", rules, body.reasons});
          },
          [&](const RulesChanged& body) {
            report_.notes.push_back(
                fmt::format("{} other rules in force, {}", to_string(now_), body.digest));
          },
          [&](const Closed& body) {
            report_.ending = body.ending;
            report_.reasons = body.reasons;
          },
          [](const auto&) {},
      },
      record.body);
}

void Reader::follow_holds() {
  for (const Holder holder : kHolders)
    follow_hold(holder, standing_of(progress_, holder));
}

void Reader::follow_hold(Holder holder, const Standing& now) {
  auto open = open_pauses_.find(holder);
  if (open == open_pauses_.end() && !now.held) return;
  if (open == open_pauses_.end()) {
    report_.pauses.push_back({holder, now_, now_, false, {}, {}});
    open = open_pauses_.emplace(holder, report_.pauses.size() - 1).first;
  }
  auto& pause = report_.pauses[open->second];
  pause.to = now_;
  if (now.held) pause.reasons = now.reasons;
  if (holder == Holder::gate) {
    const auto gone = [&](const std::string& rule) {
      return !now.held || std::ranges::find(now.rules, rule) == now.rules.end();
    };
    for (const auto& [rule, since] : causes_)
      if (gone(rule)) pause.rules[rule] += now_ - since;
    std::erase_if(causes_, [&](const auto& cause) { return gone(cause.first); });
    for (const auto& rule : now.rules)
      causes_.try_emplace(rule, now_);
  }
  pause.over = !now.held;
  if (!now.held) open_pauses_.erase(open);
}

void Reader::sum_up_nodes() {
  std::map<std::string_view, NodeReport*> by_name;
  for (auto& node : report_.nodes)
    by_name[node.name] = &node;
  for (const auto& one : report_.steps) {
    const auto found = by_name.find(one.node);
    if (found == by_name.end()) continue;
    NodeReport& node = *found->second;
    if (one.began && !node.began) node.began = one.began;
    if (node.began && one.ended) node.ended = one.ended;
    if (one.began && !one.result && !report_.ending) node.result = NodeResult::working;
    if (one.result == StepResult::failed) node.result = NodeResult::failed;
    if (node.result == NodeResult::failed) continue;
    const bool proof = one.action == Action::await_ready && one.stage != Stage::containerd;
    if (one.result == StepResult::done && proof) node.result = NodeResult::upgraded;
    if (one.result == StepResult::interrupted && node.result != NodeResult::upgraded)
      node.result = NodeResult::interrupted;
    if (one.result == StepResult::skipped && node.result == NodeResult::untouched && !node.began)
      node.result = NodeResult::skipped;
    if (one.began && node.result == NodeResult::untouched && !report_.ending)
      node.result = NodeResult::working;
  }
}

RunReport Reader::finish(Time now) {
  if (!progress_.closed) {
    pass(std::max(now, now_));
    for (const auto& [holder, place] : open_pauses_)
      report_.pauses[place].to = now_;
    const auto gate = open_pauses_.find(Holder::gate);
    for (const auto& [rule, since] : causes_)
      if (gate != open_pauses_.end()) report_.pauses[gate->second].rules[rule] += now_ - since;
    if (const Step* next = progress_.next()) report_.standing = to_string(*next);
  }
  report_.until = now_;
  const auto ending = report_.ending;
  if (ending == Ending::failed || ending == Ending::aborted)
    report_.advice = recovery_lines(progress_);
  sum_up_nodes();
  return std::move(report_);
}

}  // namespace

std::map<std::string, Millis> RunReport::held_by() const {
  std::map<std::string, Millis> held;
  for (const auto& pause : pauses)
    for (const auto& [rule, time] : pause.rules)
      held[rule] += time;
  return held;
}

int RunReport::nodes_upgraded() const {
  return static_cast<int>(std::ranges::count(nodes, NodeResult::upgraded, &NodeReport::result));
}

Result<RunReport> report_of(std::span<const Record> records, Time now) {
  if (records.empty()) return fail("the journal has no such run");
  Reader reader;
  for (const auto& record : records) {
    if (auto status = reader.take(record); !status) return std::unexpected(status.error());
  }
  return reader.finish(now);
}

std::string_view to_string(NodeResult result) {
  constexpr std::array<std::string_view, 6> names = {"untouched", "working", "upgraded",
                                                     "skipped",   "failed",  "interrupted"};
  return names.at(static_cast<std::size_t>(result));
}

std::string_view holder_text(Holder holder) {
  constexpr std::array<std::string_view, 3> names = {"the gate", "a person", "doubt"};
  return names.at(static_cast<std::size_t>(holder));
}

}  // namespace lockkeeper
