// SPDX-License-Identifier: Apache-2.0
#pragma once

// The parts that sections.cpp puts together: one builder per section, spread over a few files by
// neighbourhood. Only for those files. Every builder makes a table of its own, so there is no order
// among them but the one in which sections.cpp shows them.

#include "config/settings.h"
#include "config/table.h"

namespace lockkeeper {

// For limits of durations that are below a second: settings.h has the units from seconds on. Every
// file that builds tables needs them.
using std::chrono_literals::operator""ms;

/// The way from the settings to one value, for the tables. Two steps, because every table names
/// its section once and then many members of it. It is walked on settings to be filled and on those
/// to be shown, so it works for both.
/// `in(&Settings::ssh)(&SshSettings::user)` leads from settings, const or not, to that value.
template <class Section>
auto in(Section Settings::* section) {
  return [section](auto Section::* member) {
    return [section, member](auto& settings) -> auto& { return settings.*section.*member; };
  };
}

// --- Builders, in the order of the shipped file's parts ---

// The cluster and what is done to it: cluster_sections.cpp.
// Each builder is documented by its table's help lines, and is called once, by settings_tables().
Table<Settings> cluster_table();
Table<Settings> kubernetes_table();
Table<Settings> ssh_table();
Table<Settings> upgrade_table();
Table<Settings> preflight_table();
Table<Settings> snapshot_table();
Table<Settings> postflight_table();

// Who is asked about alerts: source_sections.cpp.
Table<Settings> prometheus_table();
Table<PrometheusSettings> named_prometheus_table();
Table<Settings> alertmanager_table();
// What new versions there are, and what stands in their way: detection_sections.cpp.
Table<Settings> detection_table();
Table<Settings> compat_table();
Table<Settings> report_table();

// What is listened to, and who may speak: gate_sections.cpp. Part of [gate] fills the RuleBook.
Table<Settings> gate_table();
Table<Settings> pushgateway_table();
Table<Settings> http_table();
Table<Settings> authority_table();
// Where people are spoken to: slack_section.cpp.
Table<Settings> slack_table();
Table<Settings> journal_table();
Table<Settings> log_table();

}  // namespace lockkeeper
