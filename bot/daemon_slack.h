// SPDX-License-Identifier: Apache-2.0
#pragma once

// Slack, put together: the client, the run's message, the conversation with people, and what losing
// Slack does to a run. Part of the composition root. Nothing of it can hold up a run or the start:
// Slack may be away for as long as it likes.

#include <functional>
#include <memory>

#include "bot/activity.h"
#include "bot/approvals.h"
#include "bot/authority.h"
#include "bot/desk.h"
#include "bot/gate.h"
#include "bot/ports.h"
#include "config/secret.h"
#include "config/settings.h"
#include "integrations/metrics/metrics.h"

namespace lockkeeper {

class SlackSide {
 public:
  /// What it needs of the daemon; everything outlives it. `obey` may be called from any thread and
  /// takes one line at a time.
  struct Parts {
    const Settings& settings;
    Clock& clock;
    Journal& journal;
    Gate& gate;
    Activity& activity;
    std::function<Reply(const Actor& actor, const std::string& line)> obey;
    KubernetesSecretReader secrets;
    std::function<bool(const std::string& run)> hides;  // a run that nobody is to hear of
    metrics::Metrics& metrics;
    World& world;
    Approvals& approvals;
  };

  /// Opens the store beside the journal. A failure: that file cannot be used.
  static Result<std::unique_ptr<SlackSide>> open(Parts parts);
  ~SlackSide();
  SlackSide(const SlackSide&) = delete;
  SlackSide& operator=(const SlackSide&) = delete;

  /// The listener to what the bot says.
  [[nodiscard]] Chat& chat();

  /// For the desk: whether somebody is in a group of [authority].
  [[nodiscard]] GroupCheck groups();

  /// Connects, and begins to take what people do.
  void listen();

  /// About once a second, on one thread: brings the messages up to date, and pauses an open run
  /// when Slack has been lost for too long and the settings say so.
  void look();

  /// Says what is left to say. The rest goes with the destructor, which takes seconds at most.
  void finish();

 private:
  struct Rooms;
  explicit SlackSide(std::unique_ptr<Rooms> rooms);
  void watch_loss();

  std::unique_ptr<Rooms> rooms_;
};

}  // namespace lockkeeper
