// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether our role has every right that a run needs, asked before the run instead of in its middle.
// Any thread may call.

#include <string>
#include <vector>

#include "bot/rights.h"
#include "config/settings.h"
#include "integrations/kubernetes/client.h"
#include "rules/result.h"

namespace lockkeeper::kubernetes {

/// Whether we have a right: asked for with a SelfSubjectAccessReview, which changes nothing.
Result<bool> allowed(Client& client, const Right& right);

/// The rights that a run needs and our role lacks: "patch nodes", "create pods/eviction"; empty
/// when all are there.
Result<std::vector<std::string>> missing_rights(Client& client, const Settings& settings);

}  // namespace lockkeeper::kubernetes
