// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the desk shows: status, nodes, alerts, history. Pure functions of what is known.

#include <string>
#include <vector>

#include "bot/facts.h"
#include "bot/gate.h"
#include "bot/progress.h"

namespace lockkeeper {

/// "r-t9xk2a: step 12/37 drain worker-2, ..." with holds and the gate's state.
std::string status_text(const Progress& progress, const GateView& gate, std::string_view activity);

/// When no run is open: the newest one's ending, and the gate.
std::string idle_text(const Progress* newest, const GateView& gate);

/// Every reason why the run waits or would wait, one line each, with what ends it.
std::string why_text(const Progress* progress, const GateView& gate);

std::string nodes_text(const ClusterFacts& facts);
std::string alerts_text(const GateView& gate);

/// Every rule in its order: name, place, action, what it does now.
std::string rules_text(const std::vector<RuleView>& rules);

/// "2026-11-20T17:35:37Z r-t9xk2a 1.34.2 -> 1.34.7 done in 58m, 4 nodes, 1 pauses, by console:ana".
std::string history_line(const Progress& progress);

}  // namespace lockkeeper
