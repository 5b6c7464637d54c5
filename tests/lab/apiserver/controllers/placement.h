// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether a pod may be placed on a node: the part of the scheduler's rules that the lab needs.
// Pure functions.

#include <string_view>

#include "tests/lab/apiserver/json.h"

namespace lockkeeper::lab {

/// nodeSelector and the required node affinity (matchExpressions, and metadata.name in
/// matchFields).
bool chooses(const Json& pod_spec, const Json& node);

/// No NoSchedule or NoExecute taint of the node is untolerated. The taint that stands for a cordon
/// counts from spec.unschedulable on, before the taint itself is there.
bool tolerates_node(const Json& pod_spec, const Json& node);

/// True when the tolerations match that taint.
bool tolerates(const Json& tolerations, std::string_view key, std::string_view value,
               std::string_view effect);

}  // namespace lockkeeper::lab
