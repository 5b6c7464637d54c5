// SPDX-License-Identifier: Apache-2.0
#pragma once

// A regular expression as Alertmanager matches with it: the RE2 language, anchored at both ends,
// linear in the length of the text. std::regex is not used: it is recursive and exponential.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/result.h"

namespace re2 {
class RE2;
}

namespace lockkeeper {

/// Compiled once, matched from any thread. The most frequent shapes in alert rules, `A|B|C` and
/// `Prefix.*`, are compared as text and never reach the automaton.
class Regex {
 public:
  /// The failure quotes RE2's own words. `\C` is refused: it splits characters, and Go's engine,
  /// which Prometheus and Alertmanager use, does not know it.
  static Result<Regex> compile(std::string_view pattern);

  /// Whether the whole of `text` matches. As in Alertmanager the pattern stands inside
  /// `^(?:` `)$`, and `.` does not match a newline.
  [[nodiscard]] bool matches(std::string_view text) const;

 private:
  enum class Shape { literals, prefix, automaton };

  Shape shape_ = Shape::automaton;
  std::vector<std::string> literals_;  // sorted; for Shape::prefix exactly one
  bool tail_may_be_empty_ = true;      // `Prefix.*` rather than `Prefix.+`
  // Shared because a matcher is a value that gets copied, and a compiled RE2 is immutable, not
  // copyable, and too large to compile once per copy.
  std::shared_ptr<const re2::RE2> automaton_;
};

}  // namespace lockkeeper
