// SPDX-License-Identifier: Apache-2.0
#pragma once

// A plan as JSON text: the body of the journal's `opened` record, and what a digest is made of.

#include <string>
#include <string_view>

#include "bot/plan.h"

namespace lockkeeper {

/// Members in a fixed order, so that equal plans give equal texts.
std::string encode_plan(const Plan& plan);

/// Unknown members are tolerated (a newer bot may have written them); a missing or malformed one is
/// a failure that names it.
Result<Plan> decode_plan(std::string_view json);

}  // namespace lockkeeper
