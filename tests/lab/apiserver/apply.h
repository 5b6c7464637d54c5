// SPDX-License-Identifier: Apache-2.0
#pragma once

// Server-side apply, good enough for `kubectl apply --server-side` of ordinary objects: every
// applier owns the fields of its last wish (metadata.managedFields, in the FieldsV1 form). What it
// no longer wishes and nobody else owns is removed; what another applier owns with another value is
// a conflict. Writes that are no applies are not tracked, unlike in the real server. Pure
// functions.

#include <string>
#include <string_view>

#include "tests/lab/apiserver/api_error.h"
#include "tests/lab/apiserver/json.h"

namespace lockkeeper::lab {

struct ApplyWish {
  const Json& wish;  ///< The body, whole.
  std::string manager;
  std::string api_version;
  bool force = false;  ///< Take over what others own.
};

/// `live` (an empty object for a new one) as it is after the apply.
Outcome<Json> applied(Json live, const ApplyWish& apply);

/// The fields that a wish sets, in the FieldsV1 form.
Json fields_of(const Json& wish);

}  // namespace lockkeeper::lab
