// SPDX-License-Identifier: Apache-2.0
#pragma once

// A value of a Kubernetes Secret, for configuration keys of the form `*_secret`. Any thread may
// call.

#include <string>

#include "integrations/kubernetes/client.h"
#include "rules/result.h"

namespace lockkeeper::kubernetes {

/// The decoded value at "namespace/name/key". The failure names the path and never the value.
Result<std::string> read_secret_value(Client& client, const std::string& path);

}  // namespace lockkeeper::kubernetes
