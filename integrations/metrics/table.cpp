// SPDX-License-Identifier: Apache-2.0
#include "integrations/metrics/table.h"

#include <vector>

namespace lockkeeper::metrics {
namespace {

using enum Kind;

// Labels have few values by design, or stand for what operators write: rules, not alerts or pods.
const std::vector<Declaration> kTable = {
    {Metric::upgrade_in_flight, gauge, "k8s_upgrade_in_flight", "1 while an upgrade run is open."},
    {Metric::upgrade_started, gauge, "k8s_upgrade_started_timestamp",
     "When the open run was started, in seconds since 1970; 0 when none is open."},
    {Metric::upgrade_snapshot_taken, gauge, "k8s_upgrade_snapshot_taken",
     "1 once the open run has a verified etcd snapshot."},
    {Metric::upgrade_blocked, gauge, "k8s_upgrade_blocked",
     "1 while an upgrade is blocked by preflight or compatibility."},
    {Metric::upgrade_available,
     gauge,
     "k8s_upgrade_available",
     "1 for each version that the cluster could be upgraded to.",
     {"kind", "running", "target"}},
    {Metric::version_check_last_run,
     gauge,
     "k8s_version_check_last_run_timestamp",
     "When available versions were last looked up, in seconds since 1970.",
     {},
     false},
    {Metric::run_info,
     gauge,
     "lockkeeper_run_info",
     "Always 1; its labels describe the newest run.",
     {"run", "target"}},
    {Metric::run_in_progress, gauge, "lockkeeper_run_in_progress",
     "1 while a run is open and neither held nor waiting."},
    {Metric::nodes, gauge, "lockkeeper_nodes", "Nodes of the newest run by state.", {"state"}},
    {Metric::node_phase_duration,
     histogram,
     "lockkeeper_node_phase_duration_seconds",
     "How long one phase of one node took.",
     {"phase"}},
    {Metric::gate_state,
     gauge,
     "lockkeeper_gate_state",
     "1 for the gate's present state, 0 for the others.",
     {"state"}},
    {Metric::gate_decisions,
     counter,
     "lockkeeper_gate_decisions_total",
     "Verdicts that an alert brought about, by rule.",
     {"action", "rule"}},
    {Metric::gate_source_up,
     gauge,
     "lockkeeper_gate_source_up",
     "Whether the last look at a source of alerts was good.",
     {"source"}},
    {Metric::gate_last_success,
     gauge,
     "lockkeeper_gate_last_success_timestamp_seconds",
     "When a source of alerts last gave a good answer, in seconds since 1970.",
     {"source"}},
    {Metric::alerts_active,
     gauge,
     "lockkeeper_alerts_active",
     "Firing alerts by the rule that they fall under.",
     {"action", "rule"}},
    {Metric::pause_seconds,
     counter,
     "lockkeeper_pause_seconds_total",
     "Time that runs have waited, by the rule that held them.",
     {"rule"}},
    {Metric::webhook_requests,
     counter,
     "lockkeeper_webhook_requests_total",
     "Webhooks by the HTTP status of their answer.",
     {"code"}},
    {Metric::webhook_alerts,
     counter,
     "lockkeeper_webhook_alerts_total",
     "Alerts received in webhooks by their status.",
     {"status"}},
    {Metric::webhook_truncated, counter, "lockkeeper_webhook_truncated_total",
     "Alerts that webhooks left out."},
    {Metric::webhook_repeats, counter, "lockkeeper_webhook_repeats_total",
     "Alerts in webhooks that had just been received."},
    {Metric::push_failures, counter, "lockkeeper_push_failures_total",
     "Pushes to the Pushgateway that failed."},
    {Metric::build_info,
     gauge,
     "lockkeeper_build_info",
     "Always 1; its labels describe this program.",
     {"version"}},
    {Metric::config_last_reload_successful, gauge, "lockkeeper_config_last_reload_successful",
     "Whether the configuration was valid when it was last read."},
};

}  // namespace

std::span<const Declaration> table() {
  return kTable;
}

}  // namespace lockkeeper::metrics
