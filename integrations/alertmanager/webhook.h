// SPDX-License-Identifier: Apache-2.0
#pragma once

// What Alertmanager posts, read into values. Only the status of each single alert counts: the one
// on top is computed over a list that may have been cut, and has been seen to say "resolved" while
// two alerts of the group were firing. A message is a hint, never the state of the world: it may be
// late, repeated, or never come. Functions for any thread.
// Contract: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rules/labels.h"
#include "rules/result.h"

namespace lockkeeper::alertmanager {

/// The same for every copy of one event of one alert: its labels, status, start and end. Only good
/// for comparing within one process.
using EventId = std::uint64_t;

struct FiringAlert {
  Labels labels;
  EventId event = 0;
  std::string summary;      // annotation, cut to 256 bytes
  std::string runbook_url;  // annotation, cut to 512 bytes
};

/// One message.
struct Notification {
  std::vector<FiringAlert> firing;
  std::vector<EventId> resolved;
  /// Alerts of the group that are not in here: cut by Alertmanager's `max_alerts`, or by `read`'s
  /// own limit. Anything may be firing among them.
  std::size_t truncated = 0;
};

/// The events of all alerts in it, firing and resolved.
std::vector<EventId> events_of(const Notification& notification);

/// The labels of its firing alerts, moved out of it: what a gate wants to know.
std::vector<Labels> labels_of(Notification&& notification);

/// More alerts than this in one message are counted as truncated. A group of ten thousand is a
/// message of 2.8 MB.
inline constexpr std::size_t kAlertsMax = 20'000;

/// Reads the body of a webhook, version "4". Members that it does not know are ignored, as the
/// contract demands. The failure is one short line without the sender's words, fit for an answer
/// that Alertmanager copies into its log.
Result<Notification> read_webhook(std::string_view body);

}  // namespace lockkeeper::alertmanager
