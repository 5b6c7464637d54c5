// SPDX-License-Identifier: Apache-2.0
#pragma once

// Commands take as long as the reads that they need, and the web server's thread must not wait for
// them: they are handled one at a time on a thread of their own. A short queue stands before it,
// because nobody types faster than commands are answered.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace lockkeeper::web {

/// Owned by the site.
class CommandQueue {
 public:
  CommandQueue();

  /// Finishes the job that is under way, drops the rest, and joins.
  ~CommandQueue();
  CommandQueue(const CommandQueue&) = delete;
  CommandQueue& operator=(const CommandQueue&) = delete;

  /// False when the queue is full. A job must not throw.
  bool push(std::function<void()> job);

  static constexpr std::size_t kJobsMax = 16;

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace lockkeeper::web
