// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/update.h"

#include <fmt/format.h>

#include <algorithm>

namespace lockkeeper::kubernetes {
namespace {

constexpr int kConflictsMax = 10;
constexpr Millis kConflictPause{20};  // doubled each time, as client-go does under contention
constexpr int kDoublingsMax = 5;

Outcome failed(const UpdateTarget& target, const std::string& why) {
  return {0, StepResult::failed, fmt::format("{}: {}", target.name, why), {}};
}

ApiRequest patch_request(const UpdateTarget& target, const Json& read, Json patch, Millis timeout) {
  patch["metadata"]["resourceVersion"] = text_at(read, {"metadata", "resourceVersion"});
  patch["metadata"]["uid"] = text_at(read, {"metadata", "uid"});
  ApiRequest request;
  request.method = "PATCH";
  request.path = target.path;
  request.content_type = "application/merge-patch+json";
  request.body = dumped(patch);
  request.timeout = timeout;
  return request;
}

Outcome interrupted(const UpdateTarget& target) {
  return {0, StepResult::interrupted, target.name + ": stopped before it was changed", {}};
}

}  // namespace

Outcome update(Client& client, const UpdateTarget& target, const Patience& patience,
               const std::function<Decision(const Json&)>& decide) {
  const Moment begun = client.clock().moment();
  Backoff pauses = client.backoff();
  int conflicts = 0;
  while (true) {
    const Millis left = std::max(Millis{0}, patience.limit - (client.clock().moment() - begun));
    const auto read = client.get(target.path, {left, patience.watch});
    if (!read && read.error().trouble == Trouble::stopped) return interrupted(target);
    if (!read) return failed(target, read.error().what);
    auto decision = decide(*read);
    if (decision.outcome) return std::move(*decision.outcome);
    const auto written =
        client.write(patch_request(target, *read, std::move(decision.patch), client.timeout()));
    if (written)
      if (auto now = decide(*written); now.outcome) return std::move(*now.outcome);
    // A change that was accepted and does not stand is somebody else's doing, like a conflict.
    const bool conflict = written || written.error().trouble == Trouble::conflict;
    if (conflict && ++conflicts > kConflictsMax)
      return failed(target, "somebody else keeps changing it");
    if (!conflict && !Client::passing(written.error())) return failed(target, written.error().what);
    const Millis pause = conflict ? kConflictPause * (1 << std::min(conflicts, kDoublingsMax))
                                  : std::max(pauses.next(), written.error().retry_after);
    if (!conflict && client.clock().moment() - begun + pause > patience.limit)
      return failed(target, written.error().what);
    if (!client.rest(pause, patience.watch)) return interrupted(target);
  }
}

}  // namespace lockkeeper::kubernetes
