// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a new minor asks of the nodes: the runtime, cgroups, flags that are gone. Pure.

#include <vector>

#include "bot/compat.h"

namespace lockkeeper {

/// `goal` as for judge_compat. Rows that tell the same of several nodes are one row. A node without
/// a survey is unknown.
std::vector<CompatRow> judge_nodes(const CompatData& data, const std::vector<NodeSurvey>& surveys,
                                   const ClusterFacts& cluster, const std::string& goal,
                                   Minor target);

}  // namespace lockkeeper
