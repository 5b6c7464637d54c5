// SPDX-License-Identifier: Apache-2.0
#pragma once

// All sources of alerts, each looked at by a thread of its own, so that one that hangs delays no
// other. What comes of each look (bot/lookout.h) is handed on at once and one at a time, in the
// order in which it came about: a newer sighting is never overtaken by an older one.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "bot/lookout.h"
#include "config/settings.h"
#include "integrations/alertmanager/poller.h"
#include "integrations/prometheus/poller.h"
#include "integrations/system/real_clock.h"

namespace lockkeeper::eyes {

/// Owned by the composition root.
class Eyes {
 public:
  /// Given what the gate is to be told, on the thread that looked; no two calls at a time. It must
  /// not call back.
  using Told = std::function<void(const Sighting&, Moment)>;

  /// Settings, book and clock outlive it. Nothing is looked at before open().
  Eyes(const Settings& settings, const RuleBook& book, const Clock& clock, Told told,
       const KubernetesSecretReader& from_kubernetes = {});
  ~Eyes();
  Eyes(const Eyes&) = delete;
  Eyes& operator=(const Eyes&) = delete;

  /// Looks at every source now, and then every poll_interval.
  void open();

  /// Other rules are in force: what they ask of the sources counts from the next look on, which is
  /// taken at once.
  void adopt(const Settings& settings);

  /// Looks again without waiting for the interval.
  void soon() noexcept;

  /// Ends the looks that are under way and those to come, as failed ones. Joined by the destructor.
  void stop();

 private:
  void look_at_prometheus(std::size_t which);
  void look_at_alertmanager();
  void tell(const Sighting& sighting, Moment now);
  void hear_of_silences(std::unique_lock<std::mutex>& lock, std::size_t which,
                        const Sighting& look);

  const Settings& settings_;
  const Clock& clock_;
  const Told told_;
  std::vector<std::unique_ptr<prometheus::Poller>> prometheus_;
  std::unique_ptr<alertmanager::Poller> alertmanager_;

  std::mutex mutex_;
  std::condition_variable looked_;           // at Alertmanager
  Lookout lookout_;                          // under the lock, with everything below
  bool honors_silences_;                     // some rule does
  std::vector<std::vector<Labels>> saw_;     // by each Prometheus, sorted
  std::uint64_t begun_ = 0;                  // looks at Alertmanager
  std::uint64_t ended_ = 0;                  // the newest of them that has ended
  std::map<std::string, std::string> said_;  // source -> why it was last said not to be seen
  bool stopping_ = false;

  std::unique_ptr<system::Periodic> alertmanager_looks_;
  std::vector<std::unique_ptr<system::Periodic>>
      looks_;  // last: their threads use all of the above
};

}  // namespace lockkeeper::eyes
