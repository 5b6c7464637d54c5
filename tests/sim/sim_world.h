// SPDX-License-Identifier: Apache-2.0
#pragma once

// The World port over the simulated cluster. Effects take time, during which other things happen
// and the bot may be told to stop; node scripts go on without it. Every call asks for its fault.

#include <functional>
#include <string>

#include "bot/ports.h"
#include "tests/sim/faults.h"
#include "tests/sim/model.h"
#include "tests/sim/virtual_clock.h"

namespace lockkeeper::sim {

class SimWorld : public World {
 public:
  SimWorld(SimModel& model, VirtualClock& clock, Faults& faults, const SimTimes& times)
      : model_(model), clock_(clock), faults_(faults), times_(times) {}

  Result<ClusterFacts> look() override;
  Result<NodeHealth> examine(const std::string& node, const Plan& plan) override;
  Result<WorkloadFacts> workloads() override;
  Result<PreflightFacts> inspect(const Plan& plan, Watch& watch) override;
  Observation observe(const StepContext& context) override;
  Outcome act(const StepContext& context, Watch& watch) override;
  Result<std::vector<std::string>> would(const StepContext& context) override;
  Result<std::vector<std::string>> clear_orphans() override;

  /// Called at the start of every act, before any effect: where the invariants are checked.
  std::function<void(const StepContext&)> on_act;
  /// Called when something really changed, for transcripts.
  std::function<void(const std::string&)> on_change;

 private:
  Status arrive(std::string_view port);                       // the fault before the effect
  Status arrive_within(std::string_view port, Millis limit);  // tried again until then
  Status depart();                                            // the fault after it
  void changed(const std::string& what);

  Outcome perform(const StepContext& context, Watch& watch);
  Outcome cordon(const StepContext& context);
  Outcome uncordon(const StepContext& context);
  Outcome drain(const StepContext& context, Watch& watch);
  Outcome step_aside(const StepContext& context);
  Outcome snapshot(const StepContext& context, Watch& watch);
  Outcome claim(const StepContext& context);
  Outcome release(const StepContext& context);
  Outcome remote_job(const StepContext& context, Watch& watch);
  void start_job(const StepContext& context, const std::string& id);
  void finish_job(const std::string& id, Action action, const Plan& plan, const std::string& node);
  [[nodiscard]] Observation observe_job(const StepContext& context);
  [[nodiscard]] NodeFacts facts_of(const SimNode& node) const;
  [[nodiscard]] bool api_down() const { return clock_.moment() < model_.api_back; }

  SimModel& model_;
  VirtualClock& clock_;
  Faults& faults_;
  const SimTimes& times_;
  Fault pending_ = Fault::none;
};

}  // namespace lockkeeper::sim
