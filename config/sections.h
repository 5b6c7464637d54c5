// SPDX-License-Identifier: Apache-2.0
#pragma once

// The tables of all sections: every key that a configuration can have, in the order of the shipped
// file. Built at first use, then only read; any thread.

#include <string_view>
#include <vector>

#include "config/settings.h"
#include "config/table.h"

namespace lockkeeper {

/// The sections that stand once, from [cluster] to [log].
const std::vector<Table<Settings>>& settings_tables();

/// [prometheus NAME].
const Table<PrometheusSettings>& further_prometheus_table();

/// [client NAME].
const Table<ClientSettings>& client_table();

/// [override NAME].
const Table<CompatOverride>& override_table();

/// [rule NAME].
const Table<Rule>& rule_table();

/// [window NAME].
const Table<Window>& window_table();

/// What a file that sets nothing means, before the values that follow from others.
Settings default_settings();

}  // namespace lockkeeper
