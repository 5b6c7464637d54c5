// SPDX-License-Identifier: Apache-2.0
#pragma once

// A cluster that is fit for the next minor, for tests that spoil one thing. Values only.

#include "bot/compat.h"

namespace lockkeeper::testing {

inline const Time kCompatNow = parse_time("2026-11-21T09:00:00Z").value();

/// Three nodes of 1.34.7 with containerd 2.1.
inline ClusterFacts fit_cluster() {
  ClusterFacts cluster;
  cluster.api_server = parse_version("v1.34.7").value();
  for (const auto* name : {"master1", "node1", "node2"}) {
    NodeFacts node;
    node.name = name;
    node.control_plane = node.name == "master1";
    node.kubelet = parse_version("v1.34.7").value();
    node.runtime = "containerd://2.1.4";
    cluster.nodes.push_back(node);
  }
  return cluster;
}

/// All was read, nothing stands in the way of 1.35.
inline CompatFacts fit_facts() {
  CompatFacts facts;
  facts.data = parse_compat(built_in_compat());
  facts.images = std::vector<RunningImage>{};
  facts.servers =
      std::vector<ApiServerUse>{{"master1", {}, kCompatNow - std::chrono::hours(48), {}}};
  for (const auto& node : fit_cluster().nodes) {
    NodeSurvey survey;
    survey.node = node.name;
    survey.cgroup = "v2";
    facts.nodes.push_back(survey);
  }
  return facts;
}

}  // namespace lockkeeper::testing
