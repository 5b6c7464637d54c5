// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/calls.h"

#include <fmt/format.h>

#include <initializer_list>
#include <utility>

#include "integrations/slack/json.h"
#include "integrations/slack/linter.h"

namespace lockkeeper::slack {
namespace {

constexpr const char* kJsonType = "application/json; charset=utf-8";
constexpr const char* kFormType = "application/x-www-form-urlencoded";
// Of three seconds, with room for what came before.
constexpr Millis kTriggerTime{2'500};
constexpr Millis kUploadTime{60'000};
// A response URL works for half an hour.
constexpr Millis kResponseTime{25 * 60'000};

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= 'a' && byte <= 'z') || byte == '-' || byte == '_' || byte == '.';
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

/// A call with a form; fields without a value are left out.
Call form_call(std::string method,
               std::initializer_list<std::pair<std::string_view, std::string>> fields) {
  Call call;
  call.lane = method;
  call.method = std::move(method);
  call.content_type = kFormType;
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    call.body += fmt::format("{}{}={}", call.body.empty() ? "" : "&", name, encoded(value));
  }
  return call;
}

Call json_call(std::string method, const Json& body) {
  Call call;
  call.lane = method;
  call.method = std::move(method);
  call.content_type = kJsonType;
  call.body = dumped(body);
  return call;
}

/// What nobody may repeat but its owner.
Call message_call(std::string method, const Json& body, Urgency urgency) {
  Call call = json_call(std::move(method), body);
  call.urgency = urgency;
  call.once = true;
  call.idempotent = false;
  return call;
}

Json blocks_of(const Layout& layout) {
  auto blocks = layout.blocks.empty() ? std::nullopt : parsed(layout.blocks);
  return blocks && blocks->is_array() ? *blocks : Json::array();
}

Json view_of(std::string_view view) {
  return parsed(view).value_or(Json::object());
}

/// What the text of a message without blocks must not become: a link or a mention of words that
/// only look like one.
void take_as_written(Json& body) {
  body["parse"] = "none";
  body["link_names"] = false;
}

Json body_of(const Posting& posting) {
  Json body = {{"channel", posting.channel}, {"text", posting.layout.text}};
  take_as_written(body);
  if (Json blocks = blocks_of(posting.layout); !blocks.empty()) body["blocks"] = std::move(blocks);
  if (!posting.thread.empty()) body["thread_ts"] = posting.thread;
  return body;
}

Call response_call(const std::string& response_url, const Json& body) {
  Call call = json_call("response_url", body);
  call.url = response_url;
  call.token = TokenKind::none;
  call.lane = response_url;
  call.give_up = kResponseTime;
  call.json_answer = false;
  // Five uses are all there are, and a second copy of an answer says nothing new.
  call.idempotent = false;
  return call;
}

}  // namespace

Call auth_test() {
  return form_call("auth.test", {});
}

Call open_connection() {
  Call call = form_call("apps.connections.open", {});
  call.token = TokenKind::app;
  call.urgency = Urgency::alarm;
  // The Link has delays of its own.
  call.once = true;
  return call;
}

Call post_message(const Posting& posting, Urgency urgency) {
  Json body = body_of(posting);
  if (posting.broadcast && !posting.thread.empty()) body["reply_broadcast"] = true;
  // Links in an annotation are a stranger's: nothing is fetched for them.
  body["unfurl_links"] = false;
  body["unfurl_media"] = false;
  if (!posting.name.empty())
    body["metadata"] = {{"event_type", kMetadataType}, {"event_payload", {{"name", posting.name}}}};
  Call call = message_call("chat.postMessage", body, urgency);
  call.lane += " " + posting.channel;
  return call;
}

Call update_message(const MessageRef& at, const Layout& layout, Urgency urgency) {
  Json body = {
      {"channel", at.channel}, {"ts", at.ts}, {"text", layout.text}, {"blocks", blocks_of(layout)}};
  take_as_written(body);
  Call call = message_call("chat.update", body, urgency);
  call.idempotent = true;
  return call;
}

Call delete_message(const MessageRef& at) {
  Call call = json_call("chat.delete", {{"channel", at.channel}, {"ts", at.ts}});
  call.once = true;
  return call;
}

Call post_ephemeral(const std::string& user, const Posting& posting, Urgency urgency) {
  Json body = body_of(posting);
  body["user"] = user;
  Call call = message_call("chat.postEphemeral", body, urgency);
  call.lane += " " + posting.channel;
  return call;
}

Call read_history(const std::string& channel, const std::string& thread,
                  const std::string& oldest) {
  if (thread.empty()) {
    return form_call("conversations.history", {{"channel", channel},
                                               {"oldest", oldest},
                                               {"limit", "100"},
                                               {"include_all_metadata", "true"}});
  }
  return form_call("conversations.replies", {{"channel", channel},
                                             {"ts", thread},
                                             {"oldest", oldest},
                                             {"limit", "100"},
                                             {"include_all_metadata", "true"}});
}

Call permalink(const MessageRef& at) {
  return form_call("chat.getPermalink", {{"channel", at.channel}, {"message_ts", at.ts}});
}

Call respond(const std::string& response_url, const Layout& layout, bool in_channel, bool replace) {
  // Both are always said: alerts have vanished where delete_original was left out
  // (getsentry/sentry#73590).
  Json body = {{"response_type", in_channel ? "in_channel" : "ephemeral"},
               {"text", layout.text},
               {"replace_original", replace},
               {"delete_original", false}};
  take_as_written(body);
  if (Json blocks = blocks_of(layout); !blocks.empty()) body["blocks"] = std::move(blocks);
  return response_call(response_url, body);
}

Call respond_delete(const std::string& response_url) {
  return response_call(response_url, {{"replace_original", false}, {"delete_original", true}});
}

Call open_view(const std::string& trigger, std::string_view view) {
  Call call = json_call("views.open", {{"trigger_id", trigger}, {"view", view_of(view)}});
  call.urgency = Urgency::alarm;
  call.timeout = kTriggerTime;
  call.give_up = kTriggerTime;
  call.idempotent = false;
  return call;
}

Call update_view(const std::string& view_id, const std::string& hash, std::string_view view) {
  Json body = {{"view_id", view_id}, {"view", view_of(view)}};
  if (!hash.empty()) body["hash"] = hash;
  return json_call("views.update", body);
}

Call publish_home(const std::string& user, std::string_view view) {
  Call call = json_call("views.publish", {{"user_id", user}, {"view", view_of(view)}});
  call.urgency = Urgency::progress;
  return call;
}

// Somebody waits for this one, to be allowed to do something.
Call group_members(const std::string& group) {
  Call call = form_call("usergroups.users.list", {{"usergroup", group}});
  call.urgency = Urgency::approval;
  call.timeout = Millis(5'000);
  call.give_up = Millis(10'000);
  return call;
}

Call user_info(const std::string& user) {
  return form_call("users.info", {{"user", user}});
}

Call channel_info(const std::string& channel) {
  return form_call("conversations.info", {{"channel", channel}});
}

Call upload_address(const std::string& file_name, std::size_t bytes) {
  return form_call("files.getUploadURLExternal",
                   {{"filename", file_name}, {"length", std::to_string(bytes)}});
}

Call upload_bytes(const std::string& upload_url, std::string bytes) {
  Call call;
  call.method = "upload";
  call.lane = "upload";
  call.url = upload_url;
  call.token = TokenKind::none;
  call.content_type = "application/octet-stream";
  call.body = std::move(bytes);
  call.timeout = kUploadTime;
  call.give_up = kUploadTime;
  call.json_answer = false;
  return call;
}

Call complete_upload(const Share& share, Urgency urgency) {
  const Json files = Json::array({Json{{"id", share.file}, {"title", share.title}}});
  Call call = form_call("files.completeUploadExternal", {{"files", dumped(files)},
                                                         {"channel_id", share.channel},
                                                         {"thread_ts", share.thread},
                                                         {"initial_comment", share.comment}});
  call.urgency = urgency;
  call.idempotent = false;
  return call;
}

std::string objections_to(const Call& call) {
  const bool views = call.method.starts_with("views.");
  const bool says = call.method == "chat.postMessage" || call.method == "chat.update" ||
                    call.method == "chat.postEphemeral" || call.method == "response_url";
  if (says) return described(lint_message(call.body));
  const auto body = views ? parsed(call.body) : std::nullopt;
  return body ? described(lint_view(dumped(member(*body, "view")))) : std::string();
}

std::string objections_to_ack(std::string_view payload) {
  const auto body = parsed(payload);
  if (!body || !body->is_object()) return "no JSON object";
  if (body->empty()) return {};
  const Json& view = member(*body, "view");
  if (!view.is_null()) return described(lint_view(dumped(view)));
  return body->contains("response_action") ? std::string() : described(lint_message(payload));
}

}  // namespace lockkeeper::slack
