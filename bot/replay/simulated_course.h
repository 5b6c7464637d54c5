// SPDX-License-Identifier: Apache-2.0
#pragma once

// One simulated run on its way through a history. It asks the gate where the runner would ask it,
// and goes on as the runner would; what it does in between takes the time that it was given. One
// thread, no I/O.

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "bot/replay/backtest.h"
#include "bot/replay/virtual_gate.h"
#include "bot/vigil.h"

namespace lockkeeper::replay {

class SimulatedCourse {
 public:
  /// `options` must outlive it.
  SimulatedCourse(const BacktestOptions& options, Time began);

  /// Goes on as far as it can at the time of this look.
  void look(VirtualGate& gate, Time at);

  /// Ends it where it stands, because the history ends.
  void cut(Time at);

  [[nodiscard]] bool over() const { return over_; }
  /// Changes whenever the run has come further, so that alerts may mean something else.
  [[nodiscard]] int stages_passed() const { return stages_passed_; }
  [[nodiscard]] const SimulatedRun& run() const { return run_; }
  [[nodiscard]] const std::vector<SimulatedPause>& pauses() const { return pauses_; }

 private:
  enum class Part { preflight, between, drain, before_script, script, soak, confirm };

  [[nodiscard]] Situation situation(Time at) const;
  bool advance(VirtualGate& gate, Time at);
  bool preflight(const Verdict& verdict, const VirtualGate& gate, Time at);
  bool at_gate(const Verdict& verdict, const VirtualGate& gate, Time at);
  bool soak(const Verdict& verdict, const VirtualGate& gate, Time at);
  void pause(const Verdict& verdict, const VirtualGate& gate, Time at);
  void end_pause(Time at);
  void enter(Part part, Time at);
  void end(RunEnd how, std::vector<std::string> reasons, Time at);
  void blame(const VirtualGate& gate, Time at, RuleAction least);

  const BacktestOptions& options_;
  SimulatedRun run_;
  std::vector<SimulatedPause> pauses_;
  Part part_ = Part::preflight;
  Time part_began_{};
  std::size_t node_ = 0;            // the one at hand; all before it are done
  std::vector<Time> node_changed_;  // since when each has its standing
  std::optional<SoakClock> soak_;
  std::optional<Patience> patience_;
  bool pausing_ = false;
  Time paused_until_{};  // the newest look of the pause at hand
  int stages_passed_ = 0;
  bool over_ = false;
};

}  // namespace lockkeeper::replay
