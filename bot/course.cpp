// SPDX-License-Identifier: Apache-2.0
#include "bot/course.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "bot/confirmations.h"

namespace lockkeeper {
namespace {

const StepRecord& record_of(const Progress& progress, const Step& step) {
  return progress.steps[static_cast<std::size_t>(step.number - 1)];
}

/// The step of the same node and stage that does `action`, or nullptr.
const Step* sibling(const Progress& progress, const Step& step, Action action) {
  const auto at = std::ranges::find_if(progress.plan->steps, [&](const Step& other) {
    return other.node == step.node && other.stage == step.stage && other.action == action;
  });
  return at == progress.plan->steps.end() ? nullptr : &*at;
}

bool ended_as(const Progress& progress, const Step* step, StepResult result) {
  if (step == nullptr) return false;
  const auto& outcome = record_of(progress, *step).outcome;
  return outcome && outcome->result == result;
}

bool begun(const Progress& progress, const Step* step) {
  return step != nullptr && record_of(progress, *step).begun.has_value();
}

/// The node script of a node block: upgrade, or containerd in its own stage.
const Step* work_of(const Progress& progress, const Step& step) {
  const Step* upgrade = sibling(progress, step, Action::upgrade);
  return upgrade != nullptr ? upgrade : sibling(progress, step, Action::containerd);
}

std::optional<std::string> uncordon_left_out(const Progress& progress, const Step& step) {
  if (!begun(progress, sibling(progress, step, Action::cordon))) return "it was not cordoned";
  const Step* work = work_of(progress, step);
  const Step* awaited = sibling(progress, step, Action::await_ready);
  const bool proven = ended_as(progress, awaited, StepResult::done);
  // Nothing was changed on the node yet, or all of it is proven: it may take pods again. A script
  // that was skipped behind its Intent has been looked for, and had not begun.
  const bool worked = begun(progress, work) && !ended_as(progress, work, StepResult::skipped);
  const bool untouched = !worked && !begun(progress, awaited);
  if (untouched || (proven && (work == nullptr || ended_as(progress, work, StepResult::done)))) {
    return std::nullopt;
  }
  return fmt::format("left cordoned: {} is not proven healthy", step.node);
}

const StepRecord* first_bad(const Progress& progress) {
  const auto at = std::ranges::find_if(progress.steps, [](const StepRecord& record) {
    return record.outcome && (record.outcome->result == StepResult::failed ||
                              record.outcome->result == StepResult::interrupted);
  });
  return at == progress.steps.end() ? nullptr : &*at;
}

/// What the steps of one node's own blocks have come to.
struct NodeWork {
  std::optional<Time> first_begun;
  std::optional<Time> last_ended;
  bool all_over = true;
  bool all_skipped = true;

