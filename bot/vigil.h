// SPDX-License-Identifier: Apache-2.0
#pragma once

// The two things a run waits for at a node: the proof that its kubelet is the new one, and the
// soak. State machines fed with what was seen; no clock, no I/O.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bot/facts.h"
#include "bot/plan.h"

namespace lockkeeper {

/// Gathers the proof that a node runs what it should. Ready=True with the right version is not
/// enough: the node object is stale for up to 50 s after a kubelet stops, so its Lease must have
/// been renewed twice before our eyes.
class ReadyProof {
 public:
  ReadyProof(const Plan& plan, const Step& step);

  /// What is still missing after this look; empty when it is proven.
  std::vector<std::string> missing(const NodeHealth& health);

 private:
  Version kubelet_;
  Version target_;
  bool control_plane_ = false;
  bool upgraded_ = false;  // whether the control plane must show the target, too
  std::set<std::string> renewals_;
};

/// Continuous good health for a while. Any flap starts it anew.
class SoakClock {
 public:
  explicit SoakClock(Millis needed) : needed_(needed) {}

  /// One look: no troubles, or what is wrong now.
  void looked(const std::vector<std::string>& troubles, Moment now);

  [[nodiscard]] bool over(Moment now) const;
  [[nodiscard]] Millis left(Moment now) const;
  [[nodiscard]] int restarts() const { return restarts_; }
  [[nodiscard]] const std::string& last_trouble() const { return last_trouble_; }

 private:
  Millis needed_;
  std::optional<Moment> healthy_since_;
  int restarts_ = 0;
  std::string last_trouble_;
};

/// How long a watching step may take. Time in which the gate was shut does not count: an alert
/// holds a run, it does not fail it.
class Patience {
 public:
  Patience(Millis limit, Moment now) : left_(limit), looked_(now) {}

  /// Whether the limit is used up. `counts`: the time since the last call counts.
  bool over(bool counts, Moment now);

 private:
  Millis left_;
  Moment looked_;
};

/// What is wrong with a node that was found healthy before: not Ready, another version, pressure,
/// daemon pods down. `ready_changed` is when its Ready condition had changed at the last look: a
/// node that went away and came back between two looks was not healthy either.
std::vector<std::string> node_troubles(const NodeHealth& health, const Version& kubelet,
                                       const std::string& ready_changed);

/// Workloads that have a Pending pod now and had none before the run: their pods were not
/// rescheduled.
std::vector<std::string> newly_pending(const WorkloadFacts& workloads, const std::string& before);

/// The workloads with a Pending pod as one note, for newly_pending.
std::string pending_note(const WorkloadFacts& workloads);

}  // namespace lockkeeper
