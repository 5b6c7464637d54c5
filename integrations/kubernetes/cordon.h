// SPDX-License-Identifier: Apache-2.0
#pragma once

// Marking a node unschedulable and schedulable again. Our cordon carries the run's id, and only a
// cordon that carries it is ever lifted: what a person has closed stays closed. Each write is one
// PATCH that holds only if the node is still as it was read (resourceVersion and uid), so two
// writers never overwrite each other. Called from the runner's thread.

#include <string>
#include <vector>

#include "bot/ports.h"
#include "integrations/kubernetes/client.h"

namespace lockkeeper::kubernetes {

struct CordonOrder {
  std::string node;
  std::string uid;  // from the plan; empty: any
  std::string run;
};

/// done: unschedulable, with a note `cordoned_by_person` = true when it was so before and not by
/// this tool. A cordon that an earlier run left is taken over.
Outcome cordon(Client& client, const CordonOrder& order, const Patience& patience);

/// done: schedulable; skipped: it is a person's cordon, or another run's, and stays.
Outcome uncordon(Client& client, const CordonOrder& order, const Patience& patience);

Observation observe_cordon(Client& client, const CordonOrder& order, const Patience& patience);
Observation observe_uncordon(Client& client, const CordonOrder& order, const Patience& patience);

std::vector<std::string> would_cordon(const CordonOrder& order);
std::vector<std::string> would_uncordon(const CordonOrder& order);

}  // namespace lockkeeper::kubernetes
