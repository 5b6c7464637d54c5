// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether a rule is for an alert, key by key, and in words why it is not. The keys that look at one
// alert stand here; min_alerts, which looks at all of them, is counted in evaluate.h. Pure; any
// thread.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/rule.h"

namespace lockkeeper {

/// What vouches for an alert at this moment.
struct Sources {
  bool prometheus = false;
  bool webhook = false;
  bool alertmanager = false;

  [[nodiscard]] bool has(Source source) const;
};

/// What is known of one alert beside its labels. As it stands by default, nothing speaks against
/// any rule: firing, seen by Prometheus, and for long enough.
struct Evidence {
  bool pending = false;
  Sources sources{.prometheus = true};
  Millis seen = Millis::max();      // in its state, without a gap, by good polls
  Millis seen_any = Millis::max();  // the same, whether pending or firing
  bool preexisting = false;         // it fired when the run began
  std::string_view suppressed;      // "silenced by a1b2 (ana)", the caller's; empty: not
  const Rule* held_by = nullptr;    // the rule that has been holding the run for it
};

/// Where the run stands when the rules are asked.
struct Situation {
  struct Node {
    NodeStanding standing = NodeStanding::outside;
    Millis since_change{};  // how long it has had this standing
  };

  Phase phase = Phase::precheck;
  std::map<std::string, Node, std::less<>> nodes;  // a node that is absent stands outside
  std::optional<Time> wall{};                      // for windows and expiry; nothing: unknown
};

/// Whether the keys that no alert changes hold: phase, windows but for what they leave held,
/// expiry.
bool in_force(const Rule& rule, const Situation& situation);

/// Whether the rule's windows are closed, so that it only keeps what it holds (EndAction::pause).
bool outside_windows(const Rule& rule, const Situation& situation);

/// What the matchers of rules came to for one alert: labels and matchers stay the same, so what is
/// judged at every look is matched once. Belongs to one alert under one book; one thread.
class MatchMemo {
 public:
  /// any_match() of the rule that stands at `place` in its book.
  bool match(const Rule& rule, std::size_t place, const Labels& alert);

 private:
  enum class Known : std::uint8_t { unknown, no, yes };
  std::vector<Known> known_;  // by place
};

/// Whether everything but min_alerts holds for this alert. `closed` is outside_windows(), which is
/// the same for all alerts. With a memo, `place` is where the rule stands in its book.
bool applies(const Rule& rule, const Labels& alert, const Evidence& evidence,
             const Situation& situation, bool closed, MatchMemo* memo = nullptr,
             std::size_t place = 0);

/// The first key that does not hold, with what is the case instead; empty when all do.
std::string why_not(const Rule& rule, const Labels& alert, const Evidence& evidence,
                    const Situation& situation);

/// What keeps the rule as such from counting now, alerts aside: "expired at ...", "outside its
/// window ..."; "in force" when nothing does.
std::string force_text(const Rule& rule, const Situation& situation);

/// Whether the windows of a rule are open at any minute of the two weeks from `start`.
bool ever_open(const Rule& rule, Time start);

/// Whether any line of `match` matches.
bool any_match(const Rule& rule, const Labels& alert);

}  // namespace lockkeeper
