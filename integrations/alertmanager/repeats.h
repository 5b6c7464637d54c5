// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which events of alerts have just been heard. Alertmanager delivers at least once: both peers of a
// pair may send the same message, and an answer that came too late is followed by another try.

#include <cstddef>
#include <deque>
#include <unordered_set>
#include <utility>
#include <vector>

#include "bot/time.h"
#include "integrations/alertmanager/webhook.h"

namespace lockkeeper::alertmanager {

/// Remembers events for a while. Not thread safe: owned by whoever takes the messages in.
class Repeats {
 public:
  /// An event that comes again within `window` of the first time is a repeat. The window must be
  /// shorter than the time for which the gate keeps an unconfirmed suspicion (`confirm_within`):
  /// then swallowing a repeat can never swallow a suspicion that has ended meanwhile. The second
  /// peer of a pair follows the first after 15 s.
  explicit Repeats(Millis window, std::size_t events_max = 100'000)
      : window_(window), events_max_(events_max) {}

  /// Takes the events out of `notification` that are repeats, and gives their number.
  std::size_t remove_repeats(Notification& notification, Moment now);

  /// Remembers what was handed on. Not before: a message that was refused comes again, and must
  /// then count as new.
  void remember(const std::vector<EventId>& events, Moment now);

 private:
  Millis window_;
  std::size_t events_max_;
  std::unordered_set<EventId> heard_;
  std::deque<std::pair<Moment, EventId>> by_age_;  // the oldest first
};

}  // namespace lockkeeper::alertmanager
