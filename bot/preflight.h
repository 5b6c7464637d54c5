// SPDX-License-Identifier: Apache-2.0
#pragma once

// The preflight checks (requirement A4): all of them judge, and all findings are reported together.
// Pure; what could not be read is a blocking finding, never a pass.

#include <string>
#include <string_view>
#include <vector>

#include "bot/facts.h"
#include "bot/plan.h"
#include "config/settings.h"
#include "rules/verdict.h"

namespace lockkeeper {

struct Finding {
  bool blocking = true;
  std::string text;  // "node3: NotReady"

  bool operator==(const Finding&) const = default;
};

/// The note of a refused run's check: the findings that blocked it, one a line.
inline constexpr std::string_view kBlockingNote = "blocking";

/// Judges everything that was inspected before a run changes anything. `gate` is the gate's answer
/// in phase precheck.
std::vector<Finding> preflight_findings(const PreflightFacts& facts, const Plan& plan,
                                        const Settings& settings, const Verdict& gate, Time now);

/// Whether any of them blocks.
bool blocked(const std::vector<Finding>& findings);

}  // namespace lockkeeper
