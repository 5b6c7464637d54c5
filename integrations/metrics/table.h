// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every metric there is, declared once: its name, kind, help text and labels. A metric that a
// shipped alerting rule names must stand in this table, or the rule could never fire.
// Naming: https://prometheus.io/docs/practices/naming/

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace lockkeeper::metrics {

/// The lines of the table, in its order. The `k8s_` names are those that the alerting rules of the
/// reference cluster have always used.
enum class Metric {
  // The run.
  upgrade_in_flight,
  upgrade_started,
  upgrade_snapshot_taken,
  upgrade_blocked,
  upgrade_available,
  version_check_last_run,
  detection_due,
  detection_doubts,
  run_info,
  run_in_progress,
  nodes,
  node_phase_duration,
  last_run_ending,
  last_run_end,
  // The gate.
  gate_state,
  gate_decisions,
  gate_source_up,
  gate_last_success,
  alerts_active,
  pause_seconds,
  // What comes in and goes out.
  webhook_requests,
  webhook_alerts,
  webhook_truncated,
  webhook_repeats,
  push_failures,
  push_last_success,
  // The process.
  build_info,
  serving,
  config_last_reload_successful,
  // Slack.
  slack_connected,
  slack_reconnects,
  slack_envelopes,
  slack_duplicates,
  slack_ack_duration,
  slack_api_calls,
  slack_rate_limited,
  slack_outbox_messages,
  slack_outbox_oldest,
};

/// Counters only rise, gauges are set, histograms count durations by size.
enum class Kind { gauge, counter, histogram };

/// One line of the table.
struct Declaration {
  Metric metric;
  Kind kind = Kind::gauge;
  std::string_view name;
  std::string_view help;
  std::vector<std::string_view> labels{};
  /// Exported as 0 before it is first set. Not so for what has labels, and for timestamps: one of
  /// 1970 would look like a check that is half a century late.
  bool from_zero = true;
  /// Of a histogram, in seconds; none: those of the phases of a node.
  std::vector<double> bounds{};
};

/// In the order of the enumerators.
std::span<const Declaration> table();

}  // namespace lockkeeper::metrics
