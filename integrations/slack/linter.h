// SPDX-License-Identifier: Apache-2.0
#pragma once

// What Slack would refuse about a message or a view, found before it is sent: `invalid_blocks`
// would cost a state change that people wait for. Shapes and limits are those of the comments in
// Slack's own types (@slack/types 3.2) and of https://docs.slack.dev/reference/block-kit; what is
// undocumented is refused from where others ran into it. Pure functions for any thread.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lockkeeper::slack {

/// Slack's limits, in UTF-16 units or in pieces.
inline constexpr std::size_t kMessageBlocksMax = 50;
inline constexpr std::size_t kViewBlocksMax = 100;
inline constexpr std::size_t kMessageTextMax = 4000;   // beyond, an update is refused
inline constexpr std::size_t kBlocksTextMax = 13'000;  // all text of all blocks; undocumented
inline constexpr std::size_t kViewBytesMax = 250'000;

/// One thing that is wrong, and where: a JSON pointer such as "/blocks/3/text/text".
struct Offence {
  std::string pointer;
  std::string what;

  bool operator==(const Offence&) const = default;
};

/// For the body of chat.postMessage, chat.update, chat.postEphemeral and a response_url: `text`,
/// `blocks` and `metadata`; members that belong to the call itself are not looked at.
std::vector<Offence> lint_message(std::string_view json);

/// For the view of views.open, views.update and views.publish.
std::vector<Offence> lint_view(std::string_view json);

/// For a bare array of blocks as it stands in a message.
std::vector<Offence> lint_blocks(std::string_view json);

/// "/blocks/0/text: longer than 150 (and 2 more)": one line for the log.
std::string described(const std::vector<Offence>& offences);

}  // namespace lockkeeper::slack
