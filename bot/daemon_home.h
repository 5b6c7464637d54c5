// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the App Home shows, put together from everybody who knows: the journal, the gate, the
// approvals, Slack's own connection, and a look at the API server when somebody opens the tab. Part
// of the composition root.

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "bot/approvals.h"
#include "bot/authority.h"
#include "bot/gate.h"
#include "bot/ports.h"
#include "config/settings.h"
#include "integrations/slack/home.h"

namespace lockkeeper {

class HomeSource {
 public:
  /// Everything outlives it, and may be called from any thread.
  struct Parts {
    const Settings& settings;
    const Clock& clock;
    World& world;
    Gate& gate;
    Approvals& approvals;
    GroupCheck groups;
    std::function<std::optional<slack::RunPicture>()> newest_run;
    std::function<std::vector<std::string>()> slack_problems;
  };

  explicit HomeSource(Parts parts) : parts_(std::move(parts)) {}

  /// Who this is. Takes as long as Slack needs to tell its groups, and for somebody who may look,
  /// the API server to answer.
  slack::HomePerson person(const std::string& user);

  /// What that person sees now. Quick: it asks nobody outside.
  slack::HomePicture picture(const slack::HomePerson& person);

 private:
  void look_at_cluster();
  [[nodiscard]] std::vector<slack::HomeLink> links(const GateView& gate);
  [[nodiscard]] slack::HomeRequest::May may(const slack::HomePerson& person,
                                            const StartRequest& request) const;

  Parts parts_;
  std::mutex mutex_;
  std::optional<Moment> looked_;
  slack::HomeLink cluster_;
};

}  // namespace lockkeeper
