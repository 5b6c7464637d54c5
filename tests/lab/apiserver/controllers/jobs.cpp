// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tests/lab/apiserver/controllers/controllers.h"
#include "tests/lab/apiserver/controllers/workload.h"
#include "tests/lab/apiserver/wire_time.h"
#include "tests/lab/apiserver/writes.h"

namespace lockkeeper::lab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Tally {
  std::int64_t active = 0;
  std::int64_t ready = 0;
  std::int64_t succeeded = 0;
  std::int64_t failed = 0;
};

bool is_over(const Json& job) {
  return condition_of(job, "Complete") == "True" || condition_of(job, "Failed") == "True";
}

class Jobs : public Controller {
 public:
  using Controller::Controller;

  void observe(const Change& change) override {
    if (change.resource == &jobs_) mark(change.key);
    if (change.resource == &pods_) mark_owner(change, "Job");
  }

  void reconcile(const Key& key) override {
    const ObjectPtr job = live(cluster_, jobs_, key);
    if (!job) return;
    if (text_at(job->body, "status/startTime").empty() && !flag_at(job->body, "spec/suspend")) {
      edit(cluster_, jobs_, key,
           [](Json& body) { place(body, "status/startTime") = now_seconds(); });
      return mark(key);
    }
    if (is_over(job->body)) return expire(key, *job);
    Tally tally = count(*job);
    const std::int64_t wanted = number_at(job->body, "spec/completions", 1);
    if (tally.succeeded >= wanted)
      return finish(key, *job, true, tally, "CompletionsReached",
                    "Reached expected number of succeeded pods");
    if (tally.failed > number_at(job->body, "spec/backoffLimit", 6)) {
      return finish(key, *job, false, tally, "BackoffLimitExceeded",
                    "Job has reached the specified backoff limit");
    }
    if (overdue(key, *job)) {
      return finish(key, *job, false, tally, "DeadlineExceeded",
                    "Job was active longer than specified deadline");
    }
    if (!flag_at(job->body, "spec/suspend")) start_pods(*job, tally, wanted);
    report(key, tally);
  }

 private:
  Tally count(const Object& job) const {
    Tally tally;
    for (const auto& pod : children_of(cluster_, job.body, pods_)) {
      const auto phase = text_at(pod->body, "status/phase");
      if (phase == "Succeeded") ++tally.succeeded;
      if (phase == "Failed") ++tally.failed;
      if (is_active(pod->body)) ++tally.active;
      if (is_active(pod->body) && is_ready(pod->body)) ++tally.ready;
    }
    return tally;
  }

  void start_pods(const Object& job, Tally& tally, std::int64_t wanted) {
    const std::int64_t side_by_side = number_at(job.body, "spec/parallelism", 1);
    const std::int64_t missing = std::min(side_by_side, wanted - tally.succeeded) - tally.active;
    for (std::int64_t i = 0; i < missing; ++i) {
      Json pod = pod_from_template(jobs_, job.body);
      if (!create_object(cluster_, pods_, std::move(pod))) return;
      ++tally.active;
    }
  }

  bool overdue(const Key& key, const Object& job) {
    const std::int64_t deadline = number_at(job.body, "spec/activeDeadlineSeconds", 0);
    const auto started = parse_time(text_at(job.body, "status/startTime"));
    if (deadline <= 0 || !started) return false;
    const auto left = *started + seconds(deadline) - std::chrono::system_clock::now();
    if (left.count() <= 0) return true;
    mark(key, std::chrono::ceil<milliseconds>(left));
    return false;
  }

  void finish(const Key& key, const Object& job, bool complete, const Tally& tally,
              const char* reason, const char* message) {
    for (const auto& pod : children_of(cluster_, job.body, pods_)) {
      if (is_active(pod->body)) (void)delete_object(cluster_, pods_, key_of(pods_, pod->body), {});
    }
    edit(cluster_, jobs_, key, [&](Json& body) {
      write(body, {.succeeded = tally.succeeded, .failed = tally.failed});
      // Since 1.31 the verdict is announced by a condition of its own, before the final one.
      set_condition(body, complete ? "SuccessCriteriaMet" : "FailureTarget", "True", reason,
                    message);
      set_condition(body, complete ? "Complete" : "Failed", "True", reason, message);
      if (complete) body["status"]["completionTime"] = now_seconds();
    });
  }

  void expire(const Key& key, const Object& job) {
    const Json* ttl = find(job.body, "spec/ttlSecondsAfterFinished");
    if (ttl == nullptr || !ttl->is_number()) return;
    const bool complete = condition_of(job.body, "Complete") == "True";
    const Json* verdict = entry_with(list_at(job.body, "status/conditions"), "type",
                                     complete ? "Complete" : "Failed");
    const auto ended = parse_time(text_at(*verdict, "lastTransitionTime"));
    const auto left = *ended + seconds(ttl->get<std::int64_t>()) - std::chrono::system_clock::now();
    if (left.count() > 0) return mark(key, std::chrono::ceil<milliseconds>(left));
    (void)delete_object(cluster_, jobs_, key, {});
  }

  static void write(Json& body, const Tally& tally) {
    Json& status = place(body, "status");
    const auto count = [&](const char* name, std::int64_t value) {
      if (value > 0) status[name] = value;
      if (value == 0) status.erase(name);
    };
    count("active", tally.active);
    count("succeeded", tally.succeeded);
    count("failed", tally.failed);
    status["ready"] = tally.ready;
    status["terminating"] = 0;
    status["uncountedTerminatedPods"] = Json::object();
  }

  void report(const Key& key, const Tally& tally) {
    edit(cluster_, jobs_, key, [&](Json& body) { write(body, tally); });
  }

  const Resource& jobs_ = resource("jobs");
  const Resource& pods_ = resource("pods");
};

}  // namespace

std::unique_ptr<Controller> jobs(Cluster& cluster, Loop& loop) {
  return std::make_unique<Jobs>(cluster, loop);
}

}  // namespace lockkeeper::lab
