// SPDX-License-Identifier: Apache-2.0
#pragma once

// A second look at rules that load: what is allowed and still cannot be meant. Only what can be
// proven is said. Pure; any thread.

#include <string>
#include <vector>

#include "rules/rule.h"

namespace lockkeeper::replay {

struct RuleRemark {
  const Rule* rule = nullptr;  // in the book that was given
  std::string what;            // one line: "rule disk: ..."
};

/// In the order of the book:
///
///   a rule, or a match line of it, that never decides because earlier rules cover it;
///   a rule that is a copy of an earlier one;
///   a match line whose matchers exclude each other;
///   a regular expression that matches the empty text only.
///
/// Covering takes equal or weaker matchers, all phases, and the same or a wider node scope; a key
/// of the language that is not known here must be absent from the earlier rule, or be the same.
std::vector<RuleRemark> review(const RuleBook& book);

}  // namespace lockkeeper::replay
