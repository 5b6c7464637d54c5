// SPDX-License-Identifier: Apache-2.0
#pragma once

// In which order workers are taken, and what the configuration may not say about it. Pure.

#include <string>
#include <vector>

#include "bot/facts.h"
#include "config/settings.h"

namespace lockkeeper {

/// The workers: those of `first` in that order, then the rest by name, then those of `last`.
std::vector<NodeFacts> in_worker_order(const std::vector<NodeFacts>& nodes,
                                       const UpgradeSettings& settings);

/// Reasons against the configured order: `first` or `last` names a node that is no worker (a
/// misspelt name would silently lose its place), or this process could not leave its own node.
std::vector<std::string> order_refusals(const std::vector<NodeFacts>& nodes,
                                        const Settings& settings);

}  // namespace lockkeeper
