// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "integrations/kubernetes/objects.h"
#include "integrations/kubernetes/snapshot_run.h"
#include "rules/text.h"

namespace lockkeeper::kubernetes {
namespace {

constexpr int kLogLines = 500;
constexpr int kLogBytes = 1 << 20;
constexpr Millis kLogPatience{30'000};  // while a kubelet restarts; the pod is over, not the node

std::string log_hint(const JobPlace& place) {
  return fmt::format("; see `kubectl -n {} logs job/{}`", place.space, place.job);
}

/// The Job's pods, the successful ones last. Both label names are tried: the prefixed one is used
/// since 1.27.
ApiResult<std::vector<Json>> pods_of_job(Client& client, const JobPlace& place,
                                         const Patience& patience) {
  for (const std::string_view label : {"batch.kubernetes.io/job-name", "job-name"}) {
    const auto list =
        client.get(fmt::format("/api/v1/namespaces/{}/pods?labelSelector={}%3D{}",
                               encoded(place.space), encoded(label), encoded(place.job)),
                   patience);
    if (!list) return std::unexpected(list.error());
    std::vector<Json> pods = items_at(*list, {"items"});
    std::ranges::stable_sort(
        pods, {}, [](const Json& pod) { return text_at(pod, {"status", "phase"}) == "Succeeded"; });
    if (!pods.empty()) return pods;
  }
  return std::vector<Json>{};
}

/// One container's log. 400 (container waiting) and 5xx (kubelet away) pass.
ApiResult<std::string> log_of(Client& client, const Json& pod, const std::string& container,
                              const Patience& patience) {
  ApiRequest request;
  request.path = fmt::format(
      "{}/log?container={}&tailLines={}&limitBytes={}",
      fmt::format("/api/v1/namespaces/{}/pods/{}", encoded(text_at(pod, {"metadata", "namespace"})),
                  encoded(text_at(pod, {"metadata", "name"}))),
      encoded(container), kLogLines, kLogBytes);
  request.accept = "*/*";
  request.timeout = client.timeout();
  const auto reply = client.read(request, {std::min(patience.limit, kLogPatience), patience.watch});
  if (!reply) return std::unexpected(reply.error());
  return reply->body;
}

// A time in the future is no reason to refuse: clocks of storage hosts differ.
Status held_against(const SnapshotFile& file, const SnapshotSettings& settings, Time now) {
  if (file.bytes < settings.size_min)
    return fail(fmt::format("the snapshot {} has {} bytes, less than {}", file.path, file.bytes,
                            settings.size_min));
  if (file.taken && now - *file.taken > settings.age_max)
    return fail(fmt::format("the snapshot {} is of {}, older than {}", file.path,
                            to_string(*file.taken), to_string(settings.age_max)));
  return {};
}

}  // namespace

JobEnd job_end(const Json& job) {
  if (condition_of(job, "Failed") == "True") return JobEnd::failed;
  return condition_of(job, "Complete") == "True" ? JobEnd::complete : JobEnd::none;
}

std::string job_failure(const JobPlace& place, const Json& job) {
  std::string why = "without a reason";
  for (const auto& condition : items_at(job, {"status", "conditions"}))
    if (text_at(condition, {"type"}) == "Failed")
      why = fmt::format("{}: {}", text_at(condition, {"reason"}),
                        clipped(text_at(condition, {"message"}), 200));
  return fmt::format("Job {} failed ({}){}", place.full_name(), why, log_hint(place));
}

// Backup jobs often have a second container that ships the file; whichever says the words counts.
Result<SnapshotFile> verified_file(Client& client, const SnapshotOrder& order,
                                   const JobPlace& place, const Patience& patience) {
  const auto wrong = [&](const std::string& why) {
    return fail(fmt::format("Job {} ended, but {}{}", place.full_name(), why, log_hint(place)));
  };
  const auto pods = pods_of_job(client, place, patience);
  if (!pods) return std::unexpected(failure_of(pods.error()));
  if (pods->empty()) return wrong("its pod is gone, so its log cannot be read");
  std::string why;
  for (const auto& container : items_at(pods->back(), {"spec", "containers"})) {
    const auto log = log_of(client, pods->back(), text_at(container, {"name"}), patience);
    if (!log) {
      why = log.error().what;
      continue;
    }
    auto file = read_snapshot_log(*log, order.settings.success_text);
    if (!file) {
      why = file.error().what;
      continue;
    }
    if (auto good = held_against(*file, order.settings, client.clock().now()); !good)
      return wrong(good.error().what);
    return file;
  }
  return wrong(why.empty() ? "its pod has no container" : why);
}

std::string snapshot_detail(const SnapshotFile& file) {
  return fmt::format("etcd snapshot {} ({} bytes)", file.path, file.bytes);
}

Notes snapshot_notes(const SnapshotFile& file, const Json& job) {
  return {{"snapshot", file.path},
          {"snapshot_bytes", std::to_string(file.bytes)},
          {"snapshot_time",
           file.taken ? to_string(*file.taken) : text_at(job, {"status", "completionTime"})}};
}

}  // namespace lockkeeper::kubernetes
