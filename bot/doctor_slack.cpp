// SPDX-License-Identifier: Apache-2.0

// What is wrong with Slack: each token, each scope by what it is used for, each channel.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "bot/doctor_judges.h"

namespace lockkeeper::doctor {
namespace {

struct Scope {
  std::string_view name;
  std::string_view use;
  bool vital = true;
};

/// As the shipped manifest asks for them; a test compares the two.
constexpr std::array kScopes = {
    Scope{"commands", "the slash command"},
    Scope{"chat:write", "every message"},
    Scope{"files:write", "the timeline of a run, as a file"},
    Scope{"usergroups:read", "slack-group: in [authority]"},
    Scope{"users:read", "names of people"},
    Scope{"channels:history", "finding a message whose arrival was not confirmed", false},
    Scope{"groups:history", "the same in private channels", false},
};

std::string manifest_words(std::string_view scope) {
  return fmt::format(
      "https://api.slack.com/apps, OAuth & Permissions: add the bot scope {}, then "
      "install the app again",
      scope);
}

void scopes(const SlackExam& exam, Findings& found) {
  if (exam.scopes.empty()) return found.unchecked("scopes: Slack does not tell them");
  const auto given = split(exam.scopes, ',');
  std::vector<std::string> has;
  for (const auto& scope : kScopes) {
    if (std::ranges::find(given, scope.name) != given.end()) {
      has.emplace_back(scope.name);
    } else if (scope.vital) {
      found.broken(fmt::format("the bot token lacks the scope {}: {}", scope.name, scope.use),
                   manifest_words(scope.name));
    } else {
      found.unchecked(fmt::format("the bot token has no scope {}: {}", scope.name, scope.use),
                      manifest_words(scope.name));
    }
  }
  if (!has.empty()) found.ok("scopes: " + joined(has));
}

void channel(const SlackChannelExam& channel, const std::string& bot, Findings& found) {
  const auto name = fmt::format("[slack] {} {}", channel.role, channel.id);
  const auto& error = channel.error;
  if (error.empty()) {
    found.ok(fmt::format("{}: the bot is in it", name));
  } else if (error == "not_in_channel") {
    found.broken(fmt::format("{}: the bot is not in it", name),
                 fmt::format("in that channel: /invite @{}", bot));
  } else if (error == "channel_not_found") {
    found.broken(
        fmt::format("{}: there is no such channel, or it is private without the bot", name),
        fmt::format("its id stands at the end of its details; then /invite @{}", bot));
  } else if (error == "is_archived") {
    found.broken(fmt::format("{}: it is archived", name), "take another, or unarchive it");
  } else {
    found.unchecked(fmt::format("{}: whether the bot is in it cannot be told ({})", name, error));
  }
}

}  // namespace

void judge_slack(const Case& seen, Findings& found) {
  const auto& exam = *seen.exams.slack;
  if (!seen.settings.slack.enabled()) return found.ok("none is configured");
  if (!exam.unasked.empty()) return found.unchecked(exam.unasked);
  if (!exam.failure.empty())
    return found.broken("Slack cannot be reached: " + exam.failure,
                        "a way out to slack.com, or a proxy in https_proxy; [slack] ca_file");
  if (exam.app_error.empty()) {
    found.ok("the app-level token may open a socket");
  } else {
    found.broken(fmt::format("the app-level token is refused: {}", exam.app_error),
                 "[slack] app_token: xapp-... with connections:write (Basic Information, App-Level "
                 "Tokens)");
  }
  if (!exam.bot_error.empty()) {
    return found.broken(fmt::format("the bot token is refused: {}", exam.bot_error),
                        "[slack] bot_token: xoxb-..., from Install App");
  }
  found.ok(fmt::format("the bot token is that of {} in {}", exam.bot_user, exam.team));
  scopes(exam, found);
  for (const auto& one : exam.channels)
    channel(one, exam.bot_user, found);
  found.unchecked(
      fmt::format("that {} reaches this app cannot be told from here", seen.settings.slack.command),
      fmt::format("type {} whoami", seen.settings.slack.command));
}

}  // namespace lockkeeper::doctor
