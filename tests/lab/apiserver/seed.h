// SPDX-License-Identifier: Apache-2.0
#pragma once

// Fills a cluster at its start: the objects of a seed file, the namespaces that every cluster has,
// and, for benchmarks, a generated crowd of nodes and pods.

#include <filesystem>

#include "rules/result.h"
#include "tests/lab/apiserver/cluster.h"

namespace lockkeeper::lab {

/// The seed file: {"version","objects":[...],"rbac":[...],"options":{...}}.
Result<Json> read_seed(const std::filesystem::path& file);

/// Applies version and options and creates the objects; the failure names the object at fault.
Status sow(Cluster& cluster, const Json& seed);

}  // namespace lockkeeper::lab
