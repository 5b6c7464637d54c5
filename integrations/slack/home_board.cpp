// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/home_board.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "integrations/system/log.h"

namespace lockkeeper::slack {

void HomeBoard::opened(HomePerson person) {
  const std::lock_guard lock(mutex_);
  const Moment now = clock_.moment();
  Home& home = homes_[person.user];
  home.person = std::move(person);
  home.opened = now;
  home.shown.clear();
  home.published.reset();
  home.looked.reset();
  if (homes_.size() <= kHomesMax) return;
  homes_.erase(
      std::ranges::min_element(homes_, {}, [](const auto& entry) { return entry.second.opened; }));
}

void HomeBoard::look() {
  const Moment now = clock_.moment();
  std::vector<Due> all;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(homes_, [&](const auto& entry) { return now - entry.second.opened > kHomeKept; });
    for (const auto& [user, home] : homes_)
      if (!home.under_way && (!home.published || now - *home.published >= kHomeEvery))
        all.push_back({home.person, home.opened, home.looked});
  }
  // Who has just opened it, then whose turn was longest ago, so that nobody is left out.
  std::ranges::stable_sort(all, {}, &Due::looked);
  all.resize(std::min(all.size(), kHomesOfOneLook));
  for (const auto& due : all)
    publish(due);
}

/// When there is anything new to show.
void HomeBoard::publish(const Due& due) {
  const HomePerson& person = due.person;
  const HomePicture picture = ports_.picture(person);
  auto shown = home_view(picture, person, std::nullopt);
  {
    const std::lock_guard lock(mutex_);
    const auto at = homes_.find(person.user);
    // Opened again meanwhile: the next look knows more.
    if (at == homes_.end() || at->second.opened != due.opened) return;
    at->second.looked = clock_.moment();
    if (at->second.shown == shown) return;
    at->second.shown = std::move(shown);
    at->second.published = clock_.moment();
    at->second.under_way = true;
  }
  ports_.call(publish_home(person.user, home_view(picture, person, clock_.now())),
              [this, user = person.user](const Answer& answer) { settle(user, answer); });
}

void HomeBoard::settle(const std::string& user, const Answer& answer) {
  const std::lock_guard lock(mutex_);
  if (!answer.ok()) system::log(system::Level::warn, "slack: " + answer.described("views.publish"));
  const auto at = homes_.find(user);
  if (at == homes_.end()) return;
  at->second.under_way = false;
  // A workspace without the tab, or somebody who has left it, is not asked again until the tab is
  // opened; all else is Slack's trouble, and is tried again.
  if (answer.verdict == Verdict::refused) {
    homes_.erase(at);
  } else if (!answer.ok()) {
    at->second.shown.clear();
  }
}

}  // namespace lockkeeper::slack
