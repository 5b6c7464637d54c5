// SPDX-License-Identifier: Apache-2.0
#pragma once

// The parts that sections.cpp puts together: one builder per section, spread over a few files by
// neighbourhood. Only for those files.

#include "config/settings.h"
#include "config/table.h"

namespace lockkeeper {

// For the limits of durations below a second.
using std::chrono_literals::operator""ms;

/// The way from the settings to one value, for the tables: it is walked on settings to be filled
/// and on those to be shown, so it must work for both.
/// `in(&Settings::ssh)(&SshSettings::user)` leads from settings, const or not, to that value.
template <class Section>
auto in(Section Settings::* section) {
  return [section](auto Section::* member) {
    return [section, member](auto& settings) -> auto& { return settings.*section.*member; };
  };
}

// The cluster and what is done to it: cluster_sections.cpp.
Table<Settings> cluster_table();
Table<Settings> kubernetes_table();
Table<Settings> ssh_table();
Table<Settings> upgrade_table();
Table<Settings> preflight_table();
Table<Settings> snapshot_table();
Table<Settings> postflight_table();

// What is listened to, and who may speak: gate_sections.cpp. Part of [gate] fills the RuleBook.
Table<Settings> gate_table();
Table<Settings> prometheus_table();
Table<Settings> pushgateway_table();
Table<Settings> http_table();
Table<Settings> authority_table();
Table<Settings> journal_table();
Table<Settings> log_table();

}  // namespace lockkeeper
