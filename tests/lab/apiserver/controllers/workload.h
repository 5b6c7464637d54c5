// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the controllers of workloads have in common: making pods from a template, finding and
// judging their own. The Cluster's mutex is held.

#include <string>
#include <string_view>
#include <vector>

#include "tests/lab/apiserver/cluster.h"

namespace lockkeeper::lab {

/// An ownerReference with controller=true.
Json owner_reference(const Resource& resource, const Json& owner);

/// A pod of `owner` by the template at spec/template, with generateName "OWNER-".
Json pod_from_template(const Resource& resource, const Json& owner);

/// The objects of `kind` that name `owner` as their controller, sorted by name.
std::vector<ObjectPtr> children_of(const Cluster& cluster, const Json& owner, const Resource& kind);

/// Neither finished nor being deleted.
bool is_active(const Json& pod);
bool is_ready(const Json& pod);

/// Ten letters that are the same for the same template.
std::string template_hash(const Json& owner);

/// The object unless it is gone or on its way out.
ObjectPtr live(const Cluster& cluster, const Resource& resource, const Key& key);

/// A number or a percentage of `whole` (maxUnavailable, minAvailable); `round_up` as Kubernetes
/// does it in that place.
std::int64_t scaled(const Json* value, std::int64_t whole, bool round_up);

/// Writes `status` when it differs.
void write_status(Cluster& cluster, const Resource& resource, const Key& key, Json status);

}  // namespace lockkeeper::lab
