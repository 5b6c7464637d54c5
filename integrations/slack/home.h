// SPDX-License-Identifier: Apache-2.0
#pragma once

// The App Home: what one person sees of the bot in a tab of his or her own. The run, the starts
// that wait with the buttons that this person may press, the gate, how the bot reaches its
// neighbours, and what this person may do. Pure: a picture comes in, a view goes out. Any thread.

#include <optional>
#include <string>
#include <vector>

#include "bot/approvals.h"
#include "integrations/slack/run_message.h"

namespace lockkeeper::slack {

/// Somebody who has opened the tab, as the desk would judge him or her at that moment.
struct HomePerson {
  std::string user;  // "U0ANA"
  std::vector<std::string> roles;
  std::vector<std::string> may;       // "look", "start, pause, ..."; empty: sees nothing else
  std::vector<std::string> problems;  // groups that could not be looked up
  std::string said{};                 // mrkdwn: the answer to the button that was pressed here
};

/// A start that waits, and what this person may do about it.
struct HomeRequest {
  enum class May { look, decide, withdraw };

  StartRequest request;
  May may = May::look;
};

/// How a neighbour is reached.
struct HomeLink {
  std::string name;  // "Slack"
  bool good = false;
  std::string text;  // one line, without what changes every second
};

struct HomePicture {
  std::string cluster;
  std::string version;            // of the bot
  std::optional<RunPicture> run;  // the open one, else the newest
  std::vector<HomeRequest> waiting;
  GateView gate;
  std::vector<HomeLink> links;
};

/// The view as JSON, within the linter's limits whatever is in the picture. `as_of` is left out to
/// find out whether anything has changed.
std::string home_view(const HomePicture& picture, const HomePerson& person,
                      std::optional<Time> as_of);

}  // namespace lockkeeper::slack
