// SPDX-License-Identifier: Apache-2.0

// The sections about who is asked which alerts fire.

#include "config/section_builders.h"

namespace lockkeeper {
namespace {

constexpr std::int64_t kGibibyte = 1LL << 30;

/// Whom to trust and how long to wait, the same for everybody who is asked over HTTP. `find` leads
/// from the target of the table to its section.
template <class T, class Find>
void add_access(Table<T>& table, const Find& find, std::string_view larger) {
  const auto source = [find](auto& target) -> auto& { return find(target).bearer_token; };
  table.secret(
      "bearer_token", source, [source](const T& target) { return &source(target); },
      "the bearer token that it asks for");
  table
      .key(
          "ca_file", [find](auto& target) -> auto& { return find(target).ca_file; }, path_value(),
          "the authority of its certificate", "those of the system")
      .key(
          "timeout", [find](auto& target) -> auto& { return find(target).timeout; },
          duration_value(100ms, 10min), "for one question")
      .key(
          "body_max", [find](auto& target) -> auto& { return find(target).body_max; },
          size_value(1024, 4 * kGibibyte), larger);
}

/// What [prometheus] and [prometheus NAME] have in common, which is everything.
template <class T, class Find>
void add_prometheus(Table<T>& table, const Find& find) {
  table.key(
      "url", [find](auto& target) -> auto& { return find(target).url; }, url_value(),
      "its address, with the path prefix if it has one");
  table.last().required = true;
  add_access(table, find, "a larger answer is refused; 10,000 alerts are about 3 MiB");
}

}  // namespace

// Prometheus alone can clear the gate, so it is required and its answers are bounded.
Table<Settings> prometheus_table() {
  Table<Settings> table{"prometheus", "Whose word on alerts counts.", {}, {}, {}};
  add_prometheus(table, [](auto& settings) -> auto& { return settings.prometheus; });
  return table;
}

Table<PrometheusSettings> named_prometheus_table() {
  Table<PrometheusSettings> table{
      "prometheus NAME",
      "A further Prometheus: a replica of the first, or one with rules of its own. What any of "
      "them "
      "sees holds the run; `quorum` of [gate] says how many must be seen for a clear gate.",
      {},
      {},
      {}};
  add_prometheus(table, [](auto& prometheus) -> auto& { return prometheus; });
  return table;
}

// Optional: webhooks arrive without it, and Prometheus knows neither silences nor other rulers.
Table<Settings> alertmanager_table() {
  const auto at = in(&Settings::alertmanager);
  Table<Settings> table{"alertmanager",
                        "Who is asked about silences, inhibition and the alerts of other rulers.",
                        {},
                        {},
                        {}};
  table.key("url", at(&AlertmanagerSettings::urls),
            list_value(url_value(), "a list of http or https URLs"),
            "its address; of a cluster, the addresses of its members", "nobody is asked");
  add_access(
      table, [](auto& settings) -> auto& { return settings.alertmanager; },
      "a larger answer is refused");
  table
      .key("silence_node", at(&AlertmanagerSettings::silence_node), flag_value(),
           "whether silence_alerts are silenced for the node that is worked on; our own gate goes "
           "on seeing them")
      .key("silence_alerts", at(&AlertmanagerSettings::silence_alerts),
           list_value(text_value(), "a list of alert names"),
           "the alerts that are silenced, where their label node is the node's name", "none")
      .key("silence_lease", at(&AlertmanagerSettings::silence_lease), duration_value(1min, 1h),
           "a silence ends by itself after this time, unless it is renewed")
      .key("silence_limit", at(&AlertmanagerSettings::silence_limit), duration_value(1min, 24h),
           "no node is silenced for longer");
  return table;
}

}  // namespace lockkeeper
