// SPDX-License-Identifier: Apache-2.0
#pragma once

// Silences in Alertmanager for the node at work: a courtesy to whoever is on call, because a node
// that is drained and restarted fires alerts that everybody expects. Never broad: each silence has
// two matchers, one alert by name and one node by name, both equalities. Each is a lease: it ends
// by itself soon after we do, is renewed while the node is worked on, and is taken back at the end.
// What stands is read back before anything is changed, so a killed process leaves nothing behind
// that the next one does not find. Nothing ever fails or waits for long because of it, and our own
// gate sees what we silence.

#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bot/plan.h"
#include "bot/ports.h"
#include "bot/progress.h"
#include "config/settings.h"

namespace lockkeeper {

/// Whose work on which node is to be covered.
struct Cover {
  std::string run;
  std::string node;  // empty: no node is at work
  Time since{};      // when the work on it began

  bool operator==(const Cover&) const = default;
};

/// The cover that this step wants: none, when it does nothing to a node that anybody would notice.
Cover cover_for(const Progress& progress, const Step& step, Time now);

/// What has to change for the silences that stand to be those that are wanted.
struct SilenceChanges {
  std::vector<OwnSilence> put;  // with an id: a renewal
  std::vector<OwnSilence> take_back;
};
SilenceChanges silence_changes(const AlertmanagerSettings& settings, const Cover& wanted,
                               std::span<const OwnSilence> standing, Time now);

/// Keeps what stands equal to what is wanted. cover() is the runner's, tend() may be called by any
/// thread, every so often (settings' lease / 4 or more often).
class NodeSilences : public Silences {
 public:
  /// All outlive it. `book` is asked under a lock, and bounds every call.
  NodeSilences(SilenceBook& book, const Clock& clock, Chat& chat,
               const AlertmanagerSettings& settings)
      : book_(book), clock_(clock), chat_(chat), settings_(settings) {}

  void cover(const Cover& wanted) override;

  /// Renews leases, and makes up for what failed. Does nothing before the first cover().
  void tend();

 private:
  void tend_locked();
  Status change();
  void complain(const Failure& failure);

  SilenceBook& book_;
  const Clock& clock_;
  Chat& chat_;
  const AlertmanagerSettings& settings_;

  std::mutex mutex_;
  std::optional<Cover> wanted_;
  std::map<std::string, Time> made_;  // alert -> end of its lease, for the present cover
  bool settled_ = false;              // nothing is wanted, and nothing of ours stands
  std::string complained_about_;      // the run for which it was said that silences fail
};

}  // namespace lockkeeper
