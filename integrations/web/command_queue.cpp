// SPDX-License-Identifier: Apache-2.0
#include "integrations/web/command_queue.h"

namespace lockkeeper::web {

CommandQueue::CommandQueue() : thread_([this] { run(); }) {}

CommandQueue::~CommandQueue() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool CommandQueue::push(std::function<void()> job) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || jobs_.size() >= kJobsMax) return false;
  jobs_.push_back(std::move(job));
  changed_.notify_all();
  return true;
}

void CommandQueue::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    // Jobs that still wait are dropped: their clients get the server's own answer.
    if (stopping_) return;
    const auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    lock.lock();
  }
}

}  // namespace lockkeeper::web
