// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a configuration that was read again changes, in the words of its own keys, and which of it a
// running process takes over: the rules, and how [gate] weighs what they say. Everything else is
// built into threads and connections, and waits for the next start. Pure; any thread. Secrets are
// told by their source, never by value.

#include <string>
#include <vector>

#include "config/settings.h"

namespace lockkeeper {

struct Difference {
  std::vector<std::string> now;    // "rule storage: resume_after 2m -> 5m", taken over at once
  std::vector<std::string> later;  // "[http] port 8099 -> 8100", not before the next start

  [[nodiscard]] bool none() const { return now.empty() && later.empty(); }
};

/// What differs between the settings in force and those that were just read.
Difference difference(const Settings& in_force, const Settings& read);

/// The settings in force with what the running process takes over of those that were read: the
/// rules, and of [gate] default_action, on_blind, blind_after, resume_after, confirm_within,
/// webhook_ttl and honor_silences. What makes an alert the same alert (external_labels,
/// ignore_labels) and the Watchdog stay as they are: what has been seen so far was seen with them.
Settings reloaded(const Settings& in_force, const Settings& read);

/// "3fa9c01e": equal for equal rules in equal order, wherever they stand. The journal carries it.
std::string digest(const RuleBook& book);

/// The same for everything that can be configured, whichever file it stands in: equal when
/// difference() finds nothing.
std::string digest(const Settings& settings);

}  // namespace lockkeeper
