// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "integrations/slack/json.h"
#include "integrations/slack/text.h"
#include "rules/text.h"

namespace lockkeeper::slack {
namespace {

/// All texts below a block, in order. Blocks are shallow: parsed() has seen to that.
void collect(const Json& value, std::vector<std::string>& into) {
  if (value.is_object() && value.contains("text") && value["text"].is_string()) {
    into.push_back(value["text"].get<std::string>());
    return;
  }
  if (!value.is_structured()) return;
  for (const auto& [name, inner] : value.items())
    collect(inner, into);
}

std::string lines_of(const Json& block) {
  std::vector<std::string> texts;
  collect(block, texts);
  std::string out;
  for (const auto& text : texts)
    out += text + '\n';
  return out;
}

std::size_t letters_of(const Json& block) {
  return length(lines_of(block));
}

/// Whether it may be left out when there is no room.
bool droppable(const Json& block) {
  const std::string type = text_of(block, "type");
  return type == "section" || type == "context" || type == "divider" || type == "markdown";
}

Json note_of(std::size_t dropped) {
  const std::string text =
      fmt::format("{} more {} in the file", dropped, dropped == 1 ? "block is" : "blocks are");
  return {
      {"type", "context"},
      {"elements", Json::array({Json{{"type", "mrkdwn"}, {"text", text}, {"verbatim", true}}})}};
}

constexpr std::size_t kNoteLetters = 40;
// Of a text without a letter that can be shown; Slack refuses an empty one.
constexpr std::string_view kNothing = "(nothing that can be shown)";

}  // namespace

std::string plain_text(std::string_view blocks) {
  const auto all = parsed(blocks);
  return all ? lines_of(*all) : std::string();
}

Fitted fit(const Layout& layout) {
  Fitted out;
  out.layout.text = cut(layout.text, kTextBudget);
  if (out.layout.text != layout.text) out.rest = layout.text + '\n';
  if (layout.blocks.empty() && trimmed(out.layout.text).empty()) out.layout.text = kNothing;
  if (layout.blocks.empty()) return out;
  auto all = parsed(layout.blocks);
  if (!all || !all->is_array()) return out;
  std::size_t letters = length(out.layout.text);
  for (const auto& block : *all)
    letters += letters_of(block);
  std::vector<Json> blocks(all->begin(), all->end());
  std::vector<std::string> left_out;
  std::size_t last_dropped = blocks.size();
  const auto over = [&] {
    const std::size_t notes = left_out.empty() ? 0 : 1;
    return blocks.size() + notes > kBlocksBudget || letters + notes * kNoteLetters > kLetterBudget;
  };
  while (over()) {
    const auto found = std::ranges::find_if(blocks.rbegin(), blocks.rend(), droppable);
    if (found == blocks.rend()) break;
    letters -= letters_of(*found);
    left_out.push_back(lines_of(*found));
    last_dropped = static_cast<std::size_t>(blocks.rend() - found) - 1;
    blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(last_dropped));
  }
  // More buttons and headers than that are nobody's message; its text says what matters.
  if (over()) {
    out.rest += plain_text(layout.blocks);
    return out;
  }
  for (auto text = left_out.rbegin(); text != left_out.rend(); ++text)
    out.rest += *text;
  if (!left_out.empty()) {
    const auto at = static_cast<std::ptrdiff_t>(std::min(last_dropped, blocks.size()));
    blocks.insert(blocks.begin() + at, note_of(left_out.size()));
  }
  out.layout.blocks = dumped(Json(blocks));
  return out;
}

std::string ack_frame(std::string_view envelope_id, std::string_view payload) {
  Json frame = {{"envelope_id", envelope_id}};
  const auto body = payload.empty() ? std::nullopt : parsed(payload);
  if (!body || !body->is_object()) return dumped(frame);
  frame["payload"] = *body;
  std::string whole = dumped(frame);
  if (whole.size() <= kAckBytesMax) return whole;
  frame.erase("payload");
  const std::string text = text_of(*body, "text");
  if (text.empty()) return dumped(frame);
  const std::string type = text_of(*body, "response_type");
  frame["payload"] = {{"response_type", type == "in_channel" ? type : "ephemeral"},
                      {"text", cut(text, kTextBudget)},
                      {"parse", "none"},
                      {"link_names", false}};
  // A letter takes at most six bytes, when JSON has to escape it: 18,000 would be too many.
  whole = dumped(frame);
  if (whole.size() > kAckBytesMax) frame["payload"]["text"] = cut(text, kTextBudget / 2);
  return dumped(frame);
}

}  // namespace lockkeeper::slack
