// SPDX-License-Identifier: Apache-2.0
#pragma once

// Moving ourselves off a node that is to be drained: our own pod is evicted, its controller starts
// another one elsewhere, and that one finds the run in the journal. Called from the runner's
// thread.

#include <string>
#include <vector>

#include "bot/ports.h"
#include "integrations/kubernetes/client.h"

namespace lockkeeper::kubernetes {

struct StepAsideOrder {
  std::string own_pod;  // namespace/name
  std::string node;     // the node to be left, which has to be cordoned
  Millis limit{};
};

/// Asks for the eviction of our own pod and waits for the end of this process, so it seldom
/// returns. done: we are not on that node at all. interrupted: we were told to leave. failed: a
/// budget holds us here, nothing would re-create us, or we are still here when the limit is over.
Outcome step_aside(Client& client, const StepAsideOrder& order, Watch& watch);

/// done: the pod that we run in is not on that node.
Observation observe_step_aside(Client& client, const StepAsideOrder& order,
                               const Patience& patience);

std::vector<std::string> would_step_aside(const StepAsideOrder& order);

}  // namespace lockkeeper::kubernetes
