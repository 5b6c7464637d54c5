// SPDX-License-Identifier: Apache-2.0
#pragma once

// The simulated Alertmanager's silences. Every call asks for its fault.

#include <functional>
#include <string>

#include "bot/ports.h"
#include "tests/sim/faults.h"
#include "tests/sim/model.h"
#include "tests/sim/virtual_clock.h"

namespace lockkeeper::sim {

class SimSilences : public SilenceBook {
 public:
  SimSilences(SimModel& model, const VirtualClock& clock, Faults& faults)
      : model_(model), clock_(clock), faults_(faults) {}

  Result<std::vector<OwnSilence>> standing() override;
  Status put(const OwnSilence& silence) override;
  Status take_back(const std::string& id) override;

  /// Called when something really changed, for transcripts.
  std::function<void(const std::string&)> on_change;

 private:
  Result<Fault> arrive(std::string_view port);
  static Status depart(Fault fault);
  void changed(const std::string& what);

  SimModel& model_;
  const VirtualClock& clock_;
  Faults& faults_;
  int made_ = 0;
};

}  // namespace lockkeeper::sim
