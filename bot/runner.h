// SPDX-License-Identifier: Apache-2.0
#pragma once

// Walks a plan, step by step: straight-line code that reads like the runbook. One thread calls it,
// and it is the only writer to the cluster. Everything it knows of a run is the fold of the
// journal, so starting a run and resuming it after a crash are the same thing.
//
// The order around each step is the contract of the whole product: gate -> Intent durable ->
// observe
// -> act unless it is done already -> Outcome durable.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bot/activity.h"
#include "bot/confirmations.h"
#include "bot/course.h"
#include "bot/gate.h"
#include "bot/inbox.h"
#include "bot/ports.h"
#include "bot/progress.h"
#include "config/settings.h"

namespace lockkeeper {

/// How a walk ended.
enum class Walk {
  closed,   ///< the run has ended; its Closed record is durable
  leaving,  ///< the process is to end; the run is open and goes on after the restart
  halted,   ///< the journal cannot be written; nothing more was done
};

class Runner : private Watch {
 public:
  /// Everything is owned by the caller and outlives the runner.
  Runner(World& world, Clock& clock, Journal& journal, Chat& chat, Gate& gate, Inbox& inbox,
         Activity& activity, const Settings& settings);

  /// Folds the run's records and carries it to its end, or until it must leave. `fresh` is false
  /// after a restart: the chat is told that the run resumes.
  Walk walk(const std::string& run, bool fresh);

  /// Where the node at work is silenced; by default nowhere.
  void silence_with(Silences& silences) { silences_ = &silences; }

 private:
  enum class Pass { go, wind_down, leave, halt };

  Walk walk_steps();
  void uncover();

  // The journal and the inbox.
  bool load(const std::string& run);
  bool append(const Body& body);
  void take_orders();
  void latch(const Actor& by, const std::vector<std::string>& reasons);
  [[nodiscard]] bool broken() const { return broken_.has_value(); }

  // The gate (runner_gate.cpp).
  Pass pass_gate(const Step& step);
  Verdict ask(const Step& step, Phase phase);
  Verdict look_at_cluster(const Step& step);
  void hold(const Verdict& verdict, const Step& step);
  void say_person_hold(const Step& step);
  bool release_holds();

  // Steps.
  std::optional<Walk> one_step(const Step& step);
  bool carry_out(const Step& step);
  std::optional<Outcome> perform(const Step& step);
  std::optional<Outcome> touch(const Step& step);
  std::optional<Outcome> act(const Step& step, bool vouched);
  std::optional<Observation> observe_surely(const Step& step, bool& vouched);
  bool skip(const Step& step, const std::string& why);
  bool skip_node(const Step& step, const std::string& why);
  bool rehearse(const Step& step);
  bool finish(const Step& step, Outcome outcome);
  Walk close();
  [[nodiscard]] Walk stopped() const { return broken() ? Walk::halted : Walk::leaving; }

  // The steps that watch and decide (runner_watch.cpp).
  std::optional<Outcome> check(const Step& step);
  std::optional<Outcome> await_ready(const Step& step);
  std::optional<Outcome> soak(const Step& step);
  std::optional<Outcome> confirm(const Step& step);
  void let_gate_settle(const Step& step);
  [[nodiscard]] std::map<std::string, OwnWork> own_work();
  std::vector<std::string> soak_troubles(const Step& step, bool gate_open,
                                         std::string& ready_changed);
  std::vector<std::string> still_pending();
  std::expected<Confirmations, std::vector<std::string>> prove(const Step& step);
  std::optional<std::optional<Outcome>> cut_short(const Step& step);
  bool gate_is_open(const Step& step, Phase phase);
  void wait_for(Millis at_most) { clock_.wait_until(clock_.moment() + at_most); }

  // Watch, for the world's long actions.
  void progress(std::string_view line) override;
  bool stop_wanted() override;
  bool leaving() override { return inbox_.leaving(); }

  [[nodiscard]] StepContext context(const Step& step) const;

  World& world_;
  Clock& clock_;
  Journal& journal_;
  Chat& chat_;
  Gate& gate_;
  Inbox& inbox_;
  Activity& activity_;
  const Settings& settings_;
  Silences* silences_ = nullptr;

  std::string run_;
  Progress progress_;
  std::optional<Failure> broken_;         // why the journal cannot be used, once it cannot
  const Step* current_ = nullptr;         // what stop_wanted() is asked about
  bool winding_ = false;                  // whether current_ is a step on the way down
  std::optional<Moment> gate_passed_at_;  // when the newest "go" was given
  std::optional<Moment> looked_at_;       // when facts_ were seen
  Result<ClusterFacts> facts_;            // the newest look, or why it failed
  std::string held_for_;                  // what the hold was last said to be for
  bool person_hold_said_ = false;
};

}  // namespace lockkeeper
