// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the compatibility gate needs to see of a cluster, beyond the nodes themselves. Values only;
// what could not be read says why, and never looks like "nothing there".

#include <optional>
#include <string>
#include <vector>

#include "bot/compat_data.h"
#include "rules/result.h"

namespace lockkeeper {

/// An image that runs, with what its pod says about itself. One for all pods that are alike.
struct RunningImage {
  std::string image;    // "quay.io/calico/node:v3.26.1"
  std::string name;     // app.kubernetes.io/name, else k8s-app
  std::string version;  // app.kubernetes.io/version

  auto operator<=>(const RunningImage&) const = default;
};

/// One series of apiserver_requested_deprecated_apis that is not 0.
struct DeprecatedUse {
  std::string api;         // "batch/v1beta1/cronjobs"; the core group begins with "/"
  std::string removed_in;  // "1.25", or empty when no release is named

  auto operator<=>(const DeprecatedUse&) const = default;
};

/// What one API server counts. It counts from its own start, so a young one says little.
struct ApiServerUse {
  std::string server;   // as people know it: a node, or the address
  std::string failure;  // why nothing is known of it, or empty
  std::optional<Time> started;
  std::vector<DeprecatedUse> uses;
};

/// A flag that a component is started with.
struct FlagUse {
  std::string component;  // "kubelet"
  std::string flag;       // "--container-runtime"
  std::string file;       // where it stands
};

/// What a look at a node over SSH found.
struct NodeSurvey {
  std::string node;
  std::string failure;                 // why nothing is known of it, or empty
  std::string cgroup;                  // "v1", "v2", or empty when the node could not tell
  std::optional<bool> fail_cgroup_v1;  // of the kubelet's configuration, where it says so
  std::vector<FlagUse> flags;
  std::vector<std::string> gates;  // names of feature gates that are set anywhere
};

/// Everything together. Each part has its own failure, so that one that cannot be read does not
/// hide what the others say.
struct CompatFacts {
  Result<CompatData> data = fail("not read");
  Result<std::vector<RunningImage>> images = fail("not read");
  Result<std::vector<ApiServerUse>> servers = fail("not read");
  std::vector<NodeSurvey> nodes;
};

}  // namespace lockkeeper
