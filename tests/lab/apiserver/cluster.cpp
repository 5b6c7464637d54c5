// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/cluster.h"

#include <fmt/format.h>

namespace lockkeeper::lab {
namespace {

using std::chrono::milliseconds;

}  // namespace

Outcome<Options> read_options(const Json& json) {
  Options options;
  for (const auto& [name, value] : json.items()) {
    const auto number = value.is_number() ? value.get<double>() : -1.0;
    const auto seconds = milliseconds(static_cast<std::int64_t>(number * 1000));
    const auto millis = milliseconds(static_cast<std::int64_t>(number));
    if (name == "node_grace_seconds" && number > 0) {
      options.node_grace = seconds;
    } else if (name == "pod_start_ms" && number >= 0) {
      options.pod_start = millis;
    } else if (name == "pod_stop_ms" && number >= 0) {
      options.pod_stop = millis;
    } else if (name == "pdb_lag_ms" && number >= 0) {
      options.pdb_lag = millis;
    } else if (name == "lease_seconds" && number > 0) {
      options.lease_period = seconds;
    } else if (name == "bookmark_seconds" && number > 0) {
      options.bookmark_period = seconds;
    } else if (name == "history_changes" && number > 0) {
      options.history_changes = value.get<std::size_t>();
    } else if (name == "generate" && value.is_object()) {
      options.generate_nodes = static_cast<std::size_t>(number_at(value, "nodes", 0));
      options.generate_pods_per_node =
          static_cast<std::size_t>(number_at(value, "pods_per_node", 0));
    } else if (name == "warnings" && value.is_array()) {
      for (const auto& entry : value) {
        options.warnings.push_back({string_at(entry, "path_regex"), string_at(entry, "text")});
      }
    } else {
      return refuse(
          bad_request(fmt::format("options: '{}' is unknown or has no sensible value", name)));
    }
  }
  return options;
}

Cluster::Cluster(std::string server_version) : version(std::move(server_version)) {
  store.listen([this](const Change& change) { watches.deliver(*change.resource); });
}

ObjectPtr edit(Cluster& cluster, const Resource& resource, const Key& key,
               const std::function<void(Json&)>& change) {
  const ObjectPtr before = cluster.store.get(resource, key);
  if (!before) return nullptr;
  Json body = before->body;
  change(body);
  return cluster.store.replace(resource, key, std::move(body));
}

}  // namespace lockkeeper::lab
