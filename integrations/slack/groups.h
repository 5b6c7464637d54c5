// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who is in a Slack user group, for `slack-group:S...` in [authority]. What cannot be looked up is
// a failure, and whoever asks denies: a free workspace has no user groups at all. Any thread; one
// that asks waits for Slack, for two seconds at most.

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "bot/ports.h"
#include "integrations/slack/answer.h"
#include "integrations/slack/calls.h"

namespace lockkeeper::slack {

/// How long an answer is believed; a refusal is asked again at once.
inline constexpr Millis kMembersKept{60'000};

class Groups {
 public:
  using Ask = std::function<Answer(Call call)>;

  /// `ask` sends a call and waits for its answer (Api::ask); the clock outlives this.
  Groups(Ask ask, const Clock& clock) : ask_(std::move(ask)), clock_(clock) {}

  /// Whether `user`, "U0ANA", is in `group`, "S0SRE".
  Result<bool> holds(const std::string& group, const std::string& user);

 private:
  struct Members {
    std::set<std::string> users;
    Moment at{};
  };

  Ask ask_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Members> known_;  // groups that the settings name: a handful
};

}  // namespace lockkeeper::slack
