// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the bot may do in a cluster, as one list: the preflight asks for each of these rights before
// a run needs it, `lockkeeper doctor` names each one that is missing, and a test compares the list
// with the shipped role (config/deploy/rbac.yaml) in both directions. Pure; any thread.

#include <string>
#include <vector>

#include "config/settings.h"

namespace lockkeeper {

/// One verb on one resource. https://kubernetes.io/docs/reference/access-authn-authz/rbac/
struct Right {
  std::string verb;
  std::string group;     // of the API; empty: the core group
  std::string resource;  // with its subresource, "pods/eviction"; or a page, "/metrics"
  std::string space;     // namespace; empty: the whole cluster
  std::string name{};    // of the only object that it is about, or empty

  [[nodiscard]] bool is_page() const { return resource.starts_with('/'); }
  bool operator==(const Right&) const = default;
};

/// Everything that the bot ever asks the API server for, and nothing more.
std::vector<Right> needed_rights(const Settings& settings);

/// Rights that a bot must not have, of which somebody may have given it one: every other way to
/// write to what it works with, and those that would let it do anything. The first is all verbs on
/// everything; who has it has all the others.
std::vector<Right> needless_rights(const Settings& settings);

/// "create pods/eviction", "get jobs in namespace default".
std::string to_string(const Right& right);

/// The line that gives it, as it stands in a role: "apiGroups: [""], resources: [pods/eviction],
/// verbs: [create]".
std::string rule_line(const Right& right);

/// "ClusterRole lockkeeper", "the Role of lockkeeper in namespace default": where it belongs.
std::string role_of(const Right& right);

}  // namespace lockkeeper
