// SPDX-License-Identifier: Apache-2.0
#pragma once

// From a step of the plan to the script that carries it out on its node, to the lines that a dry
// run prints instead, and from the job's outcome to words for the operator. Pure functions for any
// thread; every value that comes from outside is quoted for the shell.

#include <string>
#include <vector>

#include "bot/ports.h"
#include "config/settings.h"
#include "rules/result.h"

namespace lockkeeper::node {

struct NodeScript {
  std::string text;        // POSIX sh, complete
  std::string afterwards;  // to be run whatever became of it: puts holds and timers back
};

/// The script of a step whose action is a remote job (plan.h). Fails for a node that the plan does
/// not know, and for a hook that nobody has configured.
Result<NodeScript> script_for(const StepContext& context, const Settings& settings);

/// What that script would change, one line each, as commands where they are commands.
Result<std::vector<std::string>> would_lines(const StepContext& context, const Settings& settings);

/// The program that looks at a node before a run and changes nothing (probe.h reads its answer).
std::string probe_program(const PlannedNode& node, const Plan& plan, const Settings& settings);

/// Adds to a failure what a person can do about it: where the whole log is, which packages must be
/// held again if the script was killed, how to go on. A hook that failed while `on_hook_failure` is
/// `warn` is done, and says that it failed.
Outcome with_advice(Outcome outcome, const StepContext& context, const Settings& settings,
                    const std::string& job);

/// The same for what is found of a step in doubt.
Observation with_advice(Observation observation, const StepContext& context,
                        const Settings& settings, const std::string& job);

}  // namespace lockkeeper::node
