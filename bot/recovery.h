// SPDX-License-Identifier: Apache-2.0
#pragma once

// The runbook that a failure report prints, with the real values of this run filled in. There is no
// automatic rollback of a control plane, because kubeadm has none (requirement A15). Pure.

#include <string>
#include <vector>

#include "bot/progress.h"

namespace lockkeeper {

/// What a person should do now, one line each: where the snapshot is, which nodes are cordoned or
/// half done, the exact commands to look and to go back, and how to carry on.
std::vector<std::string> recovery_lines(const Progress& progress);

/// The nodes that this run cordoned and has not uncordoned.
std::vector<std::string> still_cordoned(const Progress& progress);

}  // namespace lockkeeper
