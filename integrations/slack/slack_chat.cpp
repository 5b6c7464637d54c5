// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/slack_chat.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "bot/detector.h"
#include "bot/messages.h"
#include "integrations/slack/text.h"

namespace lockkeeper::slack {
namespace {

constexpr std::size_t kWaitingMax = 500;
constexpr std::size_t kDetailsMax = 15;  // of one reply
constexpr std::size_t kDetailMax = 400;  // letters of one of them

Urgency urgency_of(Tone tone) {
  switch (tone) {
    case Tone::detail:
      return Urgency::progress;
    case Tone::news:
      return Urgency::news;
    case Tone::needs_you:
      return Urgency::approval;
    case Tone::trouble:
      return Urgency::alarm;
  }
  return Urgency::news;
}

bool calls_for_eyes(RunState state) {
  return state != RunState::running;
}

}  // namespace

SlackChat::SlackChat(Ports ports, Outbox& outbox, const Clock& clock, std::string command)
    : ports_(std::move(ports)), outbox_(outbox), clock_(clock), command_(std::move(command)) {}

void SlackChat::say(Message message) noexcept {
  try {
    message.text = naming(message.text, command_);
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kWaitingMax) {
      const auto detail = std::ranges::find(waiting_, Tone::detail, &Message::tone);
      waiting_.erase(detail == waiting_.end() ? waiting_.begin() : detail);
    }
    waiting_.push_back(std::move(message));
  } catch (...) {
    // What cannot be said must not stop a run.
  }
}

void SlackChat::show_again() noexcept {
  const std::lock_guard lock(mutex_);
  again_ = true;
}

void SlackChat::look() noexcept {
  try {
    look_anew(false);
  } catch (...) {
    // As in say().
  }
}

void SlackChat::finish() noexcept {
  try {
    look_anew(true);
  } catch (...) {
    // As in say().
  }
}

void SlackChat::look_anew(bool last) {
  if (!std::exchange(begun_, true)) take_up();
  std::deque<Message> said;
  {
    const std::lock_guard lock(mutex_);
    said.swap(waiting_);
    if (std::exchange(again_, false)) shown_.reset();
  }
  // The message first, so that there is a thread.
  if (const auto open = ports_.open_run()) show(*open);
  for (const auto& message : said)
    speak(message);
  tell_details(last);
}

/// Runs that ended in the moment in which the process was killed: their messages have buttons yet.
void SlackChat::take_up() {
  const auto newest = ports_.newest_runs(kTakeUpMax);
  for (const auto& run : newest | std::views::reverse)
    take_up(run, run == newest.front());
}

void SlackChat::take_up(const std::string& run, bool newest) {
  const bool ended = outbox_.where(end_name(run)).has_value();
  if (ended && outbox_.knows(file_name(run)) && outbox_.knows(picture_name(run))) return;
  const auto picture = ports_.run(run);
  if (!picture || !picture->progress.closed) return;
  const Progress& progress = picture->progress;
  const bool seen = outbox_.where(run_name(run)).has_value();
  if ((ended || !seen) && clock_.now() - progress.closed_at >= kTakeUpWithin) return;
  // It may be a quiet repetition of the one before; only of the newest is that known.
  const bool quiet = progress.closed->ending == Ending::refused &&
                     progress.opened_by == kDetectionActor && (!newest || ports_.hides(run));
  if (!seen && quiet) return;
  if (ended) {
    // Its last state is sent before the files; it may have been lost as they were.
    outbox_.update(run_name(run), run_layout(*picture), Urgency::alarm);
    return attach_timeline(*picture);
  }
  // Of a run that is done the proofs are gone, and with them the text that needs them.
  if (progress.closed->ending == Ending::done)
    return close(*picture, run_layout(*picture).text, Urgency::approval);
  const Message last = messages::closed(progress);
  close(*picture, escaped(naming(last.text, command_)), urgency_of(last.tone));
}

