// SPDX-License-Identifier: Apache-2.0
#pragma once

// The metrics that are read off the state of things: run, gate, alerts, what detection found. Part
// of the composition root. What outlives its reason would be an alert that never ends, so that a
// run which brought the cluster to a version also ends what was said about this version.

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "bot/detector.h"
#include "bot/gate.h"
#include "bot/ports.h"
#include "bot/progress.h"
#include "integrations/metrics/metrics.h"

namespace lockkeeper {

class Gauges {
 public:
  explicit Gauges(metrics::Metrics& metrics) : metrics_(metrics) {}

  /// Run, gate and sources as they are; `now` is wall time at the moment of the view. From the main
  /// thread, about once a second. A journal that cannot be read changes nothing about the last run.
  void look(Journal& journal, const GateView& gate, Time now);

  /// What a look for new versions found. From the thread that looks; a failed look is never told
  /// here, so that its age shows.
  void checked(const Check& check, Time now);

 private:
  /// What the newest look for versions came to.
  struct Found {
    Time at{};
    std::optional<Version> running;
    std::vector<Available> available;
    bool blocked = false;  // a minor, by the compatibility gate
  };

  void find_last(Journal& journal, const Progress* open);
  void set_last();
  void set_found();
  [[nodiscard]] bool refused() const;

  metrics::Metrics& metrics_;
  std::mutex mutex_;              // guards what follows
  std::optional<Found> found_;    // nothing: no look since the start
  std::optional<Progress> last_;  // the newest run that has ended and was no dry run
  std::string searched_;    // the newest run when that was looked for, and whether it was open
  bool upgrading_ = false;  // a run is open that is no dry run
};

}  // namespace lockkeeper
