// SPDX-License-Identifier: Apache-2.0
#pragma once

// One run as its report tells it: how long each phase and each node took, who ordered what, what
// the gate decided, and which rule held the run for how long. All of it comes from the journal's
// records and from nothing else. Values only; any thread.
//
// Records bear wall time, which may step back. Here time only goes forward: a record that claims to
// be older than the one before it counts as written at the same moment. So no duration is negative,
// and the phases and the waiting of a run add up to what it took, to the millisecond.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bot/plan.h"
#include "bot/record.h"
#include "bot/time.h"

namespace lockkeeper {

/// One step that was begun or has ended.
struct StepReport {
  int number = 0;
  Stage stage = Stage::preflight;
  Action action = Action::check;
  std::string node;                  // empty: of the whole cluster
  std::optional<Time> began;         // nothing: skipped before it began
  std::optional<Time> ended;         // nothing: at hand
  std::optional<StepResult> result;  // nothing: at hand
  std::string detail;

  bool operator==(const StepReport&) const = default;
};

struct PhaseReport {
  Stage stage = Stage::preflight;
  Millis worked{};  // without waiting

  bool operator==(const PhaseReport&) const = default;
};

enum class NodeResult { untouched, working, upgraded, skipped, failed, interrupted };

/// What became of one node of the plan.
struct NodeReport {
  std::string name;
  Role role = Role::worker;
  NodeResult result = NodeResult::untouched;
  std::optional<Time> began;
  std::optional<Time> ended;
  Millis worked{};  // within its steps, without waiting

  bool operator==(const NodeReport&) const = default;
};

/// One stretch in which something held the run. A person's pause lets a node that is at work come
/// to its end, so the run may have worked on in it.
struct PauseReport {
  Holder holder = Holder::gate;
  Time from{};
  Time to{};
  bool over = true;                     // else it still lasts, and `to` is the report's time
  std::vector<std::string> reasons;     // the newest
  std::map<std::string, Millis> rules;  // how long each of them was among the causes

  [[nodiscard]] Millis lasted() const { return to - from; }
  bool operator==(const PauseReport&) const = default;
};

/// Who ordered what: "start", "approve", or the word of the verb.
struct OrderReport {
  Time at{};
  std::string what;
  Actor by;
  std::string reason;

  bool operator==(const OrderReport&) const = default;
};

/// One decision of the gate: "held", "released" or "aborted".
struct DecisionReport {
  Time at{};
  std::string what;
  std::vector<std::string> rules;  // by name; empty: the cluster itself
  std::vector<std::string> reasons;

  bool operator==(const DecisionReport&) const = default;
};

struct RunReport {
  std::string run;
  std::string cluster;
  Version from;
  Version target;
  UpgradeKind kind = UpgradeKind::patch;
  bool dry_run = false;
  Actor by;
  std::string reason;
  Time opened{};
  Time until{};                  // its end, or the time of the report
  std::optional<Ending> ending;  // nothing: it is open
  std::vector<std::string> reasons;
  std::vector<std::string> findings;  // that blocked it in preflight
  std::vector<std::string> advice;    // what to do about a bad ending, recovery.h
  std::string standing;               // of an open one: "step 12: drain worker-2 (5m)"
  int steps_planned = 0;
  std::vector<PhaseReport> phases;  // those of the plan, in its order
  Millis waited{};                  // held; what a person lets come to its end is work
  std::vector<NodeReport> nodes;    // in the order of the plan
  std::vector<StepReport> steps;
  std::vector<PauseReport> pauses;
  std::vector<OrderReport> orders;
  std::vector<DecisionReport> decisions;
  std::vector<std::string> notes;  // what is odd: other rules on the way, a clock that went back

  /// Since it was opened. Also the sum of `phases` and `waited`.
  [[nodiscard]] Millis took() const { return until - opened; }
  [[nodiscard]] bool open() const { return !ending; }
  /// How long each rule has held it, over all pauses.
  [[nodiscard]] std::map<std::string, Millis> held_by() const;
  [[nodiscard]] int nodes_upgraded() const;

  bool operator==(const RunReport&) const = default;
};

/// The records of one run, in the journal's order. Fails as fold() does, and when there are none.
Result<RunReport> report_of(std::span<const Record> records, Time now);

std::string_view to_string(NodeResult result);

/// "the gate", "a person", "doubt".
std::string_view holder_text(Holder holder);

}  // namespace lockkeeper
