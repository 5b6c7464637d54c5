// SPDX-License-Identifier: Apache-2.0
#include "config/sections.h"

#include "config/section_builders.h"

namespace lockkeeper {

const std::vector<Table<Settings>>& settings_tables() {
  // The order of `check` and of the reference: the cluster, what is done to it, who is heard.
  static const std::vector<Table<Settings>> tables = {
      cluster_table(),      kubernetes_table(),  ssh_table(),        upgrade_table(),
      preflight_table(),    snapshot_table(),    postflight_table(), detection_table(),
      compat_table(),       report_table(),      gate_table(),       prometheus_table(),
      alertmanager_table(), pushgateway_table(), http_table(),       authority_table(),
      slack_table(),        journal_table(),     log_table(),
  };
  return tables;
}

const Table<PrometheusSettings>& further_prometheus_table() {
  static const Table<PrometheusSettings> table = named_prometheus_table();
  return table;
}

const Table<ClientSettings>& client_table() {
  static const Table<ClientSettings> table = [] {
    Table<ClientSettings> made{"client NAME",
                               "A program or person who sends commands over HTTP, as http:NAME.",
                               {},
                               {},
                               {}};
    made.secret(
        "token", [](ClientSettings& client) -> SecretSource& { return client.token; },
        [](const ClientSettings& client) { return &client.token; },
        "the bearer token that the client presents");
    return made;
  }();
  return table;
}

Settings default_settings() {
  Settings settings;
  // Late enough for most working days, early enough to be read in the morning (requirement D1).
  settings.detection.schedule = parse_cron("0 23 * * *").value();
  settings.detection.zone = std::make_shared<const Zone>();
  // Before the first cup of coffee (requirement D4).
  settings.report.schedule = parse_cron("7 6 * * *").value();
  settings.report.zone = std::make_shared<const Zone>();
  // What Prometheus' own rules call the alert that always fires.
  auto& book = settings.rules;
  book.fallback.name = "default_action";
  book.watchdog = {{"alertname", MatchOp::equal, "Watchdog", {}}};
  return settings;
}

}  // namespace lockkeeper
