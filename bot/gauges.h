// SPDX-License-Identifier: Apache-2.0
#pragma once

// The metrics that are read off the state of things: run, gate, alerts. Part of the composition
// root. Called from the main thread about once a second.

#include <optional>

#include "bot/detector.h"
#include "bot/gate.h"
#include "bot/progress.h"
#include "integrations/metrics/metrics.h"

namespace lockkeeper {

/// `open` is the open run's progress, or nullptr; `now` is wall time, at the moment of the view.
void set_gauges(metrics::Metrics& metrics, const Progress* open, const GateView& gate, Time now);

/// What a look for new versions found. From the thread that looks; a failed look changes nothing,
/// so that its age shows.
void set_detection_gauges(metrics::Metrics& metrics, const Check& check, Time now);

}  // namespace lockkeeper
