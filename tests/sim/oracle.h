// SPDX-License-Identifier: Apache-2.0
#pragma once

// What must never be (requirements B1-B11), checked against the model itself after every act, every
// journal record and every message, by code that shares nothing with the code it judges.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bot/ports.h"
#include "config/settings.h"
#include "tests/sim/approval_oracle.h"
#include "tests/sim/model.h"
#include "tests/sim/virtual_clock.h"

namespace lockkeeper::sim {

class Oracle {
 public:
  Oracle(const SimModel& model, const VirtualClock& clock, const Settings& settings)
      : model_(model), clock_(clock), settings_(settings) {}

  void acts(const StepContext& context);
  void appended(const Record& record);
  void said(const Message& message);
  void polled(bool good);

  /// The model's alerts or Prometheus changed; to be told when it happens.
  void alerts_changed();

  /// The bot has been started: what it has seen for how long begins anew.
  void booted() { seen_since_.clear(); }
  /// The rules have been changed: such an alert no longer holds a run.
  void forgive(std::string_view alertname) {
    forgiven_.emplace(alertname);
    alerts_changed();
  }
  void kill_changed() { kill_since_ = clock_.moment(); }

  /// A run has ended; what must hold then.
  void run_ended(const std::string& run);

  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }

 private:
  void violated(const std::string& what);
  void check_gate(const StepContext& context);
  void check_wider_rules(const Step& step);
  [[nodiscard]] bool blocks(const Labels& alert) const;
  [[nodiscard]] bool fires(std::string_view name) const;
  [[nodiscard]] bool office_hours(Millis ago) const;
  void check_order(const StepContext& context);
  void check_orders_of_people(const StepContext& context);
  void check_soak(const Outcome& outcome);

  const SimModel& model_;
  const VirtualClock& clock_;
  const Settings& settings_;
  std::vector<std::string> violations_;
  ApprovalOracle approvals_;

  std::optional<Plan> plan_;
  std::map<int, bool> begun_;  // steps of the open run: Intent written
  std::map<int, Outcome> outcomes_;
  bool paused_ = false;
  bool ending_ = false;  // latched, or a step failed
  std::optional<Moment> blocking_since_;
  std::map<std::string, Moment> seen_since_;  // by this life's polls, without a gap
  std::set<Labels> old_;                      // set aside, as they fired when the run was opened
  std::set<std::string, std::less<>> forgiven_;
  bool sticky_ = false;                      // the journal says so, and nobody has resumed since
  std::optional<Moment> twitched_;           // when the journal first said that it holds
  std::chrono::milliseconds wall_offset_{};  // of the newest poll, and since when it is that
  Moment wall_steady_since_;
  std::optional<Moment> last_good_poll_;
  std::optional<Moment> kill_since_;
  std::set<std::string> vouched_;  // node scripts that a person allowed to start again
  std::set<std::string> human_cordons_;
  std::string last_message_;
};

}  // namespace lockkeeper::sim
