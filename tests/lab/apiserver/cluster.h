// SPDX-License-Identifier: Apache-2.0
#pragma once

// The simulated cluster: its objects, its watches, its knobs, and the one mutex that guards them.
// The API's handlers lock it for one request at a time, the controllers' loop for a handful of
// reconciliations at a time.

#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "tests/lab/apiserver/json.h"
#include "tests/lab/apiserver/store.h"
#include "tests/lab/apiserver/watch.h"

namespace lockkeeper::lab {

/// The `options` of the seed. All of them can be left out.
struct Options {
  std::chrono::milliseconds node_grace{4'000};    ///< Without a renewed lease: Ready=Unknown.
  std::chrono::milliseconds pod_start{300};       ///< From bound to Ready.
  std::chrono::milliseconds pod_stop{200};        ///< At most; a shorter grace period wins.
  std::chrono::milliseconds pdb_lag{100};         ///< Budgets follow their pods this late.
  std::chrono::milliseconds lease_period{2'000};  ///< Of the nodes that are simulated in here.
  std::chrono::milliseconds bookmark_period{10'000};
  std::size_t history_changes = 10'000;  ///< For each resource; older ones are 410 Expired.
  std::size_t generate_nodes = 0;
  std::size_t generate_pods_per_node = 0;
  struct Warning {
    std::string path_regex;
    std::string text;
  };
  std::vector<Warning> warnings;  ///< Sent as Warning headers.
};

/// Reads `options`; unknown names are refused, so that a misspelt knob is noticed.
Outcome<Options> read_options(const Json& json);

class Cluster {
 public:
  explicit Cluster(std::string version);

  std::mutex mutex;
  Store store;
  WatchHub watches{store};
  Options options;
  std::string version;           ///< Of the API server, without "v".
  std::string extra_metrics;     ///< Appended to /metrics.
  SteadyTime reachable_since{};  ///< When the last outage ended: kubelets could not renew before.
};

/// Changes one object in place; gives its new state, or null when it does not exist.
ObjectPtr edit(Cluster& cluster, const Resource& resource, const Key& key,
               const std::function<void(Json&)>& change);

}  // namespace lockkeeper::lab
