// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "integrations/slack/json.h"
#include "integrations/slack/text.h"

namespace lockkeeper::slack {
namespace {

constexpr std::size_t kDetailsMax = 5;
constexpr std::size_t kDetailBytesMax = 300;
// Nobody waits for longer; a larger figure is a mistake of somebody's.
constexpr std::int64_t kRetrySecondsMax = 3600;

/// Sorted, for binary search.
constexpr auto kReactions = std::to_array<std::pair<std::string_view, Reaction>>({
    {"account_inactive", Reaction::halt},
    {"cannot_reply_to_message", Reaction::elsewhere},
    {"cant_update_message", Reaction::fresh},
    {"channel_not_found", Reaction::elsewhere},
    {"edit_window_closed", Reaction::fresh},
    {"exchanged_trigger_id", Reaction::late},
    {"expired_trigger_id", Reaction::late},
    {"fatal_error", Reaction::again},
    {"forbidden_team", Reaction::halt},
    {"internal_error", Reaction::again},
    {"invalid_auth", Reaction::halt},
    {"invalid_blocks", Reaction::plain},
    {"invalid_blocks_format", Reaction::plain},
    {"invalid_trigger_id", Reaction::late},
    {"is_archived", Reaction::elsewhere},
    {"is_inactive", Reaction::elsewhere},
    {"message_limit_exceeded", Reaction::wait},
    {"message_not_found", Reaction::fresh},
    {"metadata_too_large", Reaction::bare},
    {"missing_scope", Reaction::scope},
    {"msg_blocks_too_long", Reaction::plain},
    {"msg_too_long", Reaction::shorter},
    {"no_such_subteam", Reaction::closed},
    {"no_token", Reaction::halt},  // ours: it cannot be read
    {"not_allowed_token_type", Reaction::halt},
    {"not_authed", Reaction::halt},
    {"not_in_channel", Reaction::elsewhere},
    {"plan_upgrade_required", Reaction::closed},
    {"rate_limited", Reaction::wait},
    {"ratelimited", Reaction::wait},
    {"request_timeout", Reaction::again},
    {"restricted_action", Reaction::elsewhere},
    {"restricted_action_non_threadable_channel", Reaction::elsewhere},
    {"restricted_action_read_only_channel", Reaction::elsewhere},
    {"restricted_action_thread_locked", Reaction::elsewhere},
    {"restricted_action_thread_only_channel", Reaction::elsewhere},
    {"service_unavailable", Reaction::again},
    {"team_added_to_org", Reaction::again},
    {"team_disabled", Reaction::halt},
    {"token_expired", Reaction::halt},
    {"token_revoked", Reaction::halt},
    {"user_not_in_channel", Reaction::direct},
    {"user_removed_from_team", Reaction::halt},
    {"wrong_token", Reaction::halt},  // ours: it is of the other kind
});
static_assert(std::ranges::is_sorted(kReactions, {},
                                     &std::pair<std::string_view, Reaction>::first));

Millis retry_after(const http::Headers& headers) {
  const auto text = trimmed(headers.get("Retry-After"));
  std::int64_t seconds = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (read.ec != std::errc() || seconds < 0) return {};
  return std::chrono::seconds(std::min(seconds, kRetrySecondsMax));
}

Verdict verdict_of(http::FaultKind kind) {
  switch (kind) {
    case http::FaultKind::unresolved:
    case http::FaultKind::refused:
    case http::FaultKind::tls:
    case http::FaultKind::untrusted:
      return Verdict::unreached;
    case http::FaultKind::cancelled:
      return Verdict::unsent;
    default:
      return Verdict::uncertain;
  }
}

void read_body(Answer& answer) {
  const auto json = parsed(answer.body);
  if (!json || !json->is_object() || !member(*json, "ok").is_boolean()) {
    answer.verdict = Verdict::uncertain;
    answer.error = "an answer that cannot be read";
    answer.body.clear();
    return;
  }
  const Json& messages = member(member(*json, "response_metadata"), "messages");
  if (messages.is_array())
    for (const auto& message : messages)
      if (message.is_string() && answer.details.size() < kDetailsMax)
        answer.details.push_back(clipped(clean(message.get<std::string>()), kDetailBytesMax));
  if (truth_of(*json, "ok")) {
    answer.verdict = Verdict::ok;
    return;
  }
  answer.error = clipped(clean(text_of(*json, "error")), 80);
  answer.needed = clipped(clean(text_of(*json, "needed")), 200);
  const Reaction reaction = reaction_to(answer.error);
  answer.verdict = reaction == Reaction::wait    ? Verdict::limited
                   : reaction == Reaction::again ? Verdict::uncertain
                                                 : Verdict::refused;
}

}  // namespace

Reaction reaction_to(std::string_view error) {
  const auto found = std::ranges::lower_bound(kReactions, error, {},
                                              &std::pair<std::string_view, Reaction>::first);
  return found != kReactions.end() && found->first == error ? found->second : Reaction::drop;
}

std::string Answer::at(std::string_view pointer) const {
  const auto json = parsed(body);
  if (!json) return {};
  const Json::json_pointer place{std::string(pointer)};
  if (!json->contains(place)) return {};
  const Json& value = (*json)[place];
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::string Answer::described(std::string_view method) const {
  std::string line = fmt::format("{}: {}", method, error.empty() ? "ok" : error);
  if (!needed.empty()) line += fmt::format(" (needs {})", needed);
  for (const auto& detail : details)
    line += fmt::format(" ({})", detail);
  return line;
}

Answer read_answer(const http::Answered& answered, bool json) {
  Answer answer;
  if (!answered) {
    answer.verdict = verdict_of(answered.error().kind);
    answer.error = answered.error().what;
    return answer;
  }
  const http::Reply& reply = *answered;
  answer.scopes = std::string(reply.headers.get("x-oauth-scopes"));
  answer.body = reply.body;
  answer.retry_after = retry_after(reply.headers);
  if (reply.status == 429) {
    answer.verdict = Verdict::limited;
    answer.error = "ratelimited";
    answer.body.clear();
    return answer;
  }
  const bool good = reply.status / 100 == 2;
  if (good && !json) {
    answer.verdict = Verdict::ok;
    return answer;
  }
  if (json && (good || reply.status / 100 == 4)) {
    read_body(answer);
    const bool words = answer.verdict != Verdict::uncertain || !answer.body.empty();
    if (good || (words && answer.verdict != Verdict::ok)) return answer;
  }
  // A redirect is an error, too: nothing of ours is to be sent elsewhere.
  answer.verdict = reply.status / 100 == 5 ? Verdict::uncertain : Verdict::refused;
  answer.error = fmt::format("HTTP {}", reply.status);
  return answer;
}

}  // namespace lockkeeper::slack
