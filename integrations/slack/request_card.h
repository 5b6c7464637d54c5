// SPDX-License-Identifier: Apache-2.0
#pragma once

// A start that waits for another person, as people see it in Slack: a message with buttons, which
// says in the end what became of it. And back again: what such a button means as a command. Pure
// functions for any thread; RequestCards belongs to the thread that looks.

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bot/approvals.h"
#include "bot/desk.h"
#include "integrations/slack/blocks.h"
#include "integrations/slack/outbox.h"

namespace lockkeeper::slack {

/// The channel's message. `command`: what people type here, "/upgrade".
Layout request_layout(const StartRequest& request, std::string_view cluster,
                      std::string_view command);

/// What somebody alone sees who has typed `approve DIGEST`: the same, with a fresh button.
Layout approval_layout(const Reply& reply);

/// "*1.34.2 -> 1.34.7 ...*, asked for by ... until ...": escaped, also for the App Home.
std::string request_text(const StartRequest& request);

enum class Buttons { of_approvers, of_who_asked };
std::vector<Button> request_buttons(const StartRequest& request, Buttons whose);

/// The command of such a button; "" for one that is none of ours.
std::string request_line(std::string_view action, std::string_view value);

/// Keeps one message for each request: posted once, edited when it is over. Who asked in Slack is
/// then told directly. A restarted bot takes up what it has posted by its name.
class RequestCards {
 public:
  struct Ports {
    std::function<void(Note note)> post;
    std::function<void(const std::string& name, Layout layout)> update;
    std::function<bool(const std::string& name)> posted;
  };

  RequestCards(Ports ports, std::string cluster, std::string command);

  /// About once a second, with all requests that the bot still knows.
  void look(std::span<const StartRequest> requests, Time now);

 private:
  void tell_who_asked(const StartRequest& request, const std::string& text);

  Ports ports_;
  std::string cluster_;
  std::string command_;
  std::map<std::int64_t, Layout> shown_;
};

/// Its name in the outbox: "request:17".
std::string request_name(std::int64_t seq);

}  // namespace lockkeeper::slack
