// SPDX-License-Identifier: Apache-2.0
#pragma once

// A stretch of waiting at the gate: which rules caused it, since when, and what must be before it
// ends. It ends as a whole, when it has been quiet for the longest resume_after among its causes,
// each cause has lasted for its min_pause, and no cause is sticky any more. Owned by the gate,
// under its lock.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "bot/record.h"
#include "bot/time.h"

namespace lockkeeper {

class Hold {
 public:
  /// What a rule asks of a stretch of waiting that it causes.
  struct Terms {
    Millis quiet_needed{};  // resume_after
    Millis at_least{};      // min_pause
    bool sticky = false;    // a person must say that it may end
  };

  /// The rule holds now: quiet begins anew. The longest terms that it ever asked for count.
  void keep(const std::string& rule, const Terms& terms, Moment now);

  /// The rule's part in the waiting is over, whatever its terms were.
  void drop(std::string_view rule);

  /// The next stretch of quiet is not joined to the one before: there was a gap in sight.
  void interrupt() { last_quiet_.reset(); }

  /// A good poll in which nothing holds.
  void count_quiet(Moment now);

  /// A person says to go on: sticky causes become ordinary ones. Whether there was any.
  bool unstick();

  [[nodiscard]] bool over(Moment now) const;
  [[nodiscard]] bool empty() const { return causes_.empty(); }

  /// Since when the rule has held in this stretch; nothing when it has not.
  [[nodiscard]] std::optional<Moment> since(std::string_view rule) const;

  /// "quiet for 30s of 2m after storage", with what else is waited for.
  [[nodiscard]] std::string reason(Moment now) const;

  /// How long until it is worth asking again, if nothing happens.
  [[nodiscard]] Millis left(Moment now) const;

  /// What a restarted process must know, and back. Wall time tells how long ago it was; quiet is
  /// never remembered, and never shorter than `quiet_least`.
  void write(Notes& notes, Time now_wall, Moment now) const;
  void recall(const Notes& notes, Millis quiet_least, Time now_wall, Moment now);

 private:
  struct Cause {
    Moment since;
    Terms terms;
  };

  [[nodiscard]] Millis quiet_needed() const;
  [[nodiscard]] Millis min_pause_left(Moment now) const;
  [[nodiscard]] std::string sticky_names() const;

  std::map<std::string, Cause, std::less<>> causes_;
  Millis quiet_{};                    // good and clear polls only
  std::optional<Moment> last_quiet_;  // where the next stretch of quiet continues
};

/// Takes what is sticky out of a hold's notes: a person has said to go on since they were written.
void unstick(Notes& notes);

/// When something that happened at wall time `then` was, in this process's monotonic time; never
/// later than now, whatever the wall clock did in between.
Moment moment_of(std::string_view then, Time now_wall, Moment now);

}  // namespace lockkeeper
