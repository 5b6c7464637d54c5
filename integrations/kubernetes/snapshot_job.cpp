// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/snapshot_job.h"

#include <fmt/format.h>

#include <algorithm>

#include "integrations/kubernetes/names.h"
#include "integrations/kubernetes/objects.h"
#include "integrations/kubernetes/snapshot_run.h"

namespace lockkeeper::kubernetes {
namespace {

constexpr std::size_t kNameMax = 63;  // a Job's name is a label of its pods
constexpr std::int64_t kKeptSeconds = 3600;

}  // namespace

JobPlace job_place(const SnapshotOrder& order) {
  const auto& cronjob = order.settings.cronjob;
  const auto slash = cronjob.find('/');
  const bool named = slash != std::string::npos;
  JobPlace place;
  place.space = named ? cronjob.substr(0, slash) : "default";
  place.cronjob = named ? cronjob.substr(slash + 1) : cronjob;
  place.job = job_name(place.cronjob, order.run);
  place.jobs = fmt::format("/apis/batch/v1/namespaces/{}/jobs", encoded(place.space));
  return place;
}

std::string job_name(const std::string& cronjob, const std::string& run) {
  const std::size_t room = kNameMax - std::min(kNameMax - 1, run.size() + 1);
  std::string name = cronjob.substr(cronjob.find('/') + 1).substr(0, room);
  while (!name.empty() && (name.back() == '-' || name.back() == '.'))
    name.pop_back();
  return name + "-" + run;
}

// What `kubectl create job --from` makes, without blockOwnerDeletion, which would need a right to
// finalizers that the role does not have.
Json job_from(const Json& cronjob, const std::string& run) {
  const Json& from = value_at(cronjob, {"spec", "jobTemplate"});
  const auto name = text_at(cronjob, {"metadata", "name"});
  Json job = {{"apiVersion", "batch/v1"},
              {"kind", "Job"},
              {"metadata",
               {{"name", job_name(name, run)},
                {"namespace", text_at(cronjob, {"metadata", "namespace"})},
                {"labels", members_at(from, {"metadata", "labels"})},
                {"annotations", members_at(from, {"metadata", "annotations"})},
                {"ownerReferences",
                 {{{"apiVersion", "batch/v1"},
                   {"kind", "CronJob"},
                   {"name", name},
                   {"uid", text_at(cronjob, {"metadata", "uid"})},
                   {"controller", true}}}}}},
              {"spec", value_at(from, {"spec"})}};
  auto& annotations = job["metadata"]["annotations"];
  annotations["cronjob.kubernetes.io/instantiate"] = "manual";
  annotations[std::string(kRun)] = run;
  auto& spec = job["spec"];
  spec.erase("suspend");
  if (spec.contains("ttlSecondsAfterFinished"))
    spec["ttlSecondsAfterFinished"] =
        std::max(kKeptSeconds, number_at(spec, {"ttlSecondsAfterFinished"}));
  return job;
}

Outcome snapshot(Client& client, const SnapshotOrder& order, Watch& watch) {
  return SnapshotRun(client, order, watch).run();
}

// The name alone proves nothing: people make Jobs from CronJobs, too, and may choose any name.
Observation observe_snapshot(Client& client, const SnapshotOrder& order, const Patience& patience) {
  const auto place = job_place(order);
  const auto job = client.get(place.jobs + "/" + place.job, patience);
  if (!job && job.error().trouble == Trouble::not_found)
    return {Observed::not_started, fmt::format("no Job {}", place.full_name()), {}};
  if (!job) return {Observed::unknown, job.error().what, {}};
  if (annotation_of(*job, kRun) != order.run)
    return {Observed::unknown, fmt::format("Job {} is not this run's", place.full_name()), {}};
  switch (job_end(*job)) {
    case JobEnd::none:
      return {Observed::underway, fmt::format("Job {} is running", place.full_name()), {}};
    case JobEnd::failed:
      return {Observed::failed, job_failure(place, *job), {}};
    case JobEnd::complete:
      break;
  }
  auto file = verified_file(client, order, place, patience);
  if (!file) return {Observed::failed, file.error().what, {}};
  return {Observed::done, snapshot_detail(*file), snapshot_notes(*file, *job)};
}

std::vector<std::string> would_snapshot(const SnapshotOrder& order) {
  const auto place = job_place(order);
  return {fmt::format("POST {} {} (from CronJob {}/{})", place.jobs, place.job, place.space,
                      place.cronjob),
          fmt::format("PATCH /api/v1/namespaces/{} {}=<path from the Job's log>",
                      encoded(order.own_namespace), kSnapshot)};
}

Result<std::string> cronjob_problem(Client& client, const std::string& cronjob,
                                    const Patience& patience) {
  SnapshotOrder order;
  order.settings.cronjob = cronjob;
  const auto place = job_place(order);
  const auto json = client.get(fmt::format("/apis/batch/v1/namespaces/{}/cronjobs/{}",
                                           encoded(place.space), encoded(place.cronjob)),
                               patience);
  if (json) return std::string();
  if (json.error().trouble == Trouble::not_found)
    return fmt::format("CronJob {}/{} does not exist (`cronjob` in [snapshot])", place.space,
                       place.cronjob);
  if (json.error().trouble == Trouble::forbidden) return json.error().what;
  return std::unexpected(failure_of(json.error()));
}

}  // namespace lockkeeper::kubernetes
