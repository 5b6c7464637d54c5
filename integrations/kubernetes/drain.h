// SPDX-License-Identifier: Apache-2.0
#pragma once

// Draining a node: every pod that may move is asked to leave through the eviction API, within its
// budget, and waited for until it is really gone. A drain never escalates: it deletes nothing by
// force and strips no finalizer. When it cannot finish in time it says which pod stays and why.
//
// What stops it: the limit, an order to stop (between two evictions), somebody who uncordons or
// re-creates the node, a pod that can never be evicted, an API server that stays away for too long.
// Called from the runner's thread.

#include <string>
#include <vector>

#include "bot/ports.h"
#include "integrations/kubernetes/client.h"
#include "integrations/kubernetes/drain_filters.h"
#include "rules/result.h"

namespace lockkeeper::kubernetes {

struct DrainOrder {
  std::string node;
  std::string uid;        // the node's, from the plan: a re-created one is another node. Empty: any
  Millis limit{};         // [upgrade] drain_timeout; time without an API server does not count
  Millis outage_limit{};  // [kubernetes] outage_limit
  int parallel = 10;      // [upgrade] drain_parallel
  DrainPolicy policy;
};

/// Evicts and waits. done: nothing is left but what stays by design. interrupted: asked to stop.
/// failed: nobody was evicted (refused before the first), or what remains is named.
Outcome drain(Client& client, const DrainOrder& order, Watch& watch);

/// done: cordoned, and nothing to evict. underway: some pods are leaving. not_started otherwise.
Observation observe_drain(Client& client, const DrainOrder& order, const Patience& patience);

/// "POST /api/v1/namespaces/shop/pods/web-1/eviction" for each pod that would be asked, and a line
/// for each refusal.
Result<std::vector<std::string>> would_drain(Client& client, const DrainOrder& order);

}  // namespace lockkeeper::kubernetes
