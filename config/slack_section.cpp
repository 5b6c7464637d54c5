// SPDX-License-Identifier: Apache-2.0

// The section about where people are spoken to.

#include <algorithm>

#include "config/section_builders.h"

namespace lockkeeper {
namespace {

constexpr std::size_t kIdCharactersMin = 3;
constexpr std::size_t kCommandCharactersMax = 32;

/// "C0OPS": names can be changed and given to another channel, ids cannot.
ValueKind<std::string> channel_value() {
  auto read = [](std::string_view text) -> ReadValue<std::string> {
    const bool plain = std::ranges::all_of(
        text, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
    const bool kind = text.starts_with('C') || text.starts_with('G');
    if (plain && kind && text.size() >= kIdCharactersMin) return std::string(text);
    return refuse("a channel's id such as C0123ABCD (at the end of its details in Slack)");
  };
  return {"a channel's id", read, text_value().show};
}

ValueKind<std::string> command_value() {
  auto read = [](std::string_view text) -> ReadValue<std::string> {
    const auto name = text.substr(text.empty() ? 0 : 1);
    const bool plain = std::ranges::all_of(name, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
    if (text.starts_with('/') && plain && !name.empty() && text.size() <= kCommandCharactersMax)
      return std::string(text);
    return refuse("a command is a slash and lower-case letters, digits, - or _");
  };
  return {"a slash command", read, text_value().show};
}

}  // namespace

// The tokens first: everything else has a default, but for the channel.
Table<Settings> slack_table() {
  using OnLoss = SlackSettings::OnLoss;
  const auto at = in(&Settings::slack);
  Table<Settings> table{"slack",
                        "Where people see runs and give commands; without it there is no Slack.",
                        {},
                        {},
                        {}};
  const auto app = [](auto& settings) -> auto& { return settings.slack.app_token; };
  const auto bot = [](auto& settings) -> auto& { return settings.slack.bot_token; };
  table.secret(
      "app_token", app, [app](const Settings& settings) { return &app(settings); },
      "the app-level token, xapp-..., which opens the socket");
  table.secret(
      "bot_token", bot, [bot](const Settings& settings) { return &bot(settings); },
      "the bot token, xoxb-..., for everything else");
  table
      .key("channel", at(&SlackSettings::channel), channel_value(),
           "where runs are shown; the bot has to be invited", "required with [slack]")
      .key("admin_channel", at(&SlackSettings::admin_channel), channel_value(),
           "where messages go when that channel refuses them", "they are dropped")
      .key("command", at(&SlackSettings::command), command_value(),
           "the slash command, as the app's settings have it")
      .key("on_slack_loss", at(&SlackSettings::on_loss),
           choice_value<OnLoss>({{"continue", OnLoss::proceed}, {"pause", OnLoss::pause}}),
           "what losing Slack does to a run")
      .key("loss_after", at(&SlackSettings::loss_after), duration_value(10s, 24h),
           "how long Slack has to be away for that")
      .key("api_url", at(&SlackSettings::api_url), url_value(),
           "the Web API; a proxy or a simulator may stand in")
      .key("ca_file", at(&SlackSettings::ca_file), path_value(),
           "the authority of its certificate, and of the socket's", "those of the system");
  return table;
}

}  // namespace lockkeeper
