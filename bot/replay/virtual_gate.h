// SPDX-License-Identifier: Apache-2.0
#pragma once

// The real gate on virtual time: the one place where `rules test` and `rules backtest` touch it.
// Times are wall times; the gate's own, monotonic ones follow from them, so a test says "at 5m" and
// means it. No clock, no I/O, one thread.

#include <set>
#include <span>
#include <string>
#include <vector>

#include "bot/facts.h"
#include "bot/gate.h"

namespace lockkeeper::replay {

/// The settings of a gate that is polled this often: blindness begins after three missed polls at
/// the earliest, as it does by default.
GateSettings paced(GateSettings settings, Millis poll_interval);

/// The situation at this wall time.
Situation dated(Situation situation, Time at);

class VirtualGate {
 public:
  /// `began` is the virtual start of the process; no time given later lies before it.
  VirtualGate(RuleBook book, GateSettings settings, Time began);

  /// One poll of Prometheus, good or bad.
  void see(const Sighting& sighting, Time at) { gate_.saw(sighting, moment(at)); }

  /// Firing alerts from a webhook.
  void suspect(std::span<const Labels> firing, int truncated, Time at) {
    gate_.suspect(firing, truncated, moment(at));
  }

  Verdict ask(const Situation& situation, Time at) {
    return gate_.ask(dated(situation, at), moment(at));
  }
  [[nodiscard]] GateView view(Time at) const { return gate_.view(moment(at)); }

  /// A run is open from now on, so that abort rules latch; what fires now is older than the run.
  void run_opens(Time at);
  void run_closes() { gate_.disarm(); }

  /// A person says to go on: a pause that waits for that may end.
  void person_resumes();

  /// The names of the rules for which the gate is held, "blindness" among them.
  [[nodiscard]] std::set<std::string> holders(Time at) const;

  /// The state that belongs to this verdict: stopping is aborted and waiting paused, but a gate
  /// that cannot see is blind whatever it answers.
  [[nodiscard]] GateState state(const Verdict& verdict, Time at) const;

  /// The rule that decides about an alert as Prometheus has it.
  [[nodiscard]] const Rule& decider(const Labels& alert, const Situation& situation) const;

  /// Why the rule of this name does not decide about the alert: the key that failed, or "" when the
  /// search ended before it.
  [[nodiscard]] std::string why_not(const Labels& alert, const Situation& situation,
                                    std::string_view rule) const;

  [[nodiscard]] const RuleBook& book() const { return gate_.book(); }

 private:
  [[nodiscard]] Moment moment(Time at) const;

  Gate gate_;
  Time began_;
};

}  // namespace lockkeeper::replay
