// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/snapshot_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "integrations/kubernetes/claim.h"
#include "integrations/kubernetes/names.h"
#include "integrations/kubernetes/objects.h"

namespace lockkeeper::kubernetes {
namespace {

constexpr Millis kTurn{250};
constexpr Millis kLook{1'000};  // between two questions whether to stop

}  // namespace

SnapshotRun::SnapshotRun(Client& client, const SnapshotOrder& order, Watch& watch)
    : client_(client),
      order_(order),
      watch_(watch),
      place_(job_place(order)),
      begun_(client.clock().moment()) {}

Outcome SnapshotRun::run() {
  if (auto outcome = create()) return *outcome;
  if (job_end(job_) == JobEnd::none) return await();
  return finish();
}

/// Looks first, every time: a POST whose answer was lost is found by the look that follows it.
std::optional<Outcome> SnapshotRun::create() {
  const Patience patience{order_.outage_limit, &watch_};
  while (true) {
    const auto job = client_.get(place_.jobs + "/" + place_.job, patience);
    if (job) return adopt(*job);
    if (job.error().trouble == Trouble::stopped)
      return ended(StepResult::interrupted, "stopped before the snapshot's Job was created");
    if (job.error().trouble != Trouble::not_found)
      return ended(StepResult::failed, job.error().what);
    if (client_.clock().moment() - begun_ > order_.outage_limit)
      return ended(StepResult::failed,
                   fmt::format("Job {} could not be created in time", place_.full_name()));
    const auto cronjob = client_.get(fmt::format("/apis/batch/v1/namespaces/{}/cronjobs/{}",
                                                 encoded(place_.space), encoded(place_.cronjob)),
                                     patience);
    if (!cronjob) return ended(StepResult::failed, cronjob.error().what);
    ApiRequest request;
    request.method = "POST";
    request.path = place_.jobs;
    request.body = dumped(job_from(*cronjob, order_.run));
    request.timeout = client_.timeout();
    const auto made = client_.write(request);
    if (made) return adopt(*made);
    const bool again = Client::passing(made.error()) || made.error().trouble == Trouble::exists;
    if (!again) return ended(StepResult::failed, made.error().what);
    if (!client_.rest(std::max(kLook, made.error().retry_after), &watch_))
      return ended(StepResult::interrupted, "stopped before the snapshot's Job was created");
  }
}

std::optional<Outcome> SnapshotRun::adopt(const Json& job) {
  if (annotation_of(job, kRun) != order_.run)
    return ended(StepResult::failed,
                 fmt::format("Job {} exists and is not this run's", place_.full_name()));
  uid_ = text_at(job, {"metadata", "uid"});
  job_ = job;
  watch_.progress(fmt::format("Job {} is running", place_.full_name()));
  return std::nullopt;
}

// Watched, because a Job with a short life after its end would be missed by slow polling.
Outcome SnapshotRun::await() {
  const auto lanes = client_.transport().lanes(1);
  MirrorHandlers handlers;
  handlers.on_list = [this](const std::vector<Json>& items) {
    deleted_ = items.empty();
    for (const auto& item : items)
      take_job(item);
  };
  handlers.on_event = [this](const WatchEvent& event) {
    take_job(event.object);
    deleted_ = event.type == WatchEvent::Type::deleted;
  };
  handlers.on_trouble = [this](const ApiFailure& failure) {
    if (Client::outage(failure)) outage_.sign(client_.clock().moment(), failure.what);
  };
  handlers.on_contact = [this] { outage_.over(client_.clock().moment()); };
  Mirror mirror(client_, *lanes,
                {place_.jobs, "fieldSelector=metadata.name%3D" + encoded(place_.job)}, handlers);
  Moment next_look{};
  while (true) {
    const Moment now = client_.clock().moment();
    if (watch_.leaving()) return ended(StepResult::interrupted, "the process ends");
    if (now >= next_look) {
      next_look = now + kLook;
      if (watch_.stop_wanted())
        return ended(StepResult::interrupted,
                     fmt::format("stopped; Job {} goes on", place_.full_name()));
    }
    if (auto outcome = over(now)) return *outcome;
    if (mirror.dead()) return ended(StepResult::failed, mirror.dead()->what);
    mirror.tick();
    lanes->turn(kTurn);
  }
}

void SnapshotRun::take_job(const Json& job) {
  if (text_at(job, {"metadata", "uid"}) == uid_) job_ = job;
}

std::optional<Outcome> SnapshotRun::over(Moment now) {
  if (job_end(job_) != JobEnd::none) return finish();
  if (deleted_)
    return ended(StepResult::failed,
                 fmt::format("Job {} was deleted before its end", place_.full_name()));
  if (outage_.lasting(now) > order_.outage_limit)
    return ended(StepResult::failed, fmt::format("the API server has been away for {}: {}",
                                                 to_string(outage_.lasting(now)), outage_.what()));
  if (now - begun_ < order_.settings.timeout + outage_.total(now)) return std::nullopt;
  return ended(StepResult::failed,
               fmt::format("Job {} did not end within {}; see `kubectl -n {} describe job {}`",
                           place_.full_name(), to_string(order_.settings.timeout), place_.space,
                           place_.job));
}

// Annotated before it is called done: whoever restores without us looks there.
Outcome SnapshotRun::finish() {
  if (job_end(job_) == JobEnd::failed) return ended(StepResult::failed, job_failure(place_, job_));
  const Patience patience{order_.outage_limit, &watch_};
  const auto file = verified_file(client_, order_, place_, patience);
  if (!file) return ended(StepResult::failed, file.error().what);
  auto noted = annotate_snapshot(client_, order_.own_namespace, file->path, patience);
  if (noted.result != StepResult::done) return noted;
  return ended(StepResult::done, snapshot_detail(*file), snapshot_notes(*file, job_));
}

Outcome SnapshotRun::ended(StepResult result, std::string detail, Notes notes) {
  return {0, result, std::move(detail), std::move(notes)};
}

}  // namespace lockkeeper::kubernetes
