// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which version may follow which: what the planner refuses before it makes a plan. Pure.
// Source: https://kubernetes.io/releases/version-skew-policy/

#include "bot/facts.h"
#include "bot/planner.h"

namespace lockkeeper {

/// Every reason against going to the request's target from what the cluster runs: unreadable
/// versions, a downgrade, more than one minor, kubelets too old or too new, a kind that does not
/// agree, stages that would put kubelets above the API server. No reasons: it may be done.
Refusal skew_refusal(const ClusterFacts& facts, const UpgradeRequest& request);

/// The oldest version that a node or the API server runs; the facts must hold parsed versions.
Version oldest_version(const ClusterFacts& facts);

/// Minor when anything in the cluster still runs another minor than the target's.
UpgradeKind derived_kind(const ClusterFacts& facts, const Version& target);

}  // namespace lockkeeper
