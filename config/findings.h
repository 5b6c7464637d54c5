// SPDX-License-Identifier: Apache-2.0
#pragma once

// What can be told about a configuration by looking at this machine alone: files that are missing
// or unreadable, secrets that everybody may read, settings that are allowed and dangerous. No
// network, no cluster, nothing is changed. Called from the main thread.

#include <optional>
#include <string>
#include <vector>

#include "config/secret.h"
#include "config/settings.h"

namespace lockkeeper {

struct ConfigFinding {
  bool blocking = false;  // a run could not work like this; otherwise a warning
  std::string what;       // one line that names the key, the reason and the way to mend it

  bool operator==(const ConfigFinding&) const = default;
};

/// The blocking ones first, each group in the order of the sections. `now` is wall time, for rules
/// that have expired or whose windows are never open; without it these are not looked for.
///
/// An expired rule is a warning and not an error: the process must be able to come back in the
/// middle of a run, and a date may not keep it away. The rule is as if it were not there, so what
/// it ignored counts again.
std::vector<ConfigFinding> findings(const Settings& settings, std::optional<Time> now = {});

/// "file /etc/lockkeeper/token (readable, 43 bytes, mode 0600)", or why it cannot be read. The
/// value is read and dropped; only its length is told.
std::string secret_state(const SecretSource& source);

}  // namespace lockkeeper
