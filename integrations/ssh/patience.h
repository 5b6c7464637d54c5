// SPDX-License-Identifier: Apache-2.0
#pragma once

// How long something on the network may take, and who may cut it short. Every wait of this folder
// goes through one of these, so every wait is bounded. Used by one thread.

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "bot/ports.h"

namespace lockkeeper::ssh {

/// Asked several times a second while something is waited for; true ends the wait.
using Cancelled = std::function<bool()>;

class Patience {
 public:
  /// The clock must outlive it.
  Patience(const Clock& clock, Millis limit, Cancelled cancelled)
      : clock_(&clock),
        limit_(limit),
        until_(clock.moment() + limit),
        cancelled_(std::move(cancelled)) {}

  [[nodiscard]] bool cancelled() const { return cancelled_ && cancelled_(); }
  [[nodiscard]] bool over() const { return clock_->moment() >= until_ || cancelled(); }

  /// For poll(2), in milliseconds: short, so that a cancelled wait ends soon.
  [[nodiscard]] int slice() const {
    return static_cast<int>(std::clamp(left(), Millis(0), kSlice).count());
  }
  [[nodiscard]] Millis left() const { return until_ - clock_->moment(); }

  /// Why it is over, as the end of a sentence: "within 10s" or "cancelled".
  [[nodiscard]] std::string reason() const {
    return cancelled() ? "cancelled" : "no end within " + to_string(limit_);
  }

 private:
  static constexpr Millis kSlice{100};

  const Clock* clock_;
  Millis limit_;
  Moment until_;
  Cancelled cancelled_;
};

}  // namespace lockkeeper::ssh
