// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/checkup.h"

#include <fmt/format.h>

#include "integrations/slack/api.h"
#include "integrations/slack/calls.h"

namespace lockkeeper::slack {
namespace {

constexpr Millis kPatience{10'000};

Answer ask(Api& api, Call call) {
  call.give_up = kPatience;
  return api.ask(std::move(call));
}

/// Slack's word for its refusal; nothing when there was none, or no answer at all.
std::string refusal_of(const Answer& answer) {
  return answer.verdict == Verdict::refused ? answer.error : std::string();
}

/// conversations.info would need scopes that nothing else asks for; reading the newest messages
/// needs those of the manifest, and membership.
SlackChannelExam look_into(Api& api, std::string role, const std::string& id) {
  const auto answer = ask(api, read_history(id, {}, {}));
  SlackChannelExam exam{std::move(role), id, {}};
  if (!answer.ok()) exam.error = answer.error.empty() ? "no answer" : answer.error;
  return exam;
}

}  // namespace

SlackExam check_up(const SlackSettings& settings, const Clock& clock,
                   const KubernetesSecretReader& from_kubernetes) {
  SlackExam exam;
  if (!settings.enabled()) return exam;
  for (const auto* source : {&settings.app_token, &settings.bot_token}) {
    if (const auto token = read_secret(*source, from_kubernetes); !token) {
      exam.unasked = token.error().what;
      return exam;
    }
  }
  Api api({.base = settings.api_url,
           .ca_file = settings.ca_file.native(),
           .app_token = [&] { return read_secret(settings.app_token, from_kubernetes); },
           .bot_token = [&] { return read_secret(settings.bot_token, from_kubernetes); }},
          clock);
  const auto bot = ask(api, auth_test());
  if (!bot.ok() && bot.verdict != Verdict::refused) {
    exam.failure = bot.described("auth.test");
    return exam;
  }
  exam.bot_error = refusal_of(bot);
  exam.bot_user = bot.at("/user");
  exam.team = bot.at("/team");
  exam.scopes = bot.scopes;
  exam.app_error = refusal_of(ask(api, open_connection()));
  if (!exam.bot_error.empty()) return exam;
  if (!settings.channel.empty())
    exam.channels.push_back(look_into(api, "channel", settings.channel));
  if (!settings.admin_channel.empty())
    exam.channels.push_back(look_into(api, "admin_channel", settings.admin_channel));
  return exam;
}

}  // namespace lockkeeper::slack
