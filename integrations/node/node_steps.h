// SPDX-License-Identifier: Apache-2.0
#pragma once

// The part of the world that happens on nodes: the steps that are remote jobs, and the probes of
// the preflight. It knows scripts and SSH and nothing of the API server; the World that joins both
// hands these calls on. `observe`, `act` and `would` belong to the runner's thread, `probe` may be
// called from any.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bot/facts.h"
#include "bot/ports.h"
#include "config/settings.h"
#include "integrations/ssh/host.h"

namespace lockkeeper::node {

class NodeSteps {
 public:
  /// Both must outlive it.
  NodeSteps(const Settings& settings, Clock& clock);

  /// As World has them, for steps whose action is a remote job (plan.h).
  Observation observe(const StepContext& context);
  Outcome act(const StepContext& context, Watch& watch);
  [[nodiscard]] Result<std::vector<std::string>> would(const StepContext& context) const;

  /// Looks at every node of the plan, several at a time, within `[preflight] limit`. A node that
  /// could not be looked at says why.
  std::map<std::string, NodeProbe> probe(const Plan& plan, Watch& watch);

  /// Looks at one node; any thread.
  [[nodiscard]] NodeProbe probe(const PlannedNode& node, const Plan& plan,
                                const ssh::Cancelled& cancelled) const;

 private:
  ssh::Host& host_of(const PlannedNode& node);

  const Settings& settings_;
  Clock& clock_;
  std::optional<ssh::Host> host_;  // of the last step: the next one is mostly on the same node
};

}  // namespace lockkeeper::node
