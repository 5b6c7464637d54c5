// SPDX-License-Identifier: Apache-2.0
#pragma once

// From a step of the plan to what the Kubernetes neighbour is asked to do. Pure.

#include "bot/ports.h"
#include "config/settings.h"
#include "integrations/kubernetes/cordon.h"
#include "integrations/kubernetes/drain.h"
#include "integrations/kubernetes/own_pod.h"
#include "integrations/kubernetes/snapshot_job.h"

namespace lockkeeper::orders {

kubernetes::CordonOrder cordon(const StepContext& context);
kubernetes::DrainOrder drain(const StepContext& context, const Settings& settings);
kubernetes::SnapshotOrder snapshot(const StepContext& context, const Settings& settings);
kubernetes::StepAsideOrder step_aside(const StepContext& context, const Settings& settings);

}  // namespace lockkeeper::orders
