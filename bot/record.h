// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the journal keeps: one record for each thing that must not be forgotten. Everything a run
// knows about itself is a fold over its records (progress.h), so a crash loses nothing that was
// acknowledged. Values only.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "bot/plan.h"
#include "bot/time.h"

namespace lockkeeper {

/// Who did it: "console:ana", "http:ops", "cli:root", "annotation", "rule".
using Actor = std::string;

/// Names and values worth remembering: "snapshot", "cordoned_by_person", "fence", ...
using Notes = std::map<std::string, std::string>;

/// The note of a baseline that holds the digest of the rules in force.
inline constexpr std::string_view kRulesNote = "rules";

/// The other person who has let a start be, where the settings ask for one.
struct Approval {
  Actor by;
  std::int64_t request = 0;  // the number of the Requested record
  bool operator==(const Approval&) const = default;
};

/// A run begins: its plan, frozen. Written before its first step.
struct Opened {
  Plan plan;
  Actor by;
  std::string reason;
  // The gate's own: what fired at that moment, as far as it will matter, and under "rules" the
  // digest of the rules in force.
  Notes baseline{};
  std::optional<Approval> approval{};
  bool operator==(const Opened&) const = default;
};

/// The step is about to touch the world. Without an Outcome behind it, it is in doubt.
struct Intent {
  int step = 0;
  bool operator==(const Intent&) const = default;
};

enum class StepResult { done, skipped, failed, interrupted };

/// How a step ended.
struct Outcome {
  int step = 0;
  StepResult result = StepResult::done;
  std::string detail;  // one line for people
  Notes notes;
  bool operator==(const Outcome&) const = default;
};

/// What keeps a run from its next step.
enum class Holder {
  gate,    ///< an alert, blindness, or the quiet time after them
  person,  ///< an order to pause
  doubt,   ///< it cannot be told whether a step happened: a person must look
};

struct Held {
  Holder holder = Holder::gate;
  std::vector<std::string> reasons;
  Notes memory;  // the gate's own, so that a restarted bot stays as paused as it was
  bool operator==(const Held&) const = default;
};

struct Released {
  Holder holder = Holder::gate;
  std::string why;
  bool operator==(const Released&) const = default;
};

enum class Verb { pause, resume, abort, clear };

/// An authorised order of a person. Obeyed at the next safe point.
struct Ordered {
  Verb verb = Verb::pause;
  Actor by;
  std::string reason;
  bool operator==(const Ordered&) const = default;
};

/// The run must end: an abort rule or a person's abort. Latched: it survives a restart.
struct Latched {
  Actor by;
  std::vector<std::string> reasons;
  bool operator==(const Latched&) const = default;
};

enum class Ending {
  done,     ///< all three confirmations held
  dry,      ///< a dry run reached its end
  partial,  ///< the chosen stages are done, and postflight was not among them
  refused,  ///< preflight found a reason; nothing was changed
  failed,   ///< a step failed
  aborted,  ///< a rule or a person ended it
  cleared,  ///< a person declared it over
};

struct Closed {
  Ending ending = Ending::failed;
  std::vector<std::string> reasons;
  bool operator==(const Closed&) const = default;
};

/// The rules in force are others from here on. Also written while no run is open, then under the
/// empty run id.
struct RulesChanged {
  std::string digest;                // of the rules in force now, config/difference.h
  std::vector<std::string> changes;  // in words
  bool operator==(const RulesChanged&) const = default;
};

/// A confirmed start waits for another person. Under the empty run id, as what is decided about it.
struct Requested {
  std::string digest;  // of the plan that was seen and confirmed
  Actor by;
  std::string reason;
  std::string request;  // the start as JSON, from which the plan is made again
  std::string summary;  // the plan in one line
  Notes outline;        // the plan, as far as a difference can be told from it (approvals.h)
  Time expires{};
  bool operator==(const Requested&) const = default;
};

/// What becomes of a start that waits.
enum class Ruling {
  approved,   ///< the run is opened next; without it in the journal, the start still waits
  declined,   ///< by somebody who might have approved
  withdrawn,  ///< by who asked
  expired,    ///< nobody did anything about it
  changed,    ///< its plan is not what would be done now
  refused,    ///< somebody who may not tried to approve: the start goes on waiting
};

struct Decided {
  std::int64_t request = 0;  // the number of the Requested record
  Ruling ruling = Ruling::declined;
  Actor by;         // empty: nobody, it expired
  std::string why;  // one line
  std::string run;  // that is opened, when approved
  bool operator==(const Decided&) const = default;
};

using Body = std::variant<Opened, Intent, Outcome, Held, Released, Ordered, Latched, Closed,
                          RulesChanged, Requested, Decided>;

/// One line of the journal.
struct Record {
  std::int64_t seq = 0;  // given by the journal, strictly increasing
  Time at{};
  std::string run;
  Body body;
  bool operator==(const Record&) const = default;
};

std::string_view to_string(StepResult result);
std::string_view to_string(Holder holder);
std::string_view to_string(Verb verb);
std::string_view to_string(Ending ending);
std::string_view to_string(Ruling ruling);

/// "opened", "intent", ...: the journal's `kind` column.
std::string_view kind_of(const Body& body);

/// The body as JSON text, and back. Reading tolerates members it does not know (a newer bot may
/// have written them) and refuses everything else that is off, naming the member.
std::string encode(const Body& body);
Result<Body> decode(std::string_view kind, std::string_view json);

}  // namespace lockkeeper
