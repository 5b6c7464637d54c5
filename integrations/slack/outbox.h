// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the bot says in Slack. Any thread may speak; nobody ever waits for Slack, and nothing fails:
// what cannot be said now waits, within limits, and is told in one summary after an outage. Every
// message is brought within the budgets and through the linter before it leaves; what a post had
// to leave out follows as a file in its thread, what an update had to leave out does not.
//
//   outbox.post({.name = "run:r-7f3", .layout = {text, blocks}});
//   outbox.update("run:r-7f3", {text, blocks}, Urgency::progress);      // edits it in place
//   outbox.post({.thread_of = "run:r-7f3", .layout = {"apps-04 upgraded", ""}});
//
// Named messages outlive a restart: where they stand is in the Store, and one whose post was
// interrupted is looked for in the channel before it is posted again. For that the token needs
// channels:history (and groups:history for private channels); without, a message may appear twice
// when the answer to its post is lost.

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "integrations/slack/api.h"
#include "integrations/slack/out_queue.h"
#include "integrations/slack/store.h"

namespace lockkeeper::slack {

/// A message for a channel. Texts are mrkdwn: what strangers wrote in it goes through escaped().
struct Note {
  std::string name;        // when it will be updated or replied to: "run:r-7f3"
  std::string thread_of;   // the name of the message in whose thread it belongs
  std::string channel;     // an id; empty: the settings' channel
  bool broadcast = false;  // a reply that the channel sees, too
  Urgency urgency = Urgency::news;
  Layout layout;
};

struct OutFile {
  std::string name{};  // when it is to be remembered whether it has gone
  std::string thread_of;
  std::string channel;
  std::string file_name;
  std::string title;
  std::string content;  // at most kFileBytesMax
  Urgency urgency = Urgency::news;
};

inline constexpr std::size_t kFileBytesMax = 8U << 20U;

struct OutboxHealth {
  std::size_t waiting = 0;
  Millis oldest{};  // how long the oldest of them has waited
  std::size_t dropped = 0;
  bool halted = false;             // the bot token was refused
  std::optional<Time> down_since;  // Slack's Web API is out of reach
  std::string problem;             // the newest, one line
};

class Outbox {
 public:
  struct Options {
    std::string channel;        // the settings' default
    std::string admin_channel;  // where messages go whose channel refuses them; may be empty
    TokenReader bot_token;      // looked at again after the token was refused
  };

  /// Takes a turn on the Api's thread until it is destroyed, before which the Api has to be
  /// stopped. The Store and the clock must outlive it.
  Outbox(Options options, Api& api, Store& store, const Clock& clock);
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  void post(Note note) noexcept;
  /// The message of that name gets a new content; it is posted when there is none, or when it can
  /// no longer be edited.
  void update(const std::string& name, Layout layout, Urgency urgency,
              const std::string& channel = {}) noexcept;
  void remove(const std::string& name) noexcept;
  /// Only `user` sees it.
  void whisper(const std::string& user, Note note) noexcept;
  /// Through the response URL of a command or a button, which works in channels where the bot is
  /// no member, too.
  void answer(const std::string& response_url, Layout layout, bool in_channel = false,
              bool replace = false) noexcept;
  void upload(OutFile file) noexcept;

  /// Waits until nothing waits any more, Slack cannot be reached, or `limit` has passed.
  void drain(Millis limit) noexcept;

  /// Where a named message stands; for links and for telling old buttons from new ones.
  [[nodiscard]] std::optional<MessageRef> where(const std::string& name) const;
  /// Whether something of that name has left, or may have: a copy of a file is worse than none.
  [[nodiscard]] bool knows(const std::string& name) const;
  [[nodiscard]] OutboxHealth health() const;

 private:
  void put(OutEntry entry) noexcept;
  void put_message(OutEntry entry) noexcept;
  Moment turn(Moment now);
  std::optional<Call> call_for(const OutEntry& entry);
  void settle(std::uint64_t id, const Answer& answer, const std::string& looked_for);
  void look_at_token(Moment now);
  [[nodiscard]] std::string thread_ts(const OutEntry& entry) const;
  [[nodiscard]] std::string post_name(const OutEntry& entry) const;
  void note(const std::string& problem);

  Options options_;
  Api& api_;
  Store& store_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  OutQueue queue_;
  std::string birth_;  // tells this process's unnamed posts from another's
  std::string problem_;
  std::string refused_token_;
  Moment token_look_{};
};

/// The message in an answer of conversations.history or .replies that carries this name.
std::optional<MessageRef> find_message(const Answer& history, const std::string& channel,
                                       const std::string& name);

}  // namespace lockkeeper::slack
