// SPDX-License-Identifier: Apache-2.0
#pragma once

// How long the API server has been away, told from the outside; for loops that must survive its
// replacement without mistaking an outage for progress, nor counting it as time that they had. A
// value for one thread.

#include <optional>
#include <string>

#include "bot/time.h"

namespace lockkeeper::kubernetes {

class Outage {
 public:
  /// A sign that the server is away; `what` is kept for the report.
  void sign(Moment now, const std::string& what) {
    if (!since_) since_ = now;
    what_ = what;
  }

  /// It answers again.
  void over(Moment now) {
    if (since_) total_ += now - *since_;
    since_.reset();
  }

  [[nodiscard]] bool on() const { return since_.has_value(); }
  [[nodiscard]] Millis lasting(Moment now) const { return since_ ? now - *since_ : Millis{0}; }
  /// All outages together, the present one included.
  [[nodiscard]] Millis total(Moment now) const { return total_ + lasting(now); }
  [[nodiscard]] const std::string& what() const { return what_; }

 private:
  std::optional<Moment> since_;
  Millis total_{};
  std::string what_;
};

}  // namespace lockkeeper::kubernetes
