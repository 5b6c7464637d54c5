// SPDX-License-Identifier: Apache-2.0
#pragma once

// The few kinds of blocks that the bot's messages are made of, within Slack's limits whatever is
// put into them. Internal to the room, because it brings nlohmann/json. Texts called mrkdwn are
// escaped by the caller, plain ones are not. Pure functions for any thread.
// https://docs.slack.dev/reference/block-kit/blocks

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "integrations/slack/budget.h"
#include "integrations/slack/json.h"

namespace lockkeeper::slack {

/// The dialog that asks once more: on a phone, a button that runs a cluster is easily touched.
struct Dialog {
  std::string title;
  std::string text;
  std::string yes;
};

/// A button. All texts are plain.
struct Button {
  std::string action;  // "run.pause"
  std::string label;
  std::string value;  // at most kValueMax units, which nobody cuts
  std::string style;  // "primary", "danger" or ""
  std::optional<Dialog> dialog;
};

inline constexpr std::size_t kValueMax = 2000;

Json header_block(std::string_view plain);
Json section_block(std::string_view mrkdwn);
/// Up to ten texts, two in a row.
Json fields_block(const std::vector<std::string>& mrkdwn);
Json context_block(std::string_view mrkdwn);
Json actions_block(std::string_view block_id, const std::vector<Button>& buttons);
Json plain_object(std::string_view plain, std::size_t length_max);

/// Lines as they are on a terminal, in as many blocks as `blocks_max` allows; a line at the end
/// says how many are left out.
std::vector<Json> terminal_blocks(std::string_view plain, std::size_t blocks_max);

Layout layout_of(std::string text, const std::vector<Json>& blocks);

}  // namespace lockkeeper::slack
