// SPDX-License-Identifier: Apache-2.0
#pragma once

// The gate: whether alerts let the run take its next step. A webhook can only ADD suspicion; only a
// successful poll of Prometheus in which the Watchdog is seen can take it away, because a
// "resolved" may be lost, late or a lie (killing Prometheus makes Alertmanager resolve everything).
// Not being able to see is a state of its own, BLIND, and never counts as quiet.
//
// Thread safe: the eyes call saw(), the web server suspect(), the runner ask(). All durations are
// monotonic; wall time, for the windows of rules, comes with the situation and with each sighting.
// No I/O: what must survive a restart goes through memory() and baseline() into the journal and
// comes back through arm().

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
#include "bot/hold.h"
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
    Millis firing{};           // how long it has been seen in its state
    std::string note{};        // why its rule is not meant as it stands; empty: it is
    bool pending = false;
  };

  GateState state = GateState::blind;
  std::vector<std::string> reasons;
  std::vector<Alert> alerts;              // every firing alert with what it comes to
  std::optional<Millis> since_good_poll;  // nothing: none yet
  std::string last_failure;               // of the newest failed poll
  // What does not hold the run and might have: alerts that are set aside, rules that match an alert
  // but for one key, and sources that are not seen.
  std::vector<std::string> notes{};
  std::vector<SourceState> sources{};  // who is asked, and webhooks where a heartbeat is known
  Moment at{};                         // of this view
};

/// One rule as it stands now, for `/upgrade rules`.
struct RuleView {
  Rule rule;
  std::string state;  // "holds 2 alerts", "outside its window ...", "in force"
};

class Gate {
 public:
  Gate(RuleBook book, GateSettings settings);

  /// One look at Prometheus, or what the looks at several sources come to: good, partial or bad.
  void saw(const Sighting& sighting, Moment now);

  /// Firing alerts from a webhook, and how many more it left out (truncatedAlerts). Returns whether
  /// there is anything new in it, so that the caller polls at once.
  bool suspect(std::span<const Labels> firing, int truncated, Moment now);

  /// May a step be taken in this situation? The situation stays in force until the next call, so
  /// that an abort between two calls is not missed.
  Verdict ask(const Situation& situation, Moment now);

  /// A run is open: abort rules latch from now on. `memory` is what memory() gave before a restart
  /// (or empty), and what baseline() gave when the run was opened; `now_wall` tells how long ago.
  void arm(const Notes& memory, Time now_wall, Moment now);

  /// The run is over; a latch of it, and what was set aside for it, is forgotten.
  void disarm();

  /// A person says to go on: what is sticky may end now as any other pause. It says nothing about
  /// an alert that still fires: that one is sticky again. Whether anything was sticky. While no run
  /// is open nothing is: there is nobody to resume, and starting one is a person's word, too.
  bool resume();

  /// What a restarted gate must know to be as paused as this one.
  [[nodiscard]] Notes memory(Time now_wall, Moment now) const;

  /// The alerts that fire now, for a run that is opened now: by fingerprint those that a rule with
  /// `preexisting` might decide about, and those with one of `names`, which the run sets aside for
  /// `lasting`. Fails when an alert of that name does not fire, or nobody can tell.
  [[nodiscard]] Result<Notes> baseline(std::span<const std::string> names, Millis lasting,
                                       Time now_wall, Moment now) const;

  /// From now on these rules and settings count: a person has changed the file. What was seen stays
  /// seen, so the labels that make an alert the same must be the same. A stretch of waiting goes on
  /// under the new terms of its rules; what a removed rule held owes the quiet time of `settings`.
  /// A latched abort stays, and no alert is waived any more that its rule would not waive again.
  void adopt(RuleBook book, GateSettings settings, Moment now);

  /// As the next node would find it: while a node is worked on, in phase between.
  [[nodiscard]] GateView view(Moment now) const;

  /// Every rule in order, the default action last.
  [[nodiscard]] std::vector<RuleView> rules(Moment now) const;

  /// Only where nobody calls adopt() at the same time.
  [[nodiscard]] const RuleBook& book() const { return book_; }

