// SPDX-License-Identifier: Apache-2.0
#pragma once

// The whole product on virtual time: the real planner, desk, runner, gate and rules, over a
// simulated cluster and a journal in memory. The bot may die at any call and is started again.

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bot/activity.h"
#include "bot/desk.h"
#include "bot/gate.h"
#include "bot/inbox.h"
#include "bot/lookout.h"
#include "bot/reload.h"
#include "bot/runner.h"
#include "bot/silences.h"
#include "tests/sim/faults.h"
#include "tests/sim/model.h"
#include "tests/sim/oracle.h"
#include "tests/sim/sim_journal.h"
#include "tests/sim/sim_silences.h"
#include "tests/sim/sim_world.h"
#include "tests/sim/virtual_clock.h"

namespace lockkeeper::sim {

/// Settings that keep a simulated run short without changing its shape.
Settings sim_settings();

/// The same with a replica of Prometheus, and with an Alertmanager that is asked and in which the
/// node at work is silenced.
Settings with_replica(Settings settings = sim_settings());
Settings with_silences(Settings settings = sim_settings());

/// The same with a start that needs another person: everybody of the console operates, ben and eva
/// approve; ana and ben are people who are known to be two.
Settings with_approvals(Settings settings = sim_settings());

class Simulation : private Chat {
 public:
  explicit Simulation(SimModel initial, Settings the_settings = sim_settings());
  ~Simulation() override = default;

  // The world outside; set before or during a run.
  VirtualClock clock;
  Faults faults;
  SimTimes times;
  SimModel model;
  Settings settings;
  SimJournal journal;
  SimWorld world;
  SimSilences silences;
  Oracle oracle;

  /// Said in chat, in order; and, for transcripts, everything with its virtual time.
  std::vector<Message> messages;
  std::function<void(const std::string& line)> on_line;

  /// A command, as a person types it. A crash in the middle starts the next life.
  Reply order(const std::string& line, const Actor& actor = "console:ana");

  /// The plan's digest filled in: start, resume, abort without a second thought.
  Reply order_surely(const std::string& line, const Actor& actor = "console:ana");

  /// A start that ana asks for and ben approves; the answer to the approval.
  Reply order_approved(const std::string& line);

  /// Walks the open run until it is closed or `limit` has passed, restarting the bot whenever it
  /// dies. Whether it was closed.
  bool run_to_end(Millis limit = std::chrono::hours(72));

  // What happens in the world.
  void fire(const Labels& alert, bool webhook = true);
  void resolve(std::string_view alertname);
  /// Alertmanager says by webhook that everything is over, whether it is or not.
  void resolved_message();
  void wait_to_fire(const Labels& alert, bool pending);
  void prometheus(bool up);
  void flap(const std::string& node, Millis down);

  /// Somebody writes a rule for this alert in front of all others, and the bot reads its
  /// configuration again. A bot that is started later reads the same.
  void write_rule(std::string name, std::string_view alertname, RuleAction action);
  /// The same by hand: what the file says changes, and nobody has read it yet.
  void edit_file(const std::function<void(RuleBook&)>& edit) { edit(file_); }
  void read_file_again();
  /// What the bot makes of a file that was read again. A crash in the middle starts the next life.
  void reread(const std::expected<Settings, std::vector<std::string>>& read, bool asked = false);

  [[nodiscard]] Ending ending() const;
  [[nodiscard]] int lives() const { return lives_; }
  [[nodiscard]] bool all_on(const Version& target) const;

 private:
  /// What dies with the process.
  struct Life {
    Gate gate;
    Lookout lookout;
    Inbox inbox;
    Activity activity;
    Desk desk;
    Runner runner;
    Reload reload;
    NodeSilences silences;
    explicit Life(Simulation& sim);
  };

  void boot();
  void poll();
  [[nodiscard]] Sighting look(bool up, std::string why_not) const;
  [[nodiscard]] Sighting look_at_alertmanager() const;
  void schedule_poll(int life);
  void schedule_tend(int life);
  void tend_requests();
  bool walk_until(Moment until);
  void say(Message message) noexcept override;

  RuleBook file_;  // as it is on disk: what the next life begins with
  std::unique_ptr<Life> life_;
  int lives_ = 0;
  bool walking_ = false;
  int walks_ = 0;  // odd while one is under way
};

}  // namespace lockkeeper::sim
