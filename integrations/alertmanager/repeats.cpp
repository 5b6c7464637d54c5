// SPDX-License-Identifier: Apache-2.0
#include "integrations/alertmanager/repeats.h"

namespace lockkeeper::alertmanager {

std::size_t Repeats::remove_repeats(Notification& notification, Moment now) {
  while (!by_age_.empty() && now - by_age_.front().first >= window_) {
    heard_.erase(by_age_.front().second);
    by_age_.pop_front();
  }
  return std::erase_if(notification.firing,
                       [&](const FiringAlert& alert) { return heard_.contains(alert.event); }) +
         std::erase_if(notification.resolved,
                       [&](EventId event) { return heard_.contains(event); });
}

void Repeats::remember(const std::vector<EventId>& events, Moment now) {
  for (const EventId event : events) {
    if (!heard_.insert(event).second) continue;
    by_age_.emplace_back(now, event);
    if (by_age_.size() <= events_max_) continue;
    heard_.erase(by_age_.front().second);
    by_age_.pop_front();
  }
}

}  // namespace lockkeeper::alertmanager