 private:
  struct Suspicion {
    Labels labels;
    Moment at;             // of the first message, or of the newest where `lasting`
    bool lasting = false;  // a rule believes webhooks: no poll is expected to confirm it
  };
  /// An alert as the good polls have seen it so far.
  struct Track {
    Moment since;      // in its state, gaps in sight and all: what people are shown
    Moment sight;      // the same without a gap
    Moment sight_any;  // without a gap, pending or firing
    Moment last;       // the newest look in which it was
    bool pending = false;
    Sources sources{.prometheus = true};
    bool by_prometheus = false;  // ever: then its absence there says that it is gone
    std::string suppressed{};
    mutable MatchMemo memo{};  // a cache, under the gate's lock as all of this
  };
  struct Polled {
    Labels labels;
    std::uint64_t id = 0;
    const Track* track = nullptr;  // in tracks_
    Labels raw{};                  // as it came, where that differs
  };
  /// What the look before had. Sources answer in the same order as long as nothing changes, so what
  /// has been worked out for an alert is usually found where it is looked for first.
  struct Before {
    std::vector<Polled> polled;
    std::size_t next = 0;
  };
  struct Judged {
    const Labels* labels = nullptr;  // in polled_ or suspicions_
    std::uint64_t id = 0;
    const Rule* rule = nullptr;
    RuleAction action = RuleAction::ignore;
    bool provisional = false;
    bool pending = false;
    Millis firing{};
    std::string note{};
    MatchMemo* memo = nullptr;
  };
  /// Everything that is judged at one moment, and what the rules need to know of it.
  struct Crowd {
    std::vector<Judged> judged;
    std::vector<Evidence> evidence;
    std::vector<AlertSeen> seen;
    std::map<std::string, const Rule*, std::less<>> voided;  // pause rule -> the one that voids it
  };

  // Sight.
  using Tracks = std::map<std::uint64_t, Track>;
  void absorb(const Sighting& sighting, Moment now);
  [[nodiscard]] Polled identified(const Labels& raw, Before& before) const;
  void absorb_one(const Labels& raw, bool pending, Moment now, Tracks& seen, Before& before);
  void absorb_alertmanager(const Sighting& sighting, Moment now, Tracks& seen, Before& before);
  void keep_known(std::vector<Polled> before, const Sighting& sighting, Tracks& seen);
  void forget_suspicions(Moment now);
  [[nodiscard]] Labels normal(const Labels& raw) const;
  [[nodiscard]] bool blind(Moment now) const;
  [[nodiscard]] bool deaf(Moment now) const;
  [[nodiscard]] bool believes_webhooks() const;
  void note_wall(std::optional<Time> wall, Moment now);
  [[nodiscard]] std::optional<Time> wall(Moment now) const;

  // Judgement (gate_judge.cpp).
  [[nodiscard]] Crowd judge(const Situation& situation, Moment now) const;
  [[nodiscard]] Crowd gathered(Moment now) const;
  [[nodiscard]] Evidence evidence_of(std::uint64_t id, const Track* track) const;
  void weigh(Crowd& crowd, std::span<const Decision> decisions, Moment now) const;
  void weigh_one(Judged& one, const Decision& decision, const Crowd& crowd, Moment now) const;
  [[nodiscard]] bool overdue(const Judged& judged, Moment now) const;
  void note_blindness(Moment now);
  void update(Crowd& crowd, Moment now);
  void latch_fatal(const Crowd& crowd, Moment now);
  void waive_overdue(Crowd& crowd, Moment now);
  void void_pauses(const Crowd& crowd, Moment now);
  void end_parts(std::span<const std::string_view> rules, Moment now);
  void hold_for(const Crowd& crowd, Moment now);
  void count_quiet(const Crowd& crowd, Moment now);
  Hold& holding();

  // Words (gate_view.cpp).
  [[nodiscard]] Verdict verdict(const Crowd& crowd, Moment now) const;
  [[nodiscard]] std::vector<std::string> wait_reasons(const Crowd& crowd, Moment now) const;
  [[nodiscard]] std::string blind_reason(Moment now) const;
  [[nodiscard]] std::string deaf_reason(Moment now) const;
  [[nodiscard]] std::vector<SourceState> source_states(Moment now) const;
  [[nodiscard]] Situation shown_situation(Moment now) const;
  [[nodiscard]] std::vector<std::string> notes(const Crowd& crowd,
                                               const Situation& situation) const;
  [[nodiscard]] std::string rule_state(const Rule& rule, const Crowd& crowd,
                                       const Situation& situation) const;

  mutable std::mutex mutex_;
  RuleBook book_;
  GateSettings settings_;
  std::vector<Polled> polled_;  // in the newest good poll, normalised
  Tracks tracks_;
  std::map<std::uint64_t, Suspicion> suspicions_;
  // Held for max_pause, and the rule of this name says go on.
  std::map<std::uint64_t, std::string> waived_;
  std::map<std::uint64_t, const Rule*> holders_;  // who holds for an alert, beyond its window
  std::set<std::uint64_t> preexisting_;           // fired when the run began
  std::set<std::uint64_t> aside_;                 // set aside by the order that began it
  std::optional<Moment> aside_until_;             // and until when
  int truncated_ = 0;                             // left out of webhooks since the last good poll
  std::optional<Moment> last_good_;
  std::vector<SourceState> sources_;
  std::optional<Moment> first_look_;
  std::optional<Moment> heartbeat_;  // the newest Watchdog that came by webhook
  std::string last_failure_ = "no poll of Prometheus yet";
  std::optional<std::pair<Time, Moment>> wall_;  // the newest wall time, and when it was told
  Situation situation_;
  std::optional<Hold> hold_;
  bool armed_ = false;
  std::optional<std::vector<std::string>> latched_;
};

}  // namespace lockkeeper