  void take(const StepRecord& record) {
    if (record.begun && !first_begun) first_begun = record.begun;
    if (record.ended) last_ended = record.ended;
    all_over = all_over && record.outcome;
    all_skipped = all_skipped && record.outcome && record.outcome->result == StepResult::skipped;
  }
};

/// All nodes in one pass over the steps: this is asked for every second, with up to 5,000 nodes.
std::unordered_map<std::string_view, NodeWork> work_by_node(const Progress& progress) {
  std::unordered_map<std::string_view, NodeWork> work;
  for (const auto& step : progress.plan->steps) {
    const bool block = step.stage == Stage::master || step.stage == Stage::workers ||
                       step.stage == Stage::containerd;
    if (block) work[step.node].take(record_of(progress, step));
  }
  return work;
}

Situation::Node standing_of(const NodeWork& work, bool at_hand, Time opened_at, Time now) {
  const auto since = [&](Time then) { return std::max(now - then, Millis(0)); };
  if (work.all_over && !work.all_skipped && work.last_ended) {
    return {NodeStanding::done, since(*work.last_ended)};
  }
  if (at_hand && work.first_begun) return {NodeStanding::active, since(*work.first_begun)};
  if (at_hand) return {NodeStanding::next, Millis(0)};
  if (work.first_begun && work.last_ended) return {NodeStanding::done, since(*work.last_ended)};
  return {NodeStanding::pending, since(opened_at)};
}

}  // namespace

std::optional<std::string> winding_down(const Progress& progress) {
  if (const StepRecord* bad = first_bad(progress)) return bad->outcome->detail;
  if (progress.latched) return joined(progress.latched->reasons, "; ");
  return std::nullopt;
}

std::optional<std::string> left_out(const Progress& progress, const Step& step) {
  if (progress.plan->dry_run) return "the dry run has ended";
  const bool in_hand = begun(progress, &step);
  switch (step.action) {
    case Action::release: {
      const auto& steps = progress.plan->steps;
      const auto claim = std::ranges::find(steps, Action::claim, &Step::action);
      if (claim != steps.end() && begun(progress, &*claim)) return std::nullopt;
      return "nothing was claimed";
    }
    case Action::uncordon:
      return uncordon_left_out(progress, step);
    case Action::await_ready:
      if (ended_as(progress, work_of(progress, step), StepResult::done)) return std::nullopt;
      return "the run is winding down";
    case Action::upgrade:
    case Action::containerd:
    case Action::repository:
    case Action::prune:
    case Action::hook:
      if (in_hand) return std::nullopt;
      return "the run is winding down";
    default:
      return in_hand ? "given up: the run is winding down" : "the run is winding down";
  }
}

std::optional<Phase> gated_in(const Step& step) {
  switch (step.action) {
    case Action::claim:
    case Action::prune:
    case Action::snapshot:
      return Phase::precheck;
    case Action::cordon:
    case Action::step_aside:
    case Action::drain:
    case Action::repository:
      return Phase::between;
    case Action::upgrade:
    case Action::containerd:
      return Phase::upgrade;
    default:
      return std::nullopt;
  }
}

Situation situation_at(const Progress& progress, const Step& step, Phase phase, Time now) {
  Situation situation;
  situation.phase = phase;
  situation.wall = now;
  auto work = work_by_node(progress);
  for (const auto& node : progress.plan->nodes) {
    situation.nodes[node.name] =
        standing_of(work[node.name], step.node == node.name, progress.opened_at, now);
  }
  return situation;
}

Verdict cluster_verdict(const ClusterFacts& facts, const Progress& progress, const Step& step) {
  Verdict verdict;
  if (!facts.kill.empty()) {
    verdict.answer = Answer::stop;
    verdict.reasons.push_back(fmt::format("the kill switch is set: {}", clipped(facts.kill, 200)));
  }
  const bool claimed = !progress.note("", "fence").empty();
  const bool taking_over = !claimed && facts.run == progress.plan->takes_over;
  if (!facts.run.empty() && facts.run != progress.run && !taking_over) {
    verdict.answer = Answer::stop;
    verdict.reasons.push_back(fmt::format("run {} claims the cluster", clipped(facts.run, 80)));
  } else if (claimed && facts.run.empty()) {
    verdict.answer = Answer::stop;
    verdict.reasons.emplace_back("this run's claim is gone from the namespace's annotations");
  }
  if (step.action != Action::cordon && step.action != Action::drain) return verdict;
  for (const auto& node : facts.nodes) {
    if (node.ready == Condition::yes || node.name == step.node) continue;
    verdict.answer = std::max(verdict.answer, Answer::wait);
    verdict.reasons.push_back(fmt::format("{} is not Ready", node.name));
  }
  return verdict;
}

std::optional<std::string> needless(const ClusterFacts& facts, const Progress& progress,
                                    const Step& step) {
  if (step.action != Action::cordon) return std::nullopt;
  const auto node = std::ranges::find(facts.nodes, step.node, &NodeFacts::name);
  const PlannedNode* planned = progress.plan->node(step.node);
  if (node == facts.nodes.end()) return "the node is gone from the cluster";
  if (planned != nullptr && node->uid != planned->uid) {
    return "the node was replaced by another one of the same name";
  }
  const bool there = node->kubelet == progress.plan->target &&
                     facts.api_server == progress.plan->target && node->cordoned_by.empty();
  if (there && sibling(progress, step, Action::upgrade) != nullptr) {
    return fmt::format("it runs {} already", to_string(progress.plan->target));
  }
  return std::nullopt;
}

Version expected_kubelet(const Plan& plan, const Step& step) {
  const PlannedNode* node = plan.node(step.node);
  return step.stage == Stage::containerd && node != nullptr ? node->kubelet : plan.target;
}

Closed ending_of(const Progress& progress) {
  const StepRecord* bad = first_bad(progress);
  // Behind the proof only the claim is given back; what goes wrong there does not undo the success.
  if (Confirmations::recalled(progress.notes)) return {Ending::done, {}};
  if (progress.latched) return {Ending::aborted, progress.latched->reasons};
  if (bad != nullptr) {
    const auto& step = progress.plan->steps[static_cast<std::size_t>(bad->outcome->step - 1)];
    const bool refused = step.action == Action::check;
    return {refused ? Ending::refused : Ending::failed,
            {fmt::format("{}: {}", to_string(step), bad->outcome->detail)}};
  }
  if (progress.plan->dry_run) return {Ending::dry, {}};
  const auto& steps = progress.plan->steps;
  const bool confirms = std::ranges::find(steps, Action::confirm, &Step::action) != steps.end();
  if (!confirms) return {Ending::partial, {}};
  return {Ending::failed, {"the three confirmations of success are not all recorded"}};
}

}  // namespace lockkeeper
