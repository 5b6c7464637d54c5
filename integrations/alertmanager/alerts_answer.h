// SPDX-License-Identifier: Apache-2.0
#pragma once

// Alertmanager's answer to GET /api/v2/alerts: every alert that it knows to fire, and what it holds
// back of them. Read as a stream of events. Functions for any thread.

#include <string>
#include <string_view>
#include <vector>

#include "rules/labels.h"
#include "rules/result.h"

namespace lockkeeper::alertmanager {

/// One alert. Muted by a time interval is not suppressed: that says when people are told, and
/// nothing about the alert.
struct KnownAlert {
  Labels labels;
  std::string fingerprint;
  std::vector<std::string> silenced_by;   // ids of silences
  std::vector<std::string> inhibited_by;  // fingerprints of alerts

  bool operator==(const KnownAlert&) const = default;
};

/// More alerts than this are a failure.
inline constexpr std::size_t kKnownAlertsMax = 100'000;

Result<std::vector<KnownAlert>> read_alerts_answer(std::string_view body);

}  // namespace lockkeeper::alertmanager
