// SPDX-License-Identifier: Apache-2.0
#pragma once

// The course of a run, decided from its progress alone: whether it goes forward or winds down,
// which steps still happen on the way down, what the gate is told, and how it ends. Pure functions
// over values; the runner only obeys them.

#include <optional>
#include <string>

#include "bot/facts.h"
#include "bot/progress.h"
#include "rules/evaluate.h"
#include "rules/verdict.h"

namespace lockkeeper {

/// Why the run no longer goes forward: a failed or interrupted step, or a latch. Nothing: forward.
std::optional<std::string> winding_down(const Progress& progress);

/// On the way down, why the next step is not carried out; nothing when it must be. What must be:
/// a detached node script that has begun is followed to its end (kubeadm is never cut short), its
/// node is awaited and uncordoned, a node that was only cordoned or drained is uncordoned, and the
/// claim is given back. A node whose script failed, or whose kubelet is not proven, stays cordoned.
std::optional<std::string> left_out(const Progress& progress, const Step& step);

/// Whether the gate is asked before this step, and in which phase.
std::optional<Phase> gated_in(const Step& step);

/// Where the run stands, as the rules want to know it, at the moment before `step` (or in it).
/// `now` is wall time: the age of each node's standing and the windows of rules depend on it.
Situation situation_at(const Progress& progress, const Step& step, Phase phase, Time now);

/// What the cluster itself says against the step: the kill switch, another run's claim, nodes that
/// are not Ready. The node at hand is judged elsewhere.
Verdict cluster_verdict(const ClusterFacts& facts, const Progress& progress, const Step& step);

/// Why a node's steps need not be taken: it is gone, replaced, or on the target already. Asked
/// before its first step only.
std::optional<std::string> needless(const ClusterFacts& facts, const Progress& progress,
                                    const Step& step);

/// The kubelet version that a node must prove after the step's stage.
Version expected_kubelet(const Plan& plan, const Step& step);

/// How a run with no step left has ended.
Closed ending_of(const Progress& progress);

}  // namespace lockkeeper
