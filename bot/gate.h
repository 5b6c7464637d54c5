// SPDX-License-Identifier: Apache-2.0
#pragma once

// The gate: whether alerts let the run take its next step. A webhook can only ADD suspicion; only a
// successful poll of Prometheus in which the Watchdog is seen can take it away, because a
// "resolved" may be lost, late or a lie (killing Prometheus makes Alertmanager resolve everything).
// Not being able to see is a state of its own, BLIND, and never counts as quiet.
//
// Thread safe: the eyes call saw(), the web server suspect(), the runner ask(). All durations are
// monotonic. No I/O: what must survive a restart goes through memory() into the journal and comes
// back through arm().

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bot/facts.h"
#include "bot/record.h"
#include "config/settings.h"
#include "rules/evaluate.h"
#include "rules/verdict.h"

namespace lockkeeper {

enum class GateState { clear, paused, blind, aborted };

std::string_view to_string(GateState state);

/// What the gate shows about itself: status, `why`, `alerts`, metrics.
struct GateView {
  struct Alert {
    Labels labels;
    std::string rule;  // name and place, "storage (rules.ini:12)"
    RuleAction action = RuleAction::ignore;
    bool provisional = false;  // known from a webhook only, not yet from a poll
    Millis firing{};           // how long it has been seen
  };

  GateState state = GateState::blind;
  std::vector<std::string> reasons;
  std::vector<Alert> alerts;              // every firing alert with what it comes to
  std::optional<Millis> since_good_poll;  // nothing: none yet
  std::string last_failure;               // of the newest failed poll
};

class Gate {
 public:
  Gate(RuleBook book, GateSettings settings);

  /// One look at Prometheus, good or bad.
  void saw(const Sighting& sighting, Moment now);

  /// Firing alerts from a webhook, and how many more it left out (truncatedAlerts). Returns whether
  /// there is anything new in it, so that the caller polls at once.
  bool suspect(std::span<const Labels> firing, int truncated, Moment now);

  /// May a step be taken in this situation? The situation stays in force until the next call, so
  /// that an abort between two calls is not missed.
  Verdict ask(const Situation& situation, Moment now);

  /// A run is open: abort rules latch from now on. `memory` is what memory() gave before a restart
  /// (or empty); `now_wall` tells how long that was ago.
  void arm(const Notes& memory, Time now_wall, Moment now);

  /// The run is over; a latch of it is forgotten.
  void disarm();

  /// What a restarted gate must know to be as paused as this one.
  [[nodiscard]] Notes memory(Time now_wall, Moment now) const;

  /// As the next node would find it: while a node is worked on, in phase between.
  [[nodiscard]] GateView view(Moment now) const;

  [[nodiscard]] const RuleBook& book() const { return book_; }

 private:
  struct Suspicion {
    Labels labels;
    Moment at;
  };
  /// A stretch of waiting: which rules caused it, since when, and the quiet it needs to end.
  struct Hold {
    Moment since;
    std::map<std::string, Moment> rules;  // by name; when each began to hold
    Millis quiet_needed{};
    Millis quiet{};                         // good and clear polls only
    std::optional<Moment> last_quiet_poll;  // where the next stretch of quiet continues
  };
  struct Judged {
    const Labels* labels = nullptr;  // in polled_ or suspicions_
    std::uint64_t id = 0;
    const Rule* rule = nullptr;
    RuleAction action = RuleAction::ignore;
    bool provisional = false;
    Millis firing{};
  };

  void absorb(const Sighting& sighting, Moment now);
  [[nodiscard]] std::vector<Judged> judge(const Situation& situation, Moment now) const;
  [[nodiscard]] bool blind(Moment now) const;
  [[nodiscard]] bool overdue(const Judged& judged, Moment now) const;
  void note_blindness(Moment now);
  void update(std::vector<Judged>& judged, Moment now);
  void latch_fatal(const std::vector<Judged>& judged, Moment now);
  void waive_overdue(std::vector<Judged>& judged, Moment now);
  void hold_for(const std::vector<Judged>& judged, Moment now);
  void count_quiet(const std::vector<Judged>& judged, Moment now);
  Hold& holding(Moment now);
  [[nodiscard]] Verdict verdict(const std::vector<Judged>& judged, Moment now) const;
  [[nodiscard]] std::vector<std::string> wait_reasons(const std::vector<Judged>& judged,
                                                      Moment now) const;
  [[nodiscard]] std::string blind_reason(Moment now) const;
  [[nodiscard]] std::string quiet_reason() const;

  const RuleBook book_;
  const GateSettings settings_;

  mutable std::mutex mutex_;
  std::vector<Labels> polled_;  // firing in the newest good poll, normalised
  std::map<std::uint64_t, Moment> first_seen_;
  std::map<std::uint64_t, Suspicion> suspicions_;
  std::set<std::uint64_t> waived_;  // held for max_pause, and the rule says to go on
  int truncated_ = 0;               // left out of webhooks since the newest good poll
  std::optional<Moment> last_good_;
  std::string last_failure_ = "no poll of Prometheus yet";
  Situation situation_;
  std::optional<Hold> hold_;
  bool armed_ = false;
  std::optional<std::vector<std::string>> latched_;
};

}  // namespace lockkeeper
