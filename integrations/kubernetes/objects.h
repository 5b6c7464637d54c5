// SPDX-License-Identifier: Apache-2.0
#pragma once

// Kubernetes objects as the few facts that are used of them. Reading never fails: what is missing
// or malformed reads as empty, zero or unknown, and its users treat that as the worse case. Pure
// functions for any thread.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bot/facts.h"
#include "integrations/kubernetes/json.h"
#include "integrations/kubernetes/selector.h"

namespace lockkeeper::kubernetes {

/// The owner with `controller: true`.
struct Controller {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string uid;
};

struct Pod {
  std::string space;  // namespace
  std::string name;
  std::string uid;
  std::string node;
  std::string phase;
  StringMap labels;
  std::optional<Controller> controller;
  std::vector<std::string> finalizers;
  std::vector<std::string> images;
  std::string deleted_at;  // deletionTimestamp, with the grace already added; or empty
  std::int64_t grace_seconds = 30;
  std::int64_t priority = 0;
  bool ready = false;
  bool mirror = false;        // a static pod's image in the API
  bool empty_dir = false;     // has at least one emptyDir volume
  bool is_protected = false;  // our annotation
  bool safe_to_evict = true;  // the cluster autoscaler's annotation

  [[nodiscard]] bool finished() const { return phase == "Succeeded" || phase == "Failed"; }
  [[nodiscard]] bool leaving() const { return !deleted_at.empty(); }
  [[nodiscard]] bool daemon() const;
  [[nodiscard]] std::string full_name() const { return space + "/" + name; }
  /// "ReplicaSet shop/web-5d", or "nobody".
  [[nodiscard]] std::string controlled_by() const;
};

/// A PodDisruptionBudget.
struct Budget {
  std::string space;
  std::string name;
  Selector selector;
  std::string min_available;    // "2", "50%", or empty
  std::string max_unavailable;  // the same
  std::int64_t allowed = 0;     // disruptionsAllowed
  std::int64_t healthy = 0;     // currentHealthy
  std::int64_t desired = 0;     // desiredHealthy
  std::int64_t expected = 0;    // expectedPods
  bool current = false;         // whether the status speaks of the present spec
  std::string sync_failure;     // why its numbers cannot be computed, or empty

  [[nodiscard]] bool covers(const Pod& pod) const;
  [[nodiscard]] std::string full_name() const { return space + "/" + name; }
};

Pod pod_of(const Json& json);
Budget budget_of(const Json& json);
NodeFacts node_of(const Json& json);

/// "status.conditions" entry of that type: "True", "False", "Unknown", or "".
std::string condition_of(const Json& json, std::string_view type);

/// An annotation of any object, or "".
std::string annotation_of(const Json& json, std::string_view name);

}  // namespace lockkeeper::kubernetes
