// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "integrations/slack/text.h"
#include "rules/text.h"

namespace lockkeeper::slack {
namespace {

// Slack's limits (reference/block-kit), in UTF-16 units.
constexpr std::size_t kHeaderMax = 150;
constexpr std::size_t kSectionMax = 3000;
constexpr std::size_t kFieldMax = 2000;
constexpr std::size_t kFieldsMax = 10;
constexpr std::size_t kLabelMax = 75;
constexpr std::size_t kDialogTitleMax = 100;
constexpr std::size_t kDialogTextMax = 300;
constexpr std::size_t kDialogButtonMax = 30;
// Of the terminal's lines in one block; three of them stay within the budget of a message.
constexpr std::size_t kTerminalMax = 2600;
constexpr std::size_t kTerminalLineMax = 600;

Json mrkdwn_object(std::string_view text, std::size_t length_max) {
  // An empty text is refused. Without `verbatim`, Slack makes links and mentions of words that only
  // look like some: "@here" and "https://..." in a label.
  return {
      {"type", "mrkdwn"}, {"text", text.empty() ? " " : cut(text, length_max)}, {"verbatim", true}};
}

Json dialog_object(const Dialog& dialog) {
  return {{"title", plain_object(dialog.title, kDialogTitleMax)},
          {"text", plain_object(dialog.text, kDialogTextMax)},
          {"confirm", plain_object(dialog.yes, kDialogButtonMax)},
          {"deny", plain_object("Cancel", kDialogButtonMax)}};
}

std::string without_backticks(std::string_view text) {
  std::string out;
  for (const char c : text)
    out += c == '`' ? std::string("\u02cb") : std::string(1, c);
  return out;
}

}  // namespace

Json plain_object(std::string_view plain, std::size_t length_max) {
  const std::string tidy = clean(plain);
  return {{"type", "plain_text"}, {"text", cut_plain(tidy.empty() ? " " : tidy, length_max)}};
}

Json header_block(std::string_view plain) {
  return {{"type", "header"}, {"text", plain_object(plain, kHeaderMax)}};
}

Json section_block(std::string_view mrkdwn) {
  return {{"type", "section"}, {"text", mrkdwn_object(mrkdwn, kSectionMax)}};
}

Json fields_block(const std::vector<std::string>& mrkdwn) {
  Json fields = Json::array();
  for (std::size_t i = 0; i < std::min(mrkdwn.size(), kFieldsMax); ++i)
    fields.push_back(mrkdwn_object(mrkdwn[i], kFieldMax));
  return {{"type", "section"}, {"fields", std::move(fields)}};
}

Json context_block(std::string_view mrkdwn) {
  return {{"type", "context"}, {"elements", Json::array({mrkdwn_object(mrkdwn, kFieldMax)})}};
}

Json actions_block(std::string_view block_id, const std::vector<Button>& buttons) {
  Json elements = Json::array();
  for (const auto& button : buttons) {
    Json one = {{"type", "button"},
                {"action_id", button.action},
                {"text", plain_object(button.label, kLabelMax)},
                {"value", button.value}};
    if (!button.style.empty()) one["style"] = button.style;
    if (button.dialog) one["confirm"] = dialog_object(*button.dialog);
    elements.push_back(std::move(one));
  }
  return {{"type", "actions"}, {"block_id", block_id}, {"elements", std::move(elements)}};
}

std::vector<Json> terminal_blocks(std::string_view plain, std::size_t blocks_max) {
  std::vector<Json> blocks;
  const std::string tidy = without_backticks(clean(plain));
  std::string_view rest = tidy;
  std::string lines;
  const auto shut = [&] {
    blocks.push_back(section_block("```\n" + std::exchange(lines, {}) + "```"));
  };
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string line = cut(escaped(rest.substr(0, end)), kTerminalLineMax) + "\n";
    if (length(lines) + length(line) > kTerminalMax) {
      if (blocks.size() + 1 == blocks_max) break;
      shut();
    }
    lines += line;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (!lines.empty()) shut();
  const auto left = static_cast<std::size_t>(std::ranges::count(rest, '\n')) + 1;
  if (!rest.empty())
    blocks.push_back(context_block(counted(left, "line") + " more; a terminal shows all of them"));
  return blocks;
}

Layout layout_of(std::string text, const std::vector<Json>& blocks) {
  Json all = Json::array();
  for (const auto& block : blocks)
    all.push_back(block);
  return {std::move(text), blocks.empty() ? std::string() : dumped(all)};
}

}  // namespace lockkeeper::slack
