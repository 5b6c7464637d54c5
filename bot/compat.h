// SPDX-License-Identifier: Apache-2.0
#pragma once

// The compatibility gate (requirement D3): whether what runs in a cluster works with the next minor
// version of Kubernetes. Only minor jumps are judged: a patch removes nothing, and data that lag
// behind would hold it up for no reason. Pure; what could not be read is `unknown`, which blocks.

#include <string>
#include <string_view>
#include <vector>

#include "bot/compat_facts.h"
#include "bot/facts.h"
#include "config/settings.h"

namespace lockkeeper {

/// From harmless to worst.
enum class CompatAnswer {
  ok,       ///< works, or a person said so
  warn,     ///< works, and somebody should know
  waiting,  ///< no version that is known supports it yet; there is nothing to do but wait
  unknown,  ///< it cannot be told, and the row says why
  blocked,  ///< does not work, and the row says how to clear it
};

/// One thing that was judged.
struct CompatRow {
  CompatAnswer answer = CompatAnswer::ok;
  std::string subject;     // "calico", "containerd", "api batch/v1beta1/cronjobs": for overrides
  std::string current;     // "3.26.1"
  std::string required;    // "3.30 or newer", or empty
  std::string words;       // the sentence for people
  std::string clear;       // how to clear it, or empty
  std::string overridden;  // the person's reason, where an override made it ok
};

struct CompatReport {
  bool minor_jump = false;  // else nothing was judged and nothing blocks
  Minor target;
  Time updated{};               // of the data
  Millis age{};                 // of the data, at the time of the look
  std::vector<CompatRow> rows;  // the worst first

  [[nodiscard]] bool blocks() const;
  /// The worst of all rows.
  [[nodiscard]] CompatAnswer answer() const;
};

/// Judges going to `target`. Control planes whose containerd is older than `goal` count with that
/// one, to which a run brings them first (empty: they stay as they are). A row that an override of
/// the settings names is ok, and says so.
CompatReport judge_compat(const CompatFacts& facts, const ClusterFacts& cluster, Minor target,
                          const std::string& goal, const CompatSettings& settings, Time now);

std::string_view to_string(CompatAnswer answer);

/// "calico: 3.26.1 is tested up to 1.28; to clear: ...".
std::string row_text(const CompatRow& row);

/// The table, with the age of the data in its first line.
std::string compat_text(const CompatReport& report);

/// The same as JSON, for programs.
std::string compat_json(const CompatReport& report);

/// "calico 3.26.1 -> 3.30 or newer": what stands in the way, in a few words; empty when nothing.
std::string blocks_in_short(const CompatReport& report);

}  // namespace lockkeeper
