// SPDX-License-Identifier: Apache-2.0
#pragma once

// What can be proven about matchers without an alert at hand: that one list covers another, or that
// a list can never match. Only proofs: "no" means that it could not be shown, so that a warning
// built on these functions is never wrong. Pure; any thread.

#include <string>
#include <string_view>

#include "rules/matcher.h"

namespace lockkeeper {

/// Whether every alert that `narrow` matches is matched by `wide`, too. Understands equality and
/// regular expressions made of words and of beginnings (`A|B|Kube.*`).
bool covers(const Matchers& wide, const Matchers& narrow);

/// The matchers of one label that exclude each other, as `a="x" and a="y"`; "" when none do.
std::string contradiction(const Matchers& matchers);

/// Whether a regular expression matches the empty text and nothing else, as "", "^$" and "()" do.
/// On an alert that is the same as the label being absent, which is seldom what was meant.
bool matches_only_empty(std::string_view pattern);

}  // namespace lockkeeper
