// SPDX-License-Identifier: Apache-2.0
#pragma once

// The patches that clients send: JSON Patch (RFC 6902), JSON Merge Patch (RFC 7396) and Kubernetes'
// strategic merge, which merges some lists by a key of their entries. Pure functions.

#include <string_view>

#include "tests/lab/apiserver/api_error.h"
#include "tests/lab/apiserver/json.h"

namespace lockkeeper::lab {

/// `object` changed by a patch of that content type. A JSON patch whose `test` fails is a 422, a
/// patch that makes no sense a 400, an unknown type (or a strategic merge on a custom resource)
/// 415.
Outcome<Json> patched(const Json& object, std::string_view content_type, const Json& patch);

/// Kubernetes' strategic merge patch with its directives ($patch, $retainKeys,
/// $deleteFromPrimitiveList, $setElementOrder).
Json strategic_merge(Json object, const Json& patch);

/// The key by which entries of the list `field` are merged ("name" for containers), "" for lists
/// that are replaced, "=" for sets of plain values.
std::string_view merge_key(std::string_view field, const Json& entry);

}  // namespace lockkeeper::lab
