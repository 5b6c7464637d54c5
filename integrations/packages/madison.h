// SPDX-License-Identifier: Apache-2.0
#pragma once

// What `apt-cache madison kubeadm` says on a control plane: the newest patch, through the node's
// own source and the node's own key. Pure functions for any thread.

#include <string_view>

#include "bot/detection.h"

namespace lockkeeper::packages {

/// Versions of the lines "kubeadm | 1.34.3-1.1 | https://... Packages", each once. Several sources
/// may list the same version; lines of other packages do not count. A line that cannot be read is
/// a failure: the answer is then not what this was made for.
Result<std::vector<std::string>> parse_madison(std::string_view text);

}  // namespace lockkeeper::packages
