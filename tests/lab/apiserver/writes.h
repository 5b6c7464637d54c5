// SPDX-License-Identifier: Apache-2.0
#pragma once

// What happens to an object on its way into the store, for clients and controllers alike: defaults,
// validation, versions, generations, finalizers, graceful deletion. The Cluster's mutex is held.

#include <optional>
#include <string>
#include <vector>

#include "tests/lab/apiserver/cluster.h"

namespace lockkeeper::lab {

/// Which part of the object a write may change.
enum class Part { main, status };

/// Creates after defaults and validation. `verbatim` keeps the status and skips the checks (seeds
/// and fault scripts).
Outcome<ObjectPtr> create_object(Cluster& cluster, const Resource& resource, Json body,
                                 bool dry_run = false, bool verbatim = false);

/// Replaces an object by `next`, a whole body. metadata.resourceVersion and uid in it are
/// preconditions. An object that is being deleted goes away with its last finalizer.
Outcome<ObjectPtr> update_object(Cluster& cluster, const Resource& resource, const Key& key,
                                 Json next, Part part, bool dry_run = false);

struct DeleteOptions {
  std::optional<std::int64_t> grace_seconds = {};
  std::string uid = {};               ///< Precondition, "" for none.
  std::string resource_version = {};  ///< Precondition, "" for none.
  std::string propagation = {};       ///< Background, Foreground, Orphan or "".
  bool dry_run = false;
};

/// DeleteOptions as clients send them, in the body or in the query.
Outcome<DeleteOptions> read_delete_options(const Json& json);

struct Deleted {
  ObjectPtr object;   ///< The state after the call, or the last one.
  bool gone = false;  ///< False: it lingers for its grace period or its finalizers.
};

/// Deletes, or marks for deletion where there is a grace period or a finalizer.
Outcome<Deleted> delete_object(Cluster& cluster, const Resource& resource, const Key& key,
                               const DeleteOptions& options);

/// Removes an object whose grace is over, unless finalizers hold it.
void end_grace(Cluster& cluster, const Resource& resource, const Key& key);

/// The fields that the API server fills in by itself.
void set_defaults(const Resource& resource, Json& body);

/// What is wrong with a new object, or with an update of `old`.
std::vector<Cause> faults_of(const Resource& resource, const Json& body, const Json* old);

}  // namespace lockkeeper::lab
