// SPDX-License-Identifier: Apache-2.0
#pragma once

// Runs as pictures: the timeline of one, and the durations of many side by side. SVG documents that
// need nothing else, from the same values that the texts are made of. Pure functions; any thread.

#include <span>
#include <string>

#include "bot/run_report.h"
#include "rules/window.h"

namespace lockkeeper {

/// One run from left to right: a lane for the gate, one for the phases, one for the steps of the
/// whole cluster, one for each node. What held the run is shaded over all of them and listed below.
/// Of a large cluster it shows the first nodes that were worked on.
std::string timeline_svg(const RunReport& run, const Zone* zone);

/// One bar for each run, as they come, divided by phase, with the waiting at its end.
std::string history_svg(std::span<const RunReport> runs, const Zone* zone);

}  // namespace lockkeeper
