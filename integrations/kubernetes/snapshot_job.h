// SPDX-License-Identifier: Apache-2.0
#pragma once

// The etcd snapshot: a one-shot Job made from the cluster's own backup CronJob, awaited and
// verified. Its name comes from the run's id, so a bot that died between creating it and writing
// that down finds it again instead of making a second one. Called from the runner's thread.

#include <string>
#include <vector>

#include "bot/ports.h"
#include "config/settings.h"
#include "integrations/kubernetes/client.h"
#include "rules/result.h"

namespace lockkeeper::kubernetes {

struct SnapshotOrder {
  std::string run;
  std::string own_namespace;  // where the path is annotated
  SnapshotSettings settings;
  Millis outage_limit{};
};

/// Creates or adopts the Job, waits for its end, reads its log. done: notes `snapshot` (the path),
/// `snapshot_bytes` and `snapshot_time`. interrupted: asked to stop; the Job goes on and is adopted
/// later. failed: with the reason and the command that shows the Job's log.
Outcome snapshot(Client& client, const SnapshotOrder& order, Watch& watch);

/// done, failed and underway as the Job stands; not_started without a Job; unknown when a Job of
/// that name is not this run's, or the API server does not tell.
Observation observe_snapshot(Client& client, const SnapshotOrder& order, const Patience& patience);

std::vector<std::string> would_snapshot(const SnapshotOrder& order);

/// Why the CronJob cannot be used, or "": for preflight.
Result<std::string> cronjob_problem(Client& client, const std::string& cronjob,
                                    const Patience& patience = kBriefly);

/// "backup-etcd-r-t9xk2a": at most 63 characters, the run's id whole at its end.
std::string job_name(const std::string& cronjob, const std::string& run);

/// The Job as it is posted. It keeps the template's pods as they are, but is never suspended and
/// stays for an hour after its end, so that its log can be read.
Json job_from(const Json& cronjob, const std::string& run);

}  // namespace lockkeeper::kubernetes