/// The message without buttons, the last reply in the thread, the timeline as a picture and a text.
void SlackChat::close(const RunPicture& picture, std::string text, Urgency urgency) {
  const std::string& run = picture.progress.run;
  // It may have ended before the first look, which has taken it up.
  if (std::ranges::find(closed_, run) != closed_.end()) return;
  if (closed_.size() >= kTakeUpMax) closed_.erase(closed_.begin());
  closed_.push_back(run);
  outbox_.update(run_name(run), run_layout(picture), Urgency::alarm);
  run_.clear();
  shown_.reset();
  Note note;
  note.name = end_name(run);
  note.thread_of = run_name(run);
  note.broadcast = true;
  note.urgency = urgency;
  note.layout = {std::move(text), ""};
  outbox_.post(std::move(note));
  attach_timeline(picture);
}

/// What an earlier process may have attached stays as it is.
void SlackChat::attach_timeline(const RunPicture& picture) {
  const std::string& run = picture.progress.run;
  const bool drawn_before = outbox_.knows(picture_name(run));
  if (auto drawn = ports_.timeline && !drawn_before ? ports_.timeline(run) : std::nullopt) {
    outbox_.upload({.name = picture_name(run),
                    .thread_of = run_name(run),
                    .channel = {},
                    .file_name = std::move(drawn->file_name),
                    .title = "Timeline of " + run,
                    .content = std::move(drawn->content),
                    .urgency = Urgency::news});
  }
  if (outbox_.knows(file_name(run))) return;
  outbox_.upload({.name = file_name(run),
                  .thread_of = run_name(run),
                  .channel = {},
                  .file_name = run + ".txt",
                  .title = "Timeline of " + run,
                  .content = messages::timeline(picture.progress) + "\n",
                  .urgency = Urgency::news});
}

void SlackChat::show(const RunPicture& picture) {
  const Progress& progress = picture.progress;
  const bool other = std::exchange(run_, progress.run) != progress.run;
  const RunState state = state_of(progress);
  if (other) {
    shown_.reset();
    state_.reset();
    announce_ = false;
  }
  const bool changed = state_ != state;
  if (changed && state_) announce_ = calls_for_eyes(state);
  state_ = state;
  Layout layout = run_layout(picture);
  if (shown_ == layout) return;
  shown_ = layout;
  const auto urgency = !changed                     ? Urgency::progress
                       : state == RunState::running ? Urgency::news
                                                    : Urgency::alarm;
  if (!other) {
    outbox_.update(run_name(progress.run), std::move(layout), urgency);
    return;
  }
  // Under its name: one that an earlier process has posted is edited.
  Note note;
  note.name = run_name(progress.run);
  note.urgency = Urgency::approval;
  note.layout = std::move(layout);
  outbox_.post(std::move(note));
}

void SlackChat::reply(const std::string& run, std::string text, bool broadcast, Urgency urgency) {
  Note note;
  note.thread_of = run_name(run);
  note.broadcast = broadcast;
  note.urgency = urgency;
  note.layout = {std::move(text), ""};
  outbox_.post(std::move(note));
}

void SlackChat::speak(const Message& message) {
  if (message.run.empty()) {
    Note note;
    note.urgency = urgency_of(message.tone);
    note.layout = {escaped(message.text), ""};
    outbox_.post(std::move(note));
    return;
  }
  if (message.tone == Tone::detail && message.ending.empty()) {
    if (details_run_ != message.run) tell_details(true);
    if (details_.empty()) details_since_ = clock_.moment();
    details_run_ = message.run;
    details_.push_back(cut(escaped(message.text), kDetailMax));
    if (details_.size() >= kDetailsMax) tell_details(true);
    return;
  }
  // In order: what led to it stands before it.
  tell_details(true);
  const auto urgency = urgency_of(message.tone);
  const bool ends = !message.ending.empty();
  if (ends || message.run != run_) {
    // One that has come and gone between two looks has its message, too.
    const auto picture = ports_.run(message.run);
    if (picture && message.run != run_) show(*picture);
    if (picture && ends) return close(*picture, escaped(message.text), urgency);
  }
  const bool loud = message.tone > Tone::news || std::exchange(announce_, false);
  reply(message.run, escaped(message.text), loud, urgency);
}

void SlackChat::tell_details(bool now) {
  if (details_.empty()) return;
  if (!now && clock_.moment() - details_since_ < kDetailsWait) return;
  std::string text;
  for (const auto& detail : std::exchange(details_, {}))
    text += (text.empty() ? "" : "\n") + detail;
  reply(details_run_, std::move(text), false, Urgency::progress);
}

}  // namespace lockkeeper::slack
