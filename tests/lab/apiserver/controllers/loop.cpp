// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/controllers/loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace lockkeeper::lab {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// So many reconciliations hold the mutex together; then requests get their turn.
constexpr int kBatch = 32;
// A mutex gives no turns: without a short absence the loop would take it again at once.
constexpr std::chrono::microseconds kAbsence{50};
constexpr milliseconds kTick{100};

}  // namespace

void Controller::mark(const Key& key, milliseconds delay) {
  loop_.mark(*this, key, delay);
}

void Controller::mark_owner(const Change& change, std::string_view kind) {
  for (const auto& state : {change.before, change.after}) {
    const Json* owner = state ? controller_of(state->body) : nullptr;
    if (owner != nullptr && text_at(*owner, "kind") == kind) {
      mark({change.key.ns, string_at(*owner, "name")});
    }
  }
}

Loop::Loop(Cluster& cluster) : cluster_(cluster) {
  cluster_.store.listen([this](const Change& change) {
    for (const auto& controller : controllers_)
      controller->observe(change);
  });
}

Loop::~Loop() {
  stop();
}

void Loop::add(std::unique_ptr<Controller> controller) {
  controllers_.push_back(std::move(controller));
}

void Loop::start() {
  thread_ = std::thread([this] { run(); });
}

void Loop::stop() {
  {
    const std::lock_guard lock(cluster_.mutex);
    stopping_ = true;
    stirred_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Loop::mark(Controller& controller, const Key& key, milliseconds delay) {
  const SteadyTime due = steady_clock::now() + delay;
  const auto [at, fresh] = marked_.try_emplace({&controller, key}, due);
  if (!fresh && at->second <= due) return;
  if (!fresh) queue_.erase({at->second, at->first});
  at->second = due;
  queue_.insert({due, at->first});
  if (queue_.begin()->first == due) stirred_.notify_one();
}

void Loop::post(milliseconds delay, std::function<void()> job) {
  const std::lock_guard lock(cluster_.mutex);
  jobs_.emplace(steady_clock::now() + delay, std::move(job));
  stirred_.notify_one();
}

bool Loop::work(SteadyTime now) {
  int done = 0;
  while (!queue_.empty() && queue_.begin()->first <= now && done < kBatch) {
    const Mark mark = queue_.begin()->second;
    queue_.erase(queue_.begin());
    marked_.erase(mark);
    try {
      mark.first->reconcile(mark.second);
    } catch (const std::exception& error) {
      // An object that nobody could have foreseen must not end the lab.
      fmt::print(stderr, "lab_apiserver: {}/{}: {}\n", mark.second.ns, mark.second.name,
                 error.what());
    }
    ++done;
  }
  return done > 0;
}

std::vector<std::function<void()>> Loop::due_jobs(SteadyTime now) {
  std::vector<std::function<void()>> due;
  const auto end = jobs_.upper_bound(now);
  for (auto at = jobs_.begin(); at != end; ++at)
    due.push_back(std::move(at->second));
  jobs_.erase(jobs_.begin(), end);
  return due;
}

SteadyTime Loop::next_wake(SteadyTime now) const {
  SteadyTime wake = now + kTick;
  if (!queue_.empty()) wake = std::min(wake, queue_.begin()->first);
  if (!jobs_.empty()) wake = std::min(wake, jobs_.begin()->first);
  return wake;
}

void Loop::run() {
  SteadyTime next_tick{};
  std::unique_lock lock(cluster_.mutex);
  while (!stopping_) {
    const SteadyTime now = steady_clock::now();
    if (now >= next_tick) {
      cluster_.watches.tick(now);
      next_tick = now + kTick;
    }
    const auto jobs = due_jobs(now);
    const bool busy = work(now) || !jobs.empty();
    if (!busy) {
      stirred_.wait_until(lock, next_wake(now));
      continue;
    }
    lock.unlock();
    for (const auto& job : jobs)
      job();
    std::this_thread::sleep_for(kAbsence);
    lock.lock();
  }
}

}  // namespace lockkeeper::lab
