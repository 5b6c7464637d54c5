// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the bot says in a Slack channel: one message for each run, edited in place from its start to
// its end; everything else about it in the thread, details in batches. The channel sees of a thread
// only what changes the run's state: paused, needs a person, trouble, the end. What belongs to no
// run is a message of its own.
//
// The runner speaks and goes on; look() does the rest, on one thread, about once a second. A
// message that a killed process has left behind is taken up by its name.

#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "bot/ports.h"
#include "integrations/slack/outbox.h"
#include "integrations/slack/report_file.h"
#include "integrations/slack/run_message.h"

namespace lockkeeper::slack {

/// Details wait this long for others to share a reply with.
inline constexpr Millis kDetailsWait{10'000};
/// So many runs may have ended while nobody could say so, and be told of after a restart; one that
/// the channel has not seen at all only when it has ended within this time.
inline constexpr int kTakeUpMax = 50;
inline constexpr Millis kTakeUpWithin{3'600'000};

class SlackChat : public Chat {
 public:
  struct Ports {
    std::function<std::optional<RunPicture>()> open_run;  // nothing: none is open
    std::function<std::optional<RunPicture>(const std::string& run)> run;
    std::function<std::vector<std::string>(int count)> newest_runs;  // the newest first
    std::function<bool(const std::string& run)> hides;  // nobody is to hear of the newest run
    // Of a run that has ended. May take seconds: it is asked on the looking thread.
    std::function<std::optional<RunFile>(const std::string& run)> timeline{};
  };

  /// Everything outlives the chat. The outbox's message names keep a run to one message. `command`:
  /// what people type here, "/upgrade".
  SlackChat(Ports ports, Outbox& outbox, const Clock& clock, std::string command);

  /// Any thread.
  void say(Message message) noexcept override;
  void show_again() noexcept;

  /// Says what waits, and brings the open run's message up to date. Must not be called by two
  /// threads at a time.
  void look() noexcept;

  /// Also what waits for others: the process ends.
  void finish() noexcept;

 private:
  void take_up();
  void take_up(const std::string& run, bool newest);
  void look_anew(bool last);
  void speak(const Message& message);
  void show(const RunPicture& picture);
  void close(const RunPicture& picture, std::string text, Urgency urgency);
  void attach_timeline(const RunPicture& picture);
  void tell_details(bool now);
  void reply(const std::string& run, std::string text, bool broadcast, Urgency urgency);

  Ports ports_;
  Outbox& outbox_;
  const Clock& clock_;
  std::string command_;

  std::mutex mutex_;
  std::deque<Message> waiting_;  // bounded; the oldest details go first
  bool again_ = false;

  // Of the looking thread.
  bool begun_ = false;
  std::vector<std::string> closed_;  // the newest whose end has been said
  std::string run_;                  // whose message is kept up to date
  std::optional<RunState> state_;    // as the message shows it
  std::optional<Layout> shown_;
  bool announce_ = false;  // the next news tells of a change of state
  std::vector<std::string> details_;
  std::string details_run_;
  Moment details_since_{};
};

}  // namespace lockkeeper::slack
