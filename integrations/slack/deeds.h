// SPDX-License-Identifier: Apache-2.0
#pragma once

// From the inbox to the bot: two threads that hand out what people did, and the slip on which the
// answer to it can still ride on the acknowledgement. Orders have a thread of their own: whoever
// presses Abort must not wait until somebody else's plan has been made. On each thread it is one
// deed at a time and in order, but that an abort overtakes the other orders. The socket's thread
// never waits for the bot: a deed that takes longer is acknowledged without an answer, and the
// answer goes by the response URL.

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "integrations/slack/store.h"

namespace lockkeeper::slack {

/// How long an acknowledgement waits for the bot's answer. Slack's limit is 3 s, our own 150 ms.
inline constexpr Millis kAnswerWindow{110};

/// The way to put a payload into an envelope's acknowledgement. Any thread.
class Slip {
 public:
  using Send = std::function<void(std::string payload)>;

  /// `send` is called at most once, by whoever is first.
  explicit Slip(Send send) : send_(std::move(send)) {}

  /// Sends the acknowledgement with `payload`, a JSON object, or empty:
  ///   slash   {"response_type":"ephemeral","text":...,"blocks":[...]}
  ///   submit  {"response_action":"errors","errors":{"BLOCK":"text"}}, or update, push, clear
  /// False when it has left already: use the response URL.
  bool ack(std::string payload) {
    if (used_.exchange(true)) return false;
    if (send_) send_(std::move(payload));
    return true;
  }

 private:
  Send send_;
  std::atomic<bool> used_ = false;
};

/// How much of a hurry a deed is in.
enum class Haste {
  talk,   // plans, questions, forms: may take as long as reading a cluster does
  order,  // a run is to pause, go on, be approved: takes a write into the journal
  abort,  // before all other orders
};

/// By the button that was pressed, or the verb that was typed.
Haste haste_of(const Interaction& deed);

/// Given each deed once, on one of the two threads of the Deeds. After a crash the deeds that were
/// not finished come again, so an effect is to be tied to `Interaction::key`. Must be bounded and
/// not throw. When it returns without an answer, the acknowledgement leaves without one.
using Deliver = std::function<void(const Interaction& deed, Slip& slip)>;

class Deeds {
 public:
  /// Does not own the store.
  Deeds(Store& store, Deliver deliver);
  ~Deeds();
  Deeds(const Deeds&) = delete;
  Deeds& operator=(const Deeds&) = delete;

  /// Begins, with what the store still has from before. A second call does nothing.
  void start();

  /// A deed that the store has just kept. shared: the socket's timer and the bot race for it.
  void put(Interaction deed, std::shared_ptr<Slip> slip);

  /// Ends after the deeds that are being dealt with; the others stay in the store.
  void stop() noexcept;

 private:
  struct Waiting {
    Interaction deed;
    std::shared_ptr<Slip> slip;  // shared: see put()
  };
  /// One thread and what waits for it.
  struct Lane {
    std::deque<Waiting> waiting;  // the store's limit bounds it
    std::thread thread;
  };
  Lane& lane_of(Haste haste) { return lanes_[haste == Haste::talk ? 0 : 1]; }
  void line_up(Waiting next);
  void run(Lane& lane);
  void deal_with(const Waiting& next) noexcept;

  Store& store_;
  Deliver deliver_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool started_ = false;
  bool stopping_ = false;
  std::array<Lane, 2> lanes_;  // last: their threads use all of the above
};

}  // namespace lockkeeper::slack
