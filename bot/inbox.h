// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where orders wait for the runner: records that the desk has already made durable, in journal
// order. Bounded; thread safe. The desk puts, the runner takes; after a restart the journal itself
// brings them, so losing this queue loses nothing.

#include <atomic>
#include <cstddef>
#include <mutex>
#include <vector>

#include "bot/record.h"

namespace lockkeeper {

class Inbox {
 public:
  /// Whether there is room for one more; the desk asks before it writes the journal.
  [[nodiscard]] bool room() const;

  /// Adds a durable record. Beyond the limit it is dropped here (never from the journal).
  void put(Record record);

  [[nodiscard]] bool empty() const;

  /// Everything that waits, in order.
  std::vector<Record> take();

  /// The process is to end; stays so.
  void leave() { leaving_ = true; }
  [[nodiscard]] bool leaving() const { return leaving_; }

 private:
  mutable std::mutex mutex_;
  std::vector<Record> records_;
  std::atomic<bool> leaving_ = false;
};

}  // namespace lockkeeper
