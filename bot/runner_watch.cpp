// SPDX-License-Identifier: Apache-2.0

// The steps in which the runner only watches and decides: preflight, the wait for a node, the soak,
// and the three confirmations.

#include <fmt/format.h>

#include <algorithm>

#include "bot/messages.h"
#include "bot/preflight.h"
#include "bot/runner.h"
#include "bot/vigil.h"

namespace lockkeeper {
namespace {

// Runs within a quiet baseline of a day; more than that many in a day is not a working setup.
constexpr int kRunsLookedBack = 10;
// Of what blocks, in the journal.
constexpr std::size_t kBlockingBytesMax = 8U << 10U;

Outcome done(const Step& step, std::string detail, Notes notes = {}) {
  return {step.number, StepResult::done, std::move(detail), std::move(notes)};
}

Outcome failed(const Step& step, std::string detail) {
  return {step.number, StepResult::failed, std::move(detail), {}};
}

std::vector<std::string> blocking_texts(const std::vector<Finding>& findings) {
  std::vector<std::string> texts;
  for (const auto& finding : findings) {
    if (finding.blocking) texts.push_back(finding.text);
  }
  return texts;
}

// All of them have been said in a message of their own.
std::string blocking_text(const std::vector<Finding>& findings) {
  const auto texts = blocking_texts(findings);
  const auto rest = texts.size() > 1 ? fmt::format("; and {} more", texts.size() - 1) : "";
  return fmt::format("{} in the way: {}{}", counted(texts.size(), "finding"), texts.front(), rest);
}

std::string restarts_text(const SoakClock& clock) {
  return clock.restarts() == 0
             ? ""
             : ", begun anew " + counted(static_cast<std::size_t>(clock.restarts()), "time");
}

bool alert_blocks(const GateView& view) {
  return std::ranges::any_of(view.alerts, [](const GateView::Alert& alert) {
    return alert.action >= RuleAction::pause && !alert.provisional;
  });
}

}  // namespace

std::optional<Outcome> Runner::check(const Step& step) {
  let_gate_settle(step);
  auto facts = world_.inspect(*progress_.plan, *this);
  if (inbox_.leaving() || broken()) return std::nullopt;
  if (!facts) return failed(step, fmt::format("preflight cannot look: {}", facts.error().what));
  // The abort cut the looks short; what they did not see is no finding.
  if (stop_wanted())
    return Outcome{step.number, StepResult::interrupted, "cut short by an abort", {}};
  facts->own_work = own_work();
  const auto workloads = world_.workloads();
  const auto situation = situation_at(progress_, step, Phase::precheck, clock_.now());
  const auto gate = gate_.ask(situation, clock_.moment());
  auto all = preflight_findings(*facts, *progress_.plan, settings_, gate, clock_.now());
  if (!workloads) {
    all.push_back({true, fmt::format("pods cannot be listed: {}", workloads.error().what)});
  }
  if (!all.empty()) chat_.say(messages::findings(progress_, all));
  if (blocked(all) && !progress_.plan->dry_run)
    return Outcome{step.number,
                   StepResult::failed,
                   blocking_text(all),
                   {{std::string(kBlockingNote),
                     clipped(joined(blocking_texts(all), "\n"), kBlockingBytesMax)}}};
  if (blocked(all))
    return done(step, "dry run goes on, a real one would stop: " + blocking_text(all));
  return done(step, all.empty() ? "no findings" : counted(all.size(), "warning"),
              {{"pending_before", pending_note(*workloads)}});
}

/// Where runs of ours had their hands on nodes, newest first, so that carrying on after a failed
/// run is not refused for the unrest that it made itself.
std::map<std::string, OwnWork> Runner::own_work() {
  std::map<std::string, OwnWork> work;
  const auto runs = journal_.runs(kRunsLookedBack);
  for (const auto& run : runs.value_or(std::vector<std::string>())) {
    const auto records = journal_.read(run);
    const auto past = records ? fold(*records) : std::unexpected(records.error());
    if (!past || !past->plan) continue;
    for (const auto& node : past->plan->nodes) {
      const auto stretch = past->worked_on(node.name);
      if (stretch) work.try_emplace(node.name, OwnWork{stretch->first, stretch->second});
    }
  }
  return work;
}

/// A bot that has just been started is blind for its first poll, and quiet for less than it must
/// be. That is no finding yet: the check waits for it, but never for an alert.
void Runner::let_gate_settle(const Step& step) {
  const Moment until = clock_.moment() + step.limit / 2;
  while (!inbox_.leaving() && clock_.moment() < until) {
    const auto situation = situation_at(progress_, step, Phase::precheck, clock_.now());
    const auto verdict = gate_.ask(situation, clock_.moment());
    if (verdict.answer != Answer::wait || alert_blocks(gate_.view(clock_.moment()))) return;
    if (stop_wanted()) return;
    activity_.set(fmt::format("{}: {}", to_string(step), joined(verdict.reasons, "; ")));
    wait_for(verdict.next_look);
  }
}

std::optional<Outcome> Runner::await_ready(const Step& step) {
  ReadyProof proof(*progress_.plan, step);
  const Moment began = clock_.moment();
  while (true) {
    const auto health = world_.examine(step.node, *progress_.plan);
    const auto missing = health ? proof.missing(*health) : std::vector{health.error().what};
    const Millis took = clock_.moment() - began;
    if (missing.empty()) {
      return done(step,
                  fmt::format("{} proven in {}", to_string(expected_kubelet(*progress_.plan, step)),
                              to_string(took)));
    }
    stop_wanted();  // orders are read; an abort lets the node become whole first
    if (inbox_.leaving() || broken()) return std::nullopt;
    if (took >= step.limit) {
      return failed(step, fmt::format("after {}: {}", to_string(took), joined(missing, "; ")));
    }
    activity_.set(fmt::format("{}: {}", to_string(step), joined(missing, "; ")));
    wait_for(settings_.upgrade.poll_interval);
  }
}

std::optional<Outcome> Runner::soak(const Step& step) {
  SoakClock clock(settings_.upgrade.soak);
  Patience patience(step.limit, clock_.moment());
  std::string ready_changed;
  while (true) {
    const bool open = gate_is_open(step, Phase::soak);
    clock.looked(soak_troubles(step, open, ready_changed), clock_.moment());
    if (const auto cut = cut_short(step)) return *cut;
    std::string why = clock.last_trouble();
    if (clock.over(clock_.moment())) {
      const auto pending = still_pending();
      if (pending.empty()) {
        return done(step, fmt::format("healthy for {}{}", to_string(settings_.upgrade.soak),
                                      restarts_text(clock)));
      }
      why = joined(pending, "; ");
    }
    if (patience.over(open, clock_.moment())) {
      return failed(
          step, fmt::format("not healthy for {} within {}: {}", to_string(settings_.upgrade.soak),
                            to_string(step.limit), why));
    }
    activity_.set(fmt::format("{}: {} left{}{}", to_string(step),
                              to_string(clock.left(clock_.moment())), why.empty() ? "" : ", ",
                              why));
    wait_for(settings_.upgrade.poll_interval);
  }
}

std::vector<std::string> Runner::soak_troubles(const Step& step, bool gate_open,
                                               std::string& ready_changed) {
  std::vector<std::string> troubles;
  if (!gate_open) troubles.emplace_back("the gate is shut");
  const auto health = world_.examine(step.node, *progress_.plan);
  if (!health) {
    troubles.push_back(health.error().what);
    return troubles;
  }
  const auto expected = expected_kubelet(*progress_.plan, step);
  for (auto& one : node_troubles(*health, expected, ready_changed)) {
    troubles.push_back(std::move(one));
  }
  for (const auto& pod : health->control_plane_outdated) {
    if (step.stage != Stage::containerd) troubles.push_back(pod + " is not at its new version");
  }
  ready_changed = health->node.ready_changed;
  return troubles;
}

/// The workloads whose evicted pods found no new place yet, or why that cannot be seen.
std::vector<std::string> Runner::still_pending() {
  const auto workloads = world_.workloads();
  if (!workloads) return {workloads.error().what};
  return newly_pending(*workloads, progress_.note("", "pending_before"));
}

/// What a watching step comes to when it is told to stop: its outcome, or no outcome when the
/// process is to end. Nothing at all: go on watching.
std::optional<std::optional<Outcome>> Runner::cut_short(const Step& step) {
  if (!stop_wanted()) return std::nullopt;
  if (inbox_.leaving() || broken()) return std::optional<Outcome>();
  return Outcome{step.number, StepResult::interrupted, "cut short by an abort", {}};
}

std::optional<Outcome> Runner::confirm(const Step& step) {
  Patience patience(step.limit, clock_.moment());
  while (true) {
    const bool open = gate_is_open(step, Phase::precheck);
    const auto proof = prove(step);
    if (proof) return done(step, "versions, alerts and pods are confirmed", proof->notes());
    if (const auto cut = cut_short(step)) return *cut;
    const auto missing = joined(proof.error(), "; ");
    if (patience.over(open, clock_.moment())) return failed(step, missing);
    activity_.set(fmt::format("{}: {}", to_string(step), missing));
    wait_for(settings_.upgrade.poll_interval);
  }
}

std::expected<Confirmations, std::vector<std::string>> Runner::prove(const Step& step) {
  const auto cluster = world_.look();
  if (!cluster) return std::unexpected(std::vector{cluster.error().what});
  const auto workloads = world_.workloads();
  if (!workloads) return std::unexpected(std::vector{workloads.error().what});
  const auto situation = situation_at(progress_, step, Phase::precheck, clock_.now());
  // The gate is asked last: its word is the one that ages.
  const auto gate = gate_.ask(situation, clock_.moment());
  return Confirmations::prove(*cluster, gate, *workloads, progress_.plan->target,
                              settings_.postflight.pod_ready_ratio);
}

/// Asks the gate in the middle of a watching step, and journals the hold when it is shut.
bool Runner::gate_is_open(const Step& step, Phase phase) {
  const auto situation = situation_at(progress_, step, phase, clock_.now());
  const auto verdict = gate_.ask(situation, clock_.moment());
  if (verdict.answer == Answer::wait) hold(verdict, step);
  if (verdict.answer == Answer::go) release_holds();
  return verdict.answer == Answer::go;
}

}  // namespace lockkeeper
