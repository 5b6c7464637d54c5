// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the runner is doing this second, in one line: the only thing about a run that status shows
// and the journal does not keep. Thread safe; the last line wins.

#include <mutex>
#include <string>
#include <string_view>

namespace lockkeeper {

class Activity {
 public:
  void set(std::string_view line) {
    const std::scoped_lock lock(mutex_);
    line_ = line;
  }
  [[nodiscard]] std::string line() const {
    const std::scoped_lock lock(mutex_);
    return line_;
  }

 private:
  mutable std::mutex mutex_;
  std::string line_ = "idle";
};

}  // namespace lockkeeper
