// SPDX-License-Identifier: Apache-2.0
#pragma once

// Facts + request + settings -> a plan, or every reason why there is none. Pure: the same inputs
// give the same plan, and its digest.

#include <string>
#include <vector>

#include "bot/facts.h"
#include "bot/plan.h"
#include "bot/request.h"
#include "config/settings.h"

namespace lockkeeper {

/// Why no plan was made: all reasons at once.
struct Refusal {
  std::vector<std::string> reasons;
  bool nothing_to_do = false;  // every node runs the target already
};

/// Makes the plan of requirements A1-A3: one minor at a time, control planes before workers, nodes
/// enumerated from the facts, those on the target left out.
/// Skew rules: https://kubernetes.io/releases/version-skew-policy/
std::expected<Plan, Refusal> make_plan(const ClusterFacts& facts, const UpgradeRequest& request,
                                       const Settings& settings, const std::string& run);

/// A run's id from the wall clock, for example "r-t9xk2a": unique for ever, because folders on
/// nodes bear it and an old one must never be taken for a new one.
std::string make_run_id(Time now);

/// The containerd that control planes are raised to before anything else: the workers' oldest that
/// is newer than the control planes'; empty where none has to be raised.
std::string containerd_goal(const ClusterFacts& facts);

/// "1.7.27" of "containerd://1.7.27"; empty for another runtime.
std::string containerd_version(const std::string& runtime);

}  // namespace lockkeeper
