// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a person sees who has given a command: the desk's answer as it is, or, where it waits for a
// confirmation, a card with a button that carries what was asked and the plan's digest. And back
// again: what such a button or a sent modal means as a command. Pure functions for any thread.

#include <optional>
#include <string>
#include <string_view>

#include "bot/desk.h"
#include "integrations/slack/budget.h"
#include "integrations/slack/run_message.h"

namespace lockkeeper::slack {

/// A modal is answered within this time, else the plan is to be looked at again.
inline constexpr Millis kModalKept = std::chrono::minutes(15);
inline constexpr std::size_t kReasonLengthMin = 5;

/// What somebody typed, for the desk. `--confirm DIGEST` is taken out: a slash command may arrive
/// minutes late, so in Slack only a fresh click confirms.
std::string command_line(std::string_view typed);

/// The desk's answer to that line. `open`: the run that is open now, for the mark of its buttons.
Layout answer_layout(const Reply& reply, std::string_view line, const RunPicture* open);

/// One line, for refusals and receipts.
Layout plain_layout(std::string_view text);

/// An order that a card carries, ready for the desk.
struct CardOrder {
  std::string verb;
  std::string mark;  // "r-7f3:17"
  std::string line;  // with its digest
};
std::optional<CardOrder> card_order(std::string_view value);

/// The line of `start` without a confirmation, from the button of a plan's answer; "" for a value
/// that is none of ours.
std::string start_line(std::string_view value);

/// The modal in which a start gets its reason. `value` is the plan card's; nothing when it is none
/// of ours.
std::optional<std::string> start_modal(std::string_view value, const std::string& channel,
                                       Time now);

/// What a sent modal comes to: a line for the desk, or what is wrong with it.
struct StartOrder {
  std::string line;
  std::string channel;
  std::string complaint;  // shown below the reason
};
StartOrder start_order(std::string_view metadata, std::string_view reason, Time now);

/// The acknowledgements' payloads.
std::string slash_ack(const Layout& layout);
std::string reason_errors(std::string_view complaint);

}  // namespace lockkeeper::slack
