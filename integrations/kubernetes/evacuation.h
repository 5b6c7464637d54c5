// SPDX-License-Identifier: Apache-2.0
#pragma once

// The thinking half of a drain: which pod is to be asked to leave next, and what each answer and
// sighting means for it. It does no I/O and reads no clock; the driver (drain_run.h) tells it what
// it saw and when, and asks what to do. Values for one thread.
//
// Budgets are the interesting part. Where the budget of a pod is known, the pod is asked as soon as
// the budget allows a disruption, and otherwise only one pod of that budget knocks every few
// seconds; so fifty pods behind one budget cost one request in five seconds instead of fifty.

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bot/time.h"
#include "integrations/kubernetes/eviction.h"
#include "integrations/kubernetes/objects.h"

namespace lockkeeper::kubernetes {

struct EvacuationKnobs {
  int parallel = 10;           // evictions in flight
  Millis budget_retry{5'000};  // kubectl's constant
  Millis retry{1'000};         // after a busy answer or a failed look; doubling up to eight times
  int returns_max = 5;         // how often one controller may put pods back onto the node
};

/// What is to be done now.
struct Task {
  enum class Kind { evict, look };
  Kind kind = Kind::evict;
  Pod pod;
};

/// A pod that has not left yet, for reports.
struct Remaining {
  enum class State { waiting, held, leaving, impossible };
  Pod pod;
  State state = State::waiting;
  std::string why;  // held: the server's words about the budget; impossible: its refusal
};

class Evacuation {
 public:
  explicit Evacuation(EvacuationKnobs knobs) : knobs_(knobs) {}

  // What was seen.

  /// A pod that is to leave. A known uid is updated (it may have begun to leave).
  void seen(const Pod& pod, Moment now);
  [[nodiscard]] bool knows(const std::string& uid) const { return pods_.contains(uid); }
  void vanished(const std::string& uid);
  /// A complete list of the node's pods: whoever is not in it has vanished.
  void listed(const std::set<std::string>& uids);
  /// A complete list of budgets, one that was added or changed, and one that was deleted.
  void budgets(const std::vector<Budget>& all);
  void budget(const Budget& changed);
  void budget_deleted(const std::string& full_name);

  // What to do, and how it went.

  /// The next task, counted as in flight until its answer; nothing when there is none just now.
  std::optional<Task> next(Moment now);
  void answered(const std::string& uid, const EvictionVerdict& verdict, Moment now);
  void looked(const std::string& uid, PodLook look, Moment now);

  // How it stands.

  [[nodiscard]] bool empty() const { return pods_.empty(); }
  [[nodiscard]] int in_flight() const { return in_flight_; }
  [[nodiscard]] std::size_t gone() const { return gone_; }
  /// Whether a budget has been met: from then on their state is worth watching.
  [[nodiscard]] bool met_budget() const { return met_budget_; }
  /// Why it can never end well, once that is certain.
  [[nodiscard]] const std::optional<std::string>& hopeless() const { return hopeless_; }
  [[nodiscard]] std::vector<Remaining> remaining() const;

 private:
  enum class State { waiting, asked, look_due, looking, leaving, impossible };
  struct Departure {
    Pod pod;
    State state = State::waiting;
    Moment due{};       // not before
    int failures = 0;   // in a row, for growing pauses
    int returned = 0;   // how often its controller had put pods back when it appeared
    bool held = false;  // refused by a budget at least once
    std::string why;
    std::string budget;  // full name of the one that covers it, as far as known
    bool budget_known = false;
    bool counted = false;  // in its budget's `asked`
    int news = 0;          // of its budget, when it was asked
  };
  struct BudgetView {
    Budget budget;
    int asked = 0;   // evictions in flight
    int news = 0;    // changes seen so far
    Moment knock{};  // when the next one may try although nothing is allowed
  };

  BudgetView* budget_for(Departure& departure);
  bool may_ask(Departure& departure, Moment now);
  void count_return(Departure& departure);
  void hold(Departure& departure, const EvictionVerdict& verdict, Moment now);
  /// Pods of one controller are nearly always behind one budget: until it is known, the others
  /// need not be refused one by one.
  void hold_siblings(const Departure& held);
  Millis pause(Departure& departure, Millis at_least) const;
  void release(Departure& departure);
  void depart(std::map<std::string, Departure>::iterator at);

  EvacuationKnobs knobs_;
  std::map<std::string, Departure> pods_;  // by uid
  std::map<std::string, BudgetView> budgets_;
  std::map<std::string, int> returns_;  // by controller uid: the highest count that has left
  int in_flight_ = 0;
  std::size_t gone_ = 0;
  bool met_budget_ = false;
  std::optional<std::string> hopeless_;
};

}  // namespace lockkeeper::kubernetes
