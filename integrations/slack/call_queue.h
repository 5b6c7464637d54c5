// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which call goes next: the most urgent one first, in order among equals, within the rates that
// Slack allows for each method, and behind the wait that a 429 asked for. A 429 holds up its own
// lane and no other, so an acknowledgement or an abort never waits for progress. Pure: the time is
// an argument. One thread, or its owner's lock.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>

#include "bot/time.h"
#include "integrations/slack/answer.h"
#include "integrations/slack/calls.h"

namespace lockkeeper::slack {

inline constexpr std::size_t kCallsMax = 300;        // waiting; more are answered `unsent`
inline constexpr std::size_t kCallsUnderWayMax = 6;  // at one time
/// After a 429 without Retry-After; what Slack's own Python client does.
inline constexpr Millis kLimitedWait{30'000};

/// Rates of lanes: a few calls at once, then one every so often. Slack documents "1+ per minute"
/// and the like, and about one message per second and channel.
class Rates {
 public:
  /// When this lane may be used again; `now` or earlier: at once.
  [[nodiscard]] Moment free_at(const std::string& lane, Moment now) const;
  void used(const std::string& lane, Moment now);
  /// A 429: nothing on this lane before `until`.
  void hold(const std::string& lane, Moment until, Moment now);

 private:
  struct Lane {
    Moment booked_until{};
    Moment held_until{};
  };
  std::map<std::string, Lane> lanes_;
};

class CallQueue {
 public:
  using Done = std::function<void(const Answer&)>;
  using Id = std::uint64_t;

  /// False when it is full.
  bool put(Call call, Done done, Moment now);

  /// The next call to send now, marked as under way. Its Call stays valid until answered().
  struct Next {
    Id id = 0;
    const Call* call = nullptr;
  };
  std::optional<Next> take(Moment now);

  /// What came of it: the callback with the final answer, or nothing when it is tried again.
  struct Final {
    Done done;
    Answer answer;
  };
  std::optional<Final> answered(Id id, Answer answer, Moment now);

  /// A call that has waited too long, to be told so; ask until there is none.
  std::optional<Final> expired(Moment now);
  /// Everything, at the end.
  std::optional<Final> given_up();

  /// When take() or expired() will have something; nothing when nobody waits.
  [[nodiscard]] std::optional<Moment> next_look(Moment now) const;
  [[nodiscard]] std::size_t waiting() const { return entries_.size() - under_way_; }

 private:
  struct Entry {
    Id id = 0;
    Call call;
    Done done;
    Moment give_up{};
    Moment not_before{};
    int attempts = 0;
    bool under_way = false;
  };
  [[nodiscard]] Moment ready_at(const Entry& entry, Moment now) const;
  Final removed(std::list<Entry>::iterator entry, Answer answer);

  std::list<Entry> entries_;  // in order of arrival
  Rates rates_;
  std::size_t under_way_ = 0;
  Id next_id_ = 1;
};

}  // namespace lockkeeper::slack
