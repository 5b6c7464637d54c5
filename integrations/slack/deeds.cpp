// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/deeds.h"

#include <utility>

#include "integrations/system/log.h"

namespace lockkeeper::slack {

Deeds::Deeds(Store& store, Deliver deliver) : store_(store), deliver_(std::move(deliver)) {}

void Deeds::start() {
  const std::lock_guard lock(mutex_);
  if (stopping_ || thread_.joinable()) return;
  if (auto left = store_.waiting()) {
    // Acknowledged, or given up by Slack, long ago: their slips lead nowhere.
    for (auto& deed : *left) {
      auto slip = std::make_shared<Slip>(nullptr);
      slip->ack({});
      waiting_.push_back({std::move(deed), std::move(slip)});
    }
  } else {
    system::log(system::Level::error, left.error().what);
  }
  thread_ = std::thread([this] { run(); });
}

Deeds::~Deeds() {
  stop();
}

void Deeds::put(Interaction deed, std::shared_ptr<Slip> slip) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back({std::move(deed), std::move(slip)});
  changed_.notify_all();
}

void Deeds::stop() noexcept {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Deeds::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    const Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
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
