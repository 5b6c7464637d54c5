// SPDX-License-Identifier: Apache-2.0
#pragma once

// What waits to be said in Slack, and what goes next. Pure: the time is an argument, answers come
// in as values. Internal to this room; the Outbox owns it and its lock.
//
// Order: the most urgent first, in order among equals; a reply waits for the message that it
// belongs to. Updates of one message are one entry, the latest state wins, and they leave at most
// every few seconds, but for alarms. After an outage what was said meanwhile is one summary. An
// answer that never came leaves it open whether a post was made: then it is looked for by its
// metadata before it is made again.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bot/time.h"
#include "integrations/slack/call_queue.h"

namespace lockkeeper::slack {

inline constexpr std::size_t kOutMax = 300;          // entries that wait; then the least goes
inline constexpr std::size_t kSummaryLinesMax = 15;  // the newest ones
/// Shorter outages are caught up with message by message.
inline constexpr Millis kOutageShort{45'000};
/// Between two updates of one message, and after it has been updated for a while.
inline constexpr Millis kUpdateEvery{3'000};
inline constexpr Millis kUpdateEveryLater{10'000};
inline constexpr Millis kUpdateLaterAfter{600'000};
/// A channel that refused us is tried again after this time.
inline constexpr Millis kChannelRest{600'000};

struct OutEntry {
  enum class Kind { post, update, whisper, answer, upload, remove };

  std::uint64_t id = 0;
  Kind kind = Kind::post;
  std::string name;       // of a message that will be updated or replied to, or of a file
  std::string channel;    // a channel's id, or a user's
  std::string thread_of;  // the name of the message in whose thread it belongs
  bool broadcast = false;
  bool in_channel = false;  // answer: visible to all
  bool replace = false;     // answer: in the place of the message with the button
  std::string user;         // whisper
  std::string url;          // answer; upload, between its steps
  std::string file_name;    // upload
  std::string file;         // upload: Slack's id, between its steps
  std::string content;      // upload
  Urgency urgency = Urgency::news;
  Layout layout;

  Moment since{};
  Moment not_before{};
  int tries = 0;
  bool under_way = false;
  bool uncertain = false;             // post: it may have been made
  std::optional<MessageRef> earlier;  // post: it continues that one, whose link is asked for first
  bool bare = false;                  // without metadata
  int looks = 0;                      // in the channel's history
  int step = 0;                       // upload: 0 address, 1 bytes, 2 share
  std::optional<Time> down_from;      // a summary: of an outage from then on
  std::size_t folded = 0;             // a summary: of so many messages
  std::vector<std::string> alarms{};  // of a summary, the newest: these stand first
  std::vector<std::string> lines{};   // the newest of the others
};

/// What the owner is to do about an answer, beside the queue's own part.
struct OutNews {
  std::string placed;  // a message of this name now stands `at`
  MessageRef at;
  std::string problem;  // one line for the log
  bool halted = false;  // the token is good for nothing any more
};

class OutQueue {
 public:
  explicit OutQueue(std::string admin_channel) : admin_channel_(std::move(admin_channel)) {}

  /// A message of an earlier life. An empty ts: it was to be posted, and nobody knows more.
  void know(const std::string& name, const MessageRef& at);
  [[nodiscard]] std::optional<MessageRef> where(const std::string& name) const;
  /// Whether something of that name stands somewhere, or may.
  [[nodiscard]] bool knows(const std::string& name) const { return standing_.contains(name); }

  void put(OutEntry entry, Moment now);

  /// The next entry to send, marked as under way; it stays valid until settle(). `wall` is for the
  /// text of a summary.
  const OutEntry* take(Moment now, Time wall);

  /// Slack's answer to what was sent for it. `found`: where a lost post was found, when `uncertain`
  /// entries have been looked for.
  OutNews settle(std::uint64_t id, const Answer& answer, Moment now, Time wall,
                 const std::optional<MessageRef>& found = std::nullopt);

  /// Nothing leaves until resume(): the token was refused.
  void halt() { halted_ = true; }
  void resume() { halted_ = false; }

  [[nodiscard]] std::size_t waiting() const { return entries_.size(); }
  /// How long the oldest of them has waited.
  [[nodiscard]] Millis oldest(Moment now) const;
  [[nodiscard]] bool halted() const { return halted_; }
  [[nodiscard]] std::optional<Time> down_since() const { return down_from_; }
  [[nodiscard]] std::size_t dropped() const { return dropped_; }
  [[nodiscard]] Moment next_look(Moment now) const;

 private:
  using Entries = std::list<OutEntry>;
  struct Standing {
    MessageRef at;
    std::optional<Moment> first_update;
    Moment next_update{};
  };

  bool merged(OutEntry& entry);
  void make_room();
  void fold(Time wall);
  void redirect(OutEntry& entry, Moment now);
  [[nodiscard]] bool blocked(const OutEntry& entry) const;
  [[nodiscard]] Moment ready_at(const OutEntry& entry, Moment now) const;
  [[nodiscard]] bool pending_post(const std::string& name, std::uint64_t but) const;
  void again(OutEntry& entry, Moment at);
  OutNews succeeded(Entries::iterator entry, const Answer& answer, Moment now);
  OutNews place(Entries::iterator entry, MessageRef at);
  OutNews unanswered(Entries::iterator entry, const Answer& answer, Moment now, Time wall);
  OutNews linked(Entries::iterator entry, const Answer& answer, Moment now);
  OutNews looked(Entries::iterator entry, const Answer& answer,
                 const std::optional<MessageRef>& found, Moment now);
  OutNews refused(Entries::iterator entry, const Answer& answer, Moment now);
  OutNews lost_channel(Entries::iterator entry, const Answer& answer, Moment now);
  OutNews drop(Entries::iterator entry, std::string why);

  std::string admin_channel_;
  Entries entries_;
  std::map<std::string, Standing> standing_;
  std::map<std::string, Moment> lost_;  // channels, until when
  Rates rates_;
  std::uint64_t next_id_ = 1;
  std::optional<Time> down_from_;
  std::optional<Moment> down_since_;
  Moment probe_at_{};
  int failures_ = 0;
  bool halted_ = false;
  std::size_t dropped_ = 0;
};

/// The lane on which an entry travels: what a 429 holds up.
std::string lane_of(const OutEntry& entry);

/// "chat.update", for the log.
std::string_view method_of(const OutEntry& entry);

}  // namespace lockkeeper::slack
