// SPDX-License-Identifier: Apache-2.0
#pragma once

// A stretch of waiting at the gate: which rules caused it, since when, and what must be before it
// ends. It ends as a whole, when it has been quiet for the longest resume_after among its causes,
// each cause has lasted for its min_pause, and no cause is sticky any more. Owned by the gate,
// under its lock.

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

  /// These rules' part in the waiting is over, whatever their terms were. What has been quiet for
  /// long enough by itself was only kept up by them, and goes with them.
  void drop(std::span<const std::string_view> rules, Moment now);

  /// The rules have been changed: each cause goes on under what `terms` gives for its rule, which
  /// may be less than what it was before.
  void revise(const std::function<Terms(const std::string& rule)>& terms);

  /// The next stretch of quiet is not joined to the one before: there was a gap in sight.
  void interrupt();

  /// A good poll. `all_quiet`: nothing holds in it; else at least what did not hold was quiet.
  void polled(bool all_quiet, Moment now);

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
  /// Good polls in which something did not hold, and where the next stretch of them continues.
  struct Quiet {
    Millis lasted{};
    std::optional<Moment> last;
    void count(Moment now);
  };
  struct Cause {
    Moment since;
    Terms terms;
    Moment held_at;  // newest
    Quiet quiet;     // of this rule alone
    [[nodiscard]] bool settled(Moment now) const;
  };

  [[nodiscard]] Millis quiet_needed() const;
  [[nodiscard]] Millis min_pause_left(Moment now) const;
  [[nodiscard]] std::string sticky_names() const;

  std::map<std::string, Cause, std::less<>> causes_;
  Quiet quiet_;  // of everything together
};

/// The rules that cause a hold, out of its notes; "blindness" may be among them.
std::vector<std::string> holding_rules(const Notes& notes);

/// Takes what is sticky out of a hold's notes: a person has said to go on since they were written.
void unstick(Notes& notes);

/// When something that happened at wall time `then` was, in this process's monotonic time; never
/// later than now, whatever the wall clock did in between.
Moment moment_of(std::string_view then, Time now_wall, Moment now);

}  // namespace lockkeeper
