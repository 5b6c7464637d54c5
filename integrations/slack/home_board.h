// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who has the App Home open, and what they were shown last. A tab is published when it is opened,
// and again when something has changed: the newest state only, a few people at a time, and each not
// more often than every few seconds. Slack keeps what was published, so nothing is lost when it
// cannot be reached. opened() and the answers come from any thread, look() from one.

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "bot/ports.h"
#include "integrations/slack/answer.h"
#include "integrations/slack/calls.h"
#include "integrations/slack/home.h"

namespace lockkeeper::slack {

/// Between two changes that one person is shown.
inline constexpr Millis kHomeEvery{15'000};
/// How many people's tabs are looked at each second: a picture is a read of the journal.
inline constexpr std::size_t kHomesOfOneLook = 4;
/// Whoever opened the tab last; with kHomeEvery, below the 100 calls a minute of views.publish.
inline constexpr std::size_t kHomesMax = 20;
/// Nobody looks at a tab for longer; opening it again begins anew.
inline constexpr Millis kHomeKept = std::chrono::hours(12);

class HomeBoard {
 public:
  struct Ports {
    /// As this person sees it. Not while a call of this board is answered.
    std::function<HomePicture(const HomePerson& person)> picture;
    /// Hands the call over; `done` is called once.
    std::function<void(Call call, std::function<void(const Answer&)> done)> call;
  };

  /// What is being called must have ended when the board is destroyed.
  HomeBoard(Ports ports, const Clock& clock) : ports_(std::move(ports)), clock_(clock) {}

  /// Somebody opened the tab, or opened it again: it is published at the next look.
  void opened(HomePerson person);

  /// About once a second.
  void look();

 private:
  struct Home {
    HomePerson person;
    Moment opened{};
    std::string shown;                // without its time
    std::optional<Moment> published;  // nothing: not since it was opened
    std::optional<Moment> looked;     // the same
    bool under_way = false;
  };

  struct Due {
    HomePerson person;
    Moment opened{};
    std::optional<Moment> looked;
  };

  void publish(const Due& due);
  void settle(const std::string& user, const Answer& answer);

  Ports ports_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Home> homes_;  // by user
};

}  // namespace lockkeeper::slack
