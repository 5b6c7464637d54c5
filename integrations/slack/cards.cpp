// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/cards.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "bot/command.h"
#include "bot/request.h"
#include "integrations/slack/blocks.h"
#include "integrations/slack/request_card.h"
#include "integrations/slack/text.h"

namespace lockkeeper::slack {
namespace {

constexpr std::size_t kTerminalBlocks = 3;
constexpr std::size_t kFallbackMax = 600;
constexpr std::size_t kReasonMax = 500;
constexpr Millis kClockSlack{60'000};
constexpr int kMetadataMax = 3000;

/// In ASCII: the desk makes plain quotes of curly ones, which would end a string.
std::string ascii(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

/// The request behind `start` or `plan`, when the line is one and can be read.
std::optional<UpgradeRequest> request_in(const Command& command) {
  const std::string_view verb = command.verb->name;
  if (verb != "start" && verb != "plan") return std::nullopt;
  auto request = command.rest.starts_with('{') ? parse_request_json(command.rest)
                                               : parse_request_words(command.words);
  return request ? std::optional(std::move(*request)) : std::nullopt;
}

/// As one word for the desk, whatever is in it.
std::string one_word(std::string_view text) {
  std::string out = "\"";
  for (const char c : clean(text))
    out += c == '"' ? '\'' : c;
  // Curly quotes would become plain ones behind our back.
  for (const std::string_view curly : {"\u201c", "\u201d"})
    for (auto at = out.find(curly); at != std::string::npos; at = out.find(curly))
      out.replace(at, curly.size(), "'");
  return out + "\"";
}

std::string reason_of(const Command& command) {
  std::string reason;
  for (std::size_t i = 0; i < command.words.size(); ++i) {
    if (command.words[i] == "--confirm") {
      ++i;
    } else {
      reason += (reason.empty() ? "" : " ") + command.words[i];
    }
  }
  return clipped(reason, kReasonMax);
}

/// Without the desk's own words about how to confirm at a terminal.
std::string without_hint(std::string_view text) {
  std::string_view lead = text.substr(0, text.find("repeat with --confirm"));
  while (lead.ends_with(' ') || lead.ends_with(';') || lead.ends_with('\n'))
    lead.remove_suffix(1);
  return std::string(lead);
}

std::string first_line(std::string_view text) {
  return cut(escaped(text.substr(0, text.find('\n'))), kFallbackMax);
}

std::vector<Json> shown(std::string_view text) {
  if (text.find('\n') == text.npos) return {section_block(escaped(text))};
  return terminal_blocks(text, kTerminalBlocks);
}

std::string said_too_much(std::string_view verb) {
  return fmt::format("This {} is too long for a button of Slack: give it on a terminal.", verb);
}

Layout plan_card(const Reply& reply, UpgradeRequest request) {
  const auto text = without_hint(reply.text);
  auto blocks = shown(text);
  request.confirm.clear();
  const Json card = {{"digest", reply.confirm}, {"request", Json::parse(encode_request(request))}};
  const auto value = ascii(card);
  if (value.size() > kValueMax) {
    blocks.push_back(section_block(said_too_much("start")));
  } else if (reply.confirm.empty()) {
    blocks.push_back(actions_block("plan." + to_string(request.target),
                                   {{"card.plan", "Start...", value, "", std::nullopt}}));
  } else {
    blocks.push_back(actions_block("start." + reply.confirm, {{"card.start", "Review & start",
                                                               value, "primary", std::nullopt}}));
  }
  return layout_of(first_line(text), blocks);
}

Layout order_card(const Reply& reply, const Command& command, const RunPicture& open) {
  const auto text = without_hint(reply.text);
  const std::string verb(command.verb->name);
  const auto label = verb == "abort" ? "Abort" : "Resume";
  const Json card = {{"verb", verb},
                     {"digest", reply.confirm},
                     {"mark", open.mark(verb)},
                     {"reason", reason_of(command)}};
  const auto value = ascii(card);
  auto blocks = shown(text);
  if (value.size() > kValueMax) {
    blocks.push_back(section_block(said_too_much(verb)));
  } else {
    blocks.push_back(
        actions_block("order." + reply.confirm,
                      {{"card.confirm", label, value, verb == "abort" ? "danger" : "primary",
                        Dialog{fmt::format("{} the run?", label), text, label}}}));
  }
  return layout_of(first_line(text), blocks);
}

/// The request of a card, as a command for the desk.
std::string start_command(const Json& request, std::string_view reason, std::string_view digest) {
  Json order = request;
  if (!reason.empty()) order["reason"] = reason;
  if (!digest.empty()) order["confirm"] = digest;
  return "start " + ascii(order);
}

}  // namespace

std::string command_line(std::string_view typed) {
  const auto command = parse_command(typed);
  if (!command) return std::string(typed);
  if (auto request = request_in(*command)) {
    request->confirm.clear();
    return fmt::format("{} {}", command->verb->name, encode_request(*request));
  }
  const std::string_view verb = command->verb->name;
  if (verb == "approve") return fmt::format("approve {} --show", one_word(reason_of(*command)));
  if (verb != "resume" && verb != "abort") return std::string(typed);
  const auto reason = reason_of(*command);
  return reason.empty() ? std::string(verb) : fmt::format("{} {}", verb, one_word(reason));
}

Layout answer_layout(const Reply& reply, std::string_view line, const RunPicture* open) {
  const auto command = parse_command(line);
  if (command && reply.ok()) {
    auto request = request_in(*command);
    const bool plans = request && (command->verb->name == "plan" || !reply.confirm.empty());
    // An answer without a digest in it is no plan: there is nothing to do.
    if (plans && (!reply.confirm.empty() || reply.text.find('\n') != std::string::npos))
      return plan_card(reply, std::move(*request));
    if (!reply.confirm.empty() && command->verb->name == "approve") return approval_layout(reply);
    if (!reply.confirm.empty() && open != nullptr) return order_card(reply, *command, *open);
  }
  return layout_of(first_line(reply.text), shown(reply.text));
}

Layout plain_layout(std::string_view text) {
  return {cut(escaped(text), kTextBudget), ""};
}

std::optional<CardOrder> card_order(std::string_view value) {
  const auto card = parsed(value);
  if (!card || !card->is_object()) return std::nullopt;
  CardOrder order{text_of(*card, "verb"), text_of(*card, "mark"), {}};
  const auto digest = text_of(*card, "digest");
  if ((order.verb != "resume" && order.verb != "abort") || digest.empty()) return std::nullopt;
  const auto reason = text_of(*card, "reason");
  order.line = fmt::format("{} {} --confirm {}", order.verb,
                           reason.empty() ? std::string() : one_word(reason), one_word(digest));
  return order;
}

std::string start_line(std::string_view value) {
  const auto card = parsed(value);
  if (!card || !member(*card, "request").is_object()) return {};
  return start_command(member(*card, "request"), {}, {});
}

std::optional<std::string> start_modal(std::string_view value, const std::string& channel,
                                       Time now) {
  const auto card = parsed(value);
  if (!card || !member(*card, "request").is_object()) return std::nullopt;
  Json kept = *card;
  kept["channel"] = channel;
  kept["at"] = now.time_since_epoch().count();
  const Json& request = member(*card, "request");
  Json input = {{"type", "plain_text_input"},
                {"action_id", "in"},
                {"min_length", kReasonLengthMin},
                {"max_length", kReasonMax}};
  if (const auto reason = text_of(request, "reason"); length(reason) >= kReasonLengthMin)
    input["initial_value"] = cut_plain(clean(reason), kReasonMax);
  const auto what =
      fmt::format("*{}*, plan {}, as the message with the button shows it.",
                  escaped(text_of(request, "target_version")), code(text_of(*card, "digest")));
  const Json view = {{"type", "modal"},
                     {"callback_id", "upgrade.start"},
                     {"private_metadata", ascii(kept)},
                     {"title", plain_object("Start upgrade", 24)},
                     {"submit", plain_object("Start", 24)},
                     {"close", plain_object("Cancel", 24)},
                     {"blocks", Json::array({section_block(what),
                                             {{"type", "input"},
                                              {"block_id", "reason"},
                                              {"label", plain_object("Reason", 75)},
                                              {"element", input}}})}};
  if (text_of(view, "private_metadata").size() > kMetadataMax) return std::nullopt;
  return dumped(view);
}

StartOrder start_order(std::string_view metadata, std::string_view reason, Time now) {
  StartOrder order;
  const auto kept = parsed(metadata);
  const bool whole =
      kept && member(*kept, "request").is_object() && !text_of(*kept, "digest").empty();
  if (!whole) {
    order.complaint = "This form is none of this bot's; give the command again.";
    return order;
  }
  order.channel = text_of(*kept, "channel");
  const Millis age = now.time_since_epoch() - Millis(number_of(*kept, "at"));
  if (age > kModalKept || age < -kClockSlack) {
    order.complaint = "This form was opened too long ago; give the command again.";
  } else if (length(trimmed(reason)) < kReasonLengthMin) {
    order.complaint = "Why? A few words, for whoever reads the history.";
  } else {
    order.line =
        start_command(member(*kept, "request"), trimmed(clean(reason)), text_of(*kept, "digest"));
  }
  return order;
}

std::string slash_ack(const Layout& layout) {
  Json payload = {{"response_type", "ephemeral"},
                  {"text", layout.text},
                  {"parse", "none"},
                  {"link_names", false}};
  if (auto blocks = parsed(layout.blocks); blocks && blocks->is_array())
    payload["blocks"] = std::move(*blocks);
  return dumped(payload);
}

std::string reason_errors(std::string_view complaint) {
  return dumped(Json{{"response_action", "errors"}, {"errors", {{"reason", complaint}}}});
}

}  // namespace lockkeeper::slack
