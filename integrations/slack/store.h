// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the Slack side must remember across a crash: the inbox of what people did and the bot has
// not yet dealt with, the keys of what it has already seen, and where its messages stand.
//
// The file is `slack.db` beside the journal, and not a table in it: a flood of clicks would make
// the runner wait for the write lock before a step, its contents may be thrown away at any time
// without losing the run, and it is kept for an hour where the journal is kept for ever.
//
//   CREATE TABLE seen(key TEXT PRIMARY KEY, at INTEGER NOT NULL);          -- milliseconds
//   CREATE TABLE inbox(seq INTEGER PRIMARY KEY, envelope TEXT NOT NULL, line TEXT NOT NULL);
//   CREATE TABLE messages(name TEXT PRIMARY KEY, channel TEXT NOT NULL, ts TEXT NOT NULL,
//                         at INTEGER NOT NULL);

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "integrations/slack/envelope.h"
#include "rules/result.h"
#include "rules/time.h"

namespace lockkeeper::slack {

/// Copies of a deed are recognised for this long, across restarts: Slack's last repetition of an
/// event comes after about six minutes, late deliveries of eight have been seen.
inline constexpr Millis kSeenFor{3'600'000};
/// Two for each envelope: its id and the deed's key.
inline constexpr std::size_t kSeenMax = 10'000;
/// Deeds that wait for the bot. Beyond, people are told to come back.
inline constexpr std::size_t kInboxMax = 500;
inline constexpr std::size_t kMessagesMax = 1000;

/// A message of ours in a channel.
struct MessageRef {
  std::string channel;
  std::string ts;

  bool operator==(const MessageRef&) const = default;
};

/// The port. Every member may be called from any thread.
class Store {
 public:
  enum class Kept {
    fresh,     // durable on return: it may be acknowledged
    repeated,  // seen before: acknowledge it and do nothing
    full,      // kInboxMax wait already: not kept
  };

  virtual ~Store() = default;

  virtual Result<Kept> keep(const Interaction& deed, Time now) = 0;
  /// The bot has dealt with it. Survives the end of the process; after a power cut it may be
  /// handed out once more.
  virtual Status done(const std::string& envelope) = 0;
  /// The same deed may come again: a modal was sent back with an error.
  virtual Status forget(const std::string& key) = 0;
  /// What was kept and is not done, in order of arrival.
  virtual Result<std::vector<Interaction>> waiting() = 0;

  /// Where the message of that name stands; the name is the outbox's.
  virtual Status remember(const std::string& name, const MessageRef& at, Time now) = 0;
  virtual Result<std::map<std::string, MessageRef>> messages() = 0;
};

/// Opens or creates the file, readable by its owner only. Failures begin with "slack inbox PATH: ".
Result<std::unique_ptr<Store>> open_store(const std::filesystem::path& path);

}  // namespace lockkeeper::slack
