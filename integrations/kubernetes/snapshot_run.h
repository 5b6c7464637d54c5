// SPDX-License-Identifier: Apache-2.0
#pragma once

// One snapshot from its Job's creation to its verified file. Internal to snapshot_job. On one
// thread.

#include <memory>
#include <optional>
#include <string>

#include "integrations/kubernetes/mirror.h"
#include "integrations/kubernetes/outage.h"
#include "integrations/kubernetes/snapshot_job.h"
#include "integrations/kubernetes/snapshot_log.h"

namespace lockkeeper::kubernetes {

/// Where the CronJob and the Job stand.
struct JobPlace {
  std::string space;
  std::string cronjob;
  std::string job;
  std::string jobs;  // the collection's path
  [[nodiscard]] std::string full_name() const { return space + "/" + job; }
};

JobPlace job_place(const SnapshotOrder& order);

enum class JobEnd { none, complete, failed };

/// By its conditions only: counters may say "succeeded" before the Job is over.
JobEnd job_end(const Json& job);

/// "Job default/backup-etcd-r-x failed: BackoffLimitExceeded; see `kubectl logs ...`".
std::string job_failure(const JobPlace& place, const Json& job);

/// Reads the Job's log and holds it against the settings: text, size, freshness. Retried within the
/// patience, because logs come through the kubelet, which may be restarting.
Result<SnapshotFile> verified_file(Client& client, const SnapshotOrder& order,
                                   const JobPlace& place, const Patience& patience);

std::string snapshot_detail(const SnapshotFile& file);
Notes snapshot_notes(const SnapshotFile& file, const Json& job);

class SnapshotRun {
 public:
  SnapshotRun(Client& client, const SnapshotOrder& order, Watch& watch);
  Outcome run();

 private:
  std::optional<Outcome> create();
  std::optional<Outcome> adopt(const Json& job);
  Outcome await();
  std::optional<Outcome> over(Moment now);
  Outcome finish();
  void take_job(const Json& job);
  Outcome ended(StepResult result, std::string detail, Notes notes = {});

  Client& client_;
  const SnapshotOrder& order_;
  Watch& watch_;
  JobPlace place_;
  std::string uid_;  // the Job's: one of the same name made later by somebody else is not ours
  Json job_;         // as it was last seen
  bool deleted_ = false;
  Outage outage_;
  Moment begun_;
};

}  // namespace lockkeeper::kubernetes
