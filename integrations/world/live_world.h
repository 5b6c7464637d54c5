// SPDX-License-Identifier: Apache-2.0
#pragma once

// The real World: each call goes to the neighbour that it concerns, the API server or the nodes.
// Reads may be made from any thread; observe, act and would belong to the runner's.

#include <memory>
#include <string>

#include "bot/ports.h"
#include "config/settings.h"
#include "integrations/kubernetes/client.h"
#include "integrations/kubernetes/connection.h"
#include "integrations/node/node_steps.h"

namespace lockkeeper {

class LiveWorld : public World {
 public:
  /// Reads the cluster's credentials; dials nothing. Settings and clock must outlive the world.
  static Result<std::unique_ptr<LiveWorld>> open(const Settings& settings, Clock& clock);

  Result<ClusterFacts> look() override;
  Result<NodeHealth> examine(const std::string& node, const Plan& plan) override;
  Result<WorkloadFacts> workloads() override;
  Result<PreflightFacts> inspect(const Plan& plan, Watch& watch) override;
  Result<std::vector<std::string>> clear_orphans() override;
  Observation observe(const StepContext& context) override;
  Outcome act(const StepContext& context, Watch& watch) override;
  Result<std::vector<std::string>> would(const StepContext& context) override;

  /// The value of a Kubernetes Secret, "namespace/name/key".
  Result<std::string> secret(const std::string& path);

 private:
  LiveWorld(const Settings& settings, Clock& clock,
            std::unique_ptr<kubernetes::Connection> connection);

  /// For a minor jump; the watch is asked meanwhile.
  CompatFacts survey(const ClusterFacts& facts, Watch& watch);

  const Settings& settings_;
  Clock& clock_;
  std::unique_ptr<kubernetes::Connection> connection_;
  kubernetes::Client client_;
  node::NodeSteps nodes_;
};

}  // namespace lockkeeper
