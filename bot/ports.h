// SPDX-License-Identifier: Apache-2.0
#pragma once

// The ports through which the run meets the world. The runner, the gate, the planner and the desk
// know only these; integrations/ implements them for real, tests/sim on virtual time with any fault
// at any call. Nothing here throws.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bot/facts.h"
#include "bot/plan.h"
#include "bot/record.h"
#include "bot/time.h"
#include "rules/result.h"

namespace lockkeeper {

/// Time. Called from every thread.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Time now() const = 0;
  [[nodiscard]] virtual Moment moment() const = 0;

  /// Sleeps until `until`, or until somebody stirs the runner (an order arrived, the gate changed,
  /// the process is told to stop). Returns at once when the time has passed.
  virtual void wait_until(Moment until) = 0;
};

/// Where a long action reports, and asks whether to stop at its next safe point. Implemented by the
/// runner, which reads new orders and asks the gate in `stop_wanted`; an action calls both often
/// (every second or two).
class Watch {
 public:
  virtual ~Watch() = default;

  /// One line about how it goes, for the live status. Not journaled; the last one wins.
  virtual void progress(std::string_view line) = 0;

  /// Whether the run has been aborted, or the process is to end. An action that can stop without
  /// harm does so and answers `interrupted`; a detached node script is left to finish.
  virtual bool stop_wanted() = 0;

  /// Whether the process itself is to end: leave at once, the journal will find the step in doubt.
  virtual bool leaving() = 0;
};

/// What a look at a step's traces in the world tells.
enum class Observed {
  not_started,  ///< no trace of it
  underway,     ///< begun and not finished; acting again attaches to it
  done,         ///< finished well
  failed,       ///< finished badly; the detail says how
  unknown,      ///< it cannot be told: the run asks a person
};

struct Observation {
  Observed state = Observed::unknown;
  std::string detail;
  Notes notes;
};

/// The run as a step needs to know it.
struct StepContext {
  const Plan& plan;
  const Step& step;
  const Notes& notes;  // everything earlier outcomes noted, "<node>/<name>" for a node's own
  // A person has looked at a step whose traces could not be told, and said to go on: a lost node
  // script may be started anew.
  bool vouched = false;
};

/// The cluster and its nodes. Every call is bounded by the settings' limits and made from the
/// runner's thread, except the reads, which the desk also makes from its own.
class World {
 public:
  virtual ~World() = default;

  // Reads.
  virtual Result<ClusterFacts> look() = 0;
  virtual Result<NodeHealth> examine(const std::string& node, const Plan& plan) = 0;
  virtual Result<WorkloadFacts> workloads() = 0;
  virtual Result<PreflightFacts> inspect(const Plan& plan, Watch& watch) = 0;

  /// Takes off our namespace what a lost run left there; a line for each thing removed, and one for
  /// each node that is still cordoned by a run of ours. Only called while no run is open.
  virtual Result<std::vector<std::string>> clear_orphans() = 0;

  /// What traces has this step left? Called for a step in doubt, and before every act.
  virtual Observation observe(const StepContext& context) = 0;

  /// Carries the step out, or attaches to it when it is underway. Idempotent as far as the world
  /// allows; whatever may have happened half is found by `observe`.
  virtual Outcome act(const StepContext& context, Watch& watch) = 0;

  /// The commands and API calls that `act` would make, one line each.
  virtual Result<std::vector<std::string>> would(const StepContext& context) = 0;
};

/// The journal on disk. `append` returns once the record is durable; after a failure nothing may be
/// done that it should have recorded. Called from the runner's thread and the desk's.
class Journal {
 public:
  virtual ~Journal() = default;

  /// Writes and numbers the record. An Opened is refused while another run is open.
  virtual Result<Record> append(Time at, const std::string& run, const Body& body) = 0;

  /// All records of one run in order.
  virtual Result<std::vector<Record>> read(const std::string& run) = 0;

  /// The run that was opened and not closed, if there is one.
  virtual Result<std::optional<std::string>> open_run() = 0;

  /// The newest runs first, at most `count`: their ids.
  virtual Result<std::vector<std::string>> runs(int count) = 0;
};

/// What a message is about, so that a chat can choose where it goes. From least to most urgent.
enum class Tone { detail, news, needs_you, trouble };

struct Message {
  Tone tone = Tone::news;
  std::string run;       // empty when it belongs to no run
  std::string text;      // begins with "[k8s-upgrade]"; may have several lines
  std::string ending{};  // of the run, when this is its last message: "done", "failed", ...
  bool of_request =
      false;  // about a start that waits for approval, which some chats show as a card
};

/// Where the bot speaks. Never blocks a run and never fails it: an outage fills an outbox.
class Chat {
 public:
  virtual ~Chat() = default;
  virtual void say(Message message) noexcept = 0;
};

struct Cover;

/// Silences for the node at work (silences.h). A courtesy: a failure is said, and changes nothing.
class Silences {
 public:
  virtual ~Silences() = default;

  /// From now on this node is worked on, or none. Called by the runner before the work begins and
  /// when it is over; returns when the silences stand, or could not be made in a few seconds.
  virtual void cover(const Cover& wanted) = 0;
};

/// A silence as we make it: one alert by name, on one node by name.
struct OwnSilence {
  std::string id;  // Alertmanager's; empty: not made yet
  std::string run;
  std::string node;
  std::string alertname;
  Time starts_at{};
  Time ends_at{};

  bool operator==(const OwnSilence&) const = default;
};

/// Alertmanager's silences, as far as they are ours. Every call is bounded.
class SilenceBook {
 public:
  virtual ~SilenceBook() = default;

  /// Those of this cluster's runs, whichever process made them, that have not ended.
  virtual Result<std::vector<OwnSilence>> standing() = 0;
  virtual Status put(const OwnSilence& silence) = 0;
  virtual Status take_back(const std::string& id) = 0;
};

}  // namespace lockkeeper
