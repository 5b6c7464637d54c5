// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where a run is: a pure fold over its journal. A restart, a status line and the report all read
// this; nothing else remembers anything about a run. Values only.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bot/record.h"

namespace lockkeeper {

/// What one step came to.
struct StepRecord {
  std::optional<Time> begun;  // when its Intent was written
  std::optional<Time> ended;
  std::optional<Outcome> outcome;
};

/// One stretch of waiting, for the report.
struct Pause {
  Holder holder = Holder::gate;
  Time from{};
  std::optional<Time> to;
  std::vector<std::string> reasons;
};

/// Other rules in the middle of the run.
struct RulesChange {
  Time at{};
  RulesChanged what;
};

struct Progress {
  std::string run;
  std::optional<Plan> plan;  // absent only before the Opened record
  Actor opened_by;
  std::string opened_reason;
  Actor approved_by;  // empty: nobody had to
  Time opened_at{};
  std::vector<StepRecord> steps;  // one for each step of the plan
  Notes notes;                    // of all outcomes; a node's own as "<node>/<name>"
  Notes baseline;                 // what fired when the run began, for the gate
  std::optional<Held> gate_hold;
  std::optional<Ordered> person_hold;
  std::optional<Held> doubt;
  std::optional<Latched> latched;
  std::vector<Pause> pauses;
  std::vector<RulesChange> rules;
  std::optional<Closed> closed;
  Time closed_at{};

  /// The first step without an outcome, or nullptr when all have one.
  [[nodiscard]] const Step* next() const;

  /// Whether that step has an Intent: it may have touched the world.
  [[nodiscard]] bool in_doubt() const;

  [[nodiscard]] bool open() const { return plan && !closed; }

  /// The digest of the rules that the run was last told to go by; "" in a journal of bots that did
  /// not write it down.
  [[nodiscard]] std::string rules_digest() const;

  /// When this run had its hands on the node: from its cordon to the end of its last step, or to
  /// the end of the run. Nothing when it never had.
  [[nodiscard]] std::optional<std::pair<Time, Time>> worked_on(std::string_view node) const;

  /// A note of a node ("worker-1", "cordoned_by_person"), or "".
  [[nodiscard]] std::string note(std::string_view node, std::string_view name) const;
};

/// Adds one record. Records must come in journal order; one that makes no sense where it stands
/// (an outcome of an unknown step, a second Opened) is a failure: the journal has been tampered
/// with or mixed up, and the run must not go on.
Status apply(Progress& progress, const Record& record);

/// All records of one run.
Result<Progress> fold(std::span<const Record> records);

}  // namespace lockkeeper
