// SPDX-License-Identifier: Apache-2.0
#pragma once

// From the looks at several sources to what the gate is told. Whatever one Prometheus sees holds
// the run at once (union); nothing is taken for quiet before as many of them as the quorum says
// have given a good answer in the same round (by default all of them). Alertmanager adds the alerts
// of other rulers and what is silenced; it is only waited for where a rule needs it.
//
// No I/O, no clock, and no lock: looks come one at a time, each with the moment at which it ended,
// and what comes of each goes to the gate before the next one is taken.

#include <optional>
#include <string>
#include <vector>

#include "bot/facts.h"
#include "config/settings.h"

namespace lockkeeper {

/// How the lookout weighs what it is told.
struct LookoutSettings {
  /// What people call each Prometheus, the first one first: "prometheus", "prometheus replica".
  std::vector<std::string> prometheus;
  int quorum = 0;             // how many must be seen; 0: all
  Millis fresh{};             // for how long a good look counts: the gate's blind_after
  bool alertmanager = false;  // there is one to ask
  bool needed = false;        // and some rule is about what only it knows
};

/// As the configuration has it.
LookoutSettings lookout_settings(const Settings& settings);

/// Owned by whoever looks.
class Lookout {
 public:
  explicit Lookout(LookoutSettings settings);

  /// Other rules are in force: whether they need Alertmanager, and for how long a look counts.
  void adopt(const Settings& settings);

  /// A look at the Prometheus of this index, and what the gate is to be told now.
  Sighting prometheus(std::size_t which, Sighting look, Moment now);

  /// A look at Alertmanager: its `alertmanager` and `suppressed` count.
  Sighting alertmanager(Sighting look, Moment now);

  /// Whether the newest look at Alertmanager was good.
  [[nodiscard]] bool sees_alertmanager() const { return settings_.alertmanager && manager_.good; }

 private:
  struct Eye {
    std::string name;
    bool good = false;      // the newest look
    bool in_round = false;  // good since a round was last complete
    Sighting newest;        // that was good
    std::optional<Moment> good_at;
    std::string why_not;  // empty: good, or not looked at yet
    std::string note;
  };

  void take(Eye& eye, Sighting look, Moment now);
  [[nodiscard]] bool usable(const Eye& eye, Moment now) const;
  Sighting told(const Eye& by, Moment now);
  [[nodiscard]] Sighting everything(const Eye* only, Moment now) const;
  [[nodiscard]] std::string why_not(Moment now) const;
  void add_states(Sighting& sighting) const;

  LookoutSettings settings_;
  std::size_t wanted_ = 1;
  std::vector<Eye> eyes_;
  Eye manager_;
};

}  // namespace lockkeeper
