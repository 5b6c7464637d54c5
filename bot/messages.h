// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every text that a run says in chat, as pure functions of what happened. Each begins with
// "[k8s-upgrade]" (requirement E1), names the object and the reason, and holds no secret.

#include <string>
#include <string_view>
#include <vector>

#include "bot/confirmations.h"
#include "bot/ports.h"
#include "bot/preflight.h"
#include "bot/progress.h"

namespace lockkeeper::messages {

/// "1.34.2 -> 1.34.7 (patch), 5 nodes, 37 steps, plan 4be1c2d3".
std::string plan_summary(const Plan& plan);

/// The numbered plan, one line a step, for `plan`, `start` and the terminal.
std::string plan_text(const Plan& plan);

Message opened(const Progress& progress);
Message resumed(const Progress& progress);
Message step_ended(const Progress& progress, const Step& step, const Outcome& outcome);
Message findings(const Progress& progress, const std::vector<Finding>& findings);
Message would(const Progress& progress, const Step& step, const std::vector<std::string>& lines);
Message held(const Progress& progress, Holder holder, const std::vector<std::string>& reasons,
             const Step& step);
Message released(const Progress& progress, Holder holder, std::string_view why, Millis lasted);
Message latched(const Progress& progress, const std::vector<std::string>& reasons);
Message halted(const Progress& progress, const Failure& failure);

/// The only text that says a run is complete; it cannot be built without the three proofs.
Message complete(const Progress& progress, const Confirmations& confirmations);

/// Every other ending: what happened, what is left as it is, and what to do (recovery.h).
Message closed(const Progress& progress);

/// One line a phase with its times, pauses included: for the end of a run and for `history`.
std::string timeline(const Progress& progress);

}  // namespace lockkeeper::messages
