// SPDX-License-Identifier: Apache-2.0
#pragma once

// The claim of a run on the cluster: annotations on our own namespace, changed only as they were
// read, so of two bots that start at the same moment one loses. The fencing number grows with every
// claim and outlives the run; host scripts refuse a lower one than they have seen. Called from the
// runner's thread.

#include <string>
#include <vector>

#include "bot/ports.h"
#include "integrations/kubernetes/client.h"

namespace lockkeeper::kubernetes {

/// done, with a note `fence`; the same run may claim again and keeps its number. failed: another
/// run claims the cluster, or the namespace does not exist.
Outcome claim(Client& client, const std::string& own_namespace, const Plan& plan,
              const Patience& patience);

/// Takes the run's annotations off again, but for the fence and the snapshot's path. skipped when
/// another run claims the cluster.
Outcome release(Client& client, const std::string& own_namespace, const std::string& run,
                const Patience& patience);

Observation observe_claim(Client& client, const std::string& own_namespace, const Plan& plan,
                          const Patience& patience);
Observation observe_release(Client& client, const std::string& own_namespace,
                            const std::string& run, const Patience& patience);

/// Writes where the etcd snapshot lies, for whoever has to restore it without us.
Outcome annotate_snapshot(Client& client, const std::string& own_namespace, const std::string& path,
                          const Patience& patience);

std::vector<std::string> would_claim(const std::string& own_namespace, const Plan& plan);
std::vector<std::string> would_release(const std::string& own_namespace);

}  // namespace lockkeeper::kubernetes
