// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/deeds.h"

#include <algorithm>
#include <utility>

#include "bot/command.h"
#include "integrations/slack/cards.h"
#include "integrations/slack/text.h"
#include "integrations/system/log.h"

namespace lockkeeper::slack {

namespace {

// Buttons that ask and change nothing.
constexpr std::array<std::string_view, 2> kAsking = {"run.why", "card.plan"};

// Verbs that change something and take no longer than the journal; a start reads the cluster first.
constexpr std::array<std::string_view, 5> kOrders = {"pause", "resume", "approve", "decline",
                                                     "withdraw"};

Haste haste_of_verb(std::string_view verb) {
  if (verb == "abort") return Haste::abort;
  return std::ranges::find(kOrders, verb) == kOrders.end() ? Haste::talk : Haste::order;
}

}  // namespace

Haste haste_of(const Interaction& deed) {
  if (deed.deed == Deed::slash) {
    const auto command = parse_command(typed(deed.text));
    return command ? haste_of_verb(command->verb->name) : Haste::talk;
  }
  if (deed.deed != Deed::press) return Haste::talk;
  if (std::ranges::find(kAsking, deed.action) != kAsking.end()) return Haste::talk;
  const auto card = card_order(deed.value);
  const bool aborts = deed.action == "run.abort" || (card && card->verb == "abort");
  return aborts ? Haste::abort : Haste::order;
}

Deeds::Deeds(Store& store, Deliver deliver) : store_(store), deliver_(std::move(deliver)) {}

void Deeds::start() {
  const std::lock_guard lock(mutex_);
  if (stopping_ || std::exchange(started_, true)) return;
  if (auto left = store_.waiting()) {
    // Acknowledged, or given up by Slack, long ago: their slips lead nowhere.
    for (auto& deed : *left) {
      auto slip = std::make_shared<Slip>(nullptr);
      slip->ack({});
      line_up({std::move(deed), std::move(slip)});
    }
  } else {
    system::log(system::Level::error, left.error().what);
  }
  for (Lane& lane : lanes_)
    lane.thread = std::thread([this, &lane] { run(lane); });
}

Deeds::~Deeds() {
  stop();
}

/// An abort goes before the other orders, and behind an earlier abort.
void Deeds::line_up(Waiting next) {
  const Haste haste = haste_of(next.deed);
  auto& waiting = lane_of(haste).waiting;
  auto at = waiting.end();
  if (haste == Haste::abort)
    at = std::ranges::find_if(
        waiting, [](const Waiting& one) { return haste_of(one.deed) != Haste::abort; });
  waiting.insert(at, std::move(next));
}

void Deeds::put(Interaction deed, std::shared_ptr<Slip> slip) {
  const std::lock_guard lock(mutex_);
  line_up({std::move(deed), std::move(slip)});
  changed_.notify_all();
}

void Deeds::stop() noexcept {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  for (Lane& lane : lanes_)
    if (lane.thread.joinable()) lane.thread.join();
}

void Deeds::run(Lane& lane) {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stopping_ || !lane.waiting.empty(); });
    if (stopping_) return;
    const Waiting next = std::move(lane.waiting.front());
    lane.waiting.pop_front();
    lock.unlock();
    deal_with(next);
    lock.lock();
  }
}

void Deeds::deal_with(const Waiting& next) noexcept {
  try {
    deliver_(next.deed, *next.slip);
    next.slip->ack({});
    if (auto done = store_.done(next.deed.envelope); !done)
      system::log(system::Level::warn, done.error().what);
  } catch (...) {
    system::log(system::Level::error, "what somebody did in Slack could not be dealt with");
  }
}

}  // namespace lockkeeper::slack
