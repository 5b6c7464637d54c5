// SPDX-License-Identifier: Apache-2.0
#pragma once

// The calls of Slack's Web API that the bot makes, each as a value that can be sent: method, body
// in the form that the method takes, which token, and what may be done when no answer comes. Pure
// functions for any thread. https://docs.slack.dev/reference/methods

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "integrations/slack/budget.h"
#include "integrations/slack/store.h"
#include "rules/text.h"

namespace lockkeeper::slack {

/// Who has to know a call's result first when there is not room for all. From least to most.
enum class Urgency {
  progress,  // how far it is
  news,      // something happened
  approval,  // somebody has to answer
  alarm,     // stopped, aborted, failed
};

enum class TokenKind { none, app, bot };

struct Call {
  std::string method;  // "chat.postMessage"; for the log where `url` is given
  std::string url;     // instead of the method's: a response URL, an upload; a secret
  std::string content_type;
  std::string body;
  TokenKind token = TokenKind::bot;
  std::string lane;  // what a 429 holds up: the method, for posts with the channel
  Urgency urgency = Urgency::news;
  Millis timeout{10'000};  // one attempt
  Millis give_up{30'000};  // all attempts with their waits, from when it is handed over
  bool idempotent = true;  // may be sent again when it may have been done
  bool once = false;       // its owner repeats it himself
  bool json_answer = true;
};

/// A message as the outbox sends it. `name` goes into its metadata, so that a post whose answer was
/// lost can be found again.
struct Posting {
  std::string channel;  // or a user's id, for a direct message
  std::string thread;   // ts of the thread, or empty
  bool broadcast = false;
  std::string name;
  Layout layout;
};

/// The metadata type under which the bot finds its own messages.
inline constexpr std::string_view kMetadataType = "lockkeeper_message";

// --- Tokens ---
Call auth_test();
Call open_connection();

// --- Messages. Never repeated blindly; `once` is set: the outbox decides ---
Call post_message(const Posting& posting, Urgency urgency);
/// An update always says its blocks: without them Slack would keep the old buttons.
Call update_message(const MessageRef& at, const Layout& layout, Urgency urgency);
Call delete_message(const MessageRef& at);
Call post_ephemeral(const std::string& user, const Posting& posting, Urgency urgency);
/// The newest messages of a channel, or of a thread, not older than `oldest`, with their metadata.
Call read_history(const std::string& channel, const std::string& thread, const std::string& oldest);
Call permalink(const MessageRef& at);
/// An answer to a slash command or a button: at most five within 30 minutes. `replace` puts it in
/// the place of the message with the button.
Call respond(const std::string& response_url, const Layout& layout, bool in_channel, bool replace);
/// Takes away the ephemeral message with the button.
Call respond_delete(const std::string& response_url);

// --- Views. `view` is the view's JSON ---
/// A trigger lives for 3 s, so this is tried once and fast.
Call open_view(const std::string& trigger, std::string_view view);
Call update_view(const std::string& view_id, const std::string& hash, std::string_view view);
Call publish_home(const std::string& user, std::string_view view);

// --- People and places ---
Call group_members(const std::string& group);
Call user_info(const std::string& user);
Call channel_info(const std::string& channel);

// --- Files, in three steps ---
Call upload_address(const std::string& file_name, std::size_t bytes);
Call upload_bytes(const std::string& upload_url, std::string bytes);
struct Share {
  std::string file;  // its id
  std::string title;
  std::string channel;
  std::string thread;   // or empty
  std::string comment;  // or empty
};
Call complete_upload(const Share& share, Urgency urgency);

/// What Slack would refuse about a call's message or view, one line; empty: nothing. For the last
/// look before it leaves.
std::string objections_to(const Call& call);

/// The same for the payload of an acknowledgement: a message, or a modal's answer.
std::string objections_to_ack(std::string_view payload);

}  // namespace lockkeeper::slack
