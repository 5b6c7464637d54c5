// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "integrations/kubernetes/names.h"

namespace lockkeeper::kubernetes {
namespace {

StringMap strings_of(const Json& object) {
  StringMap map;
  for (const auto& [key, value] : object.items())
    if (value.is_string()) map.emplace(key, value.get<std::string>());
  return map;
}

// Of several owners only the controlling one re-creates the pod.
std::optional<Controller> controller_of(const Json& json) {
  for (const auto& owner : items_at(json, {"metadata", "ownerReferences"}))
    if (flag_at(owner, {"controller"}))
      return Controller{text_at(owner, {"apiVersion"}), text_at(owner, {"kind"}),
                        text_at(owner, {"name"}), text_at(owner, {"uid"})};
  return std::nullopt;
}

Condition condition_value(const std::string& text) {
  if (text == "True") return Condition::yes;
  return text == "False" ? Condition::no : Condition::unknown;
}

/// "2" and 2 alike: minAvailable may be either.
std::string number_or_text(const Json& value) {
  if (value.is_number_integer()) return std::to_string(value.get<std::int64_t>());
  return value.is_string() ? value.get<std::string>() : std::string();
}

bool has_member(const Json& json, JsonPath path, std::string_view name) {
  return members_at(json, path).contains(name);
}

}  // namespace

bool Pod::daemon() const {
  return controller && controller->api_version == "apps/v1" && controller->kind == "DaemonSet";
}

std::string Pod::controlled_by() const {
  return controller ? fmt::format("{} {}/{}", controller->kind, space, controller->name) : "nobody";
}

bool Budget::covers(const Pod& pod) const {
  return pod.space == space && selector.matches(pod.labels);
}

std::string condition_of(const Json& json, std::string_view type) {
  for (const auto& condition : items_at(json, {"status", "conditions"}))
    if (text_at(condition, {"type"}) == type) return text_at(condition, {"status"});
  return {};
}

std::string annotation_of(const Json& json, std::string_view name) {
  const Json& annotations = members_at(json, {"metadata", "annotations"});
  const auto found = annotations.find(name);
  return found != annotations.end() && found->is_string() ? found->get<std::string>() : "";
}

// 30 s is the server's own default for the grace period.
Pod pod_of(const Json& json) {
  Pod pod;
  pod.space = text_at(json, {"metadata", "namespace"});
  pod.name = text_at(json, {"metadata", "name"});
  pod.uid = text_at(json, {"metadata", "uid"});
  pod.node = text_at(json, {"spec", "nodeName"});
  pod.phase = text_at(json, {"status", "phase"});
  pod.labels = strings_of(members_at(json, {"metadata", "labels"}));
  pod.controller = controller_of(json);
  for (const auto& finalizer : items_at(json, {"metadata", "finalizers"}))
    if (finalizer.is_string()) pod.finalizers.push_back(finalizer.get<std::string>());
  for (const auto& container : items_at(json, {"spec", "containers"}))
    pod.images.push_back(text_at(container, {"image"}));
  for (const auto& volume : items_at(json, {"spec", "volumes"}))
    pod.empty_dir = pod.empty_dir || (volume.is_object() && volume.contains("emptyDir"));
  pod.deleted_at = text_at(json, {"metadata", "deletionTimestamp"});
  pod.grace_seconds = number_at(json, {"spec", "terminationGracePeriodSeconds"}, 30);
  pod.priority = number_at(json, {"spec", "priority"});
  pod.ready = condition_of(json, "Ready") == "True";
  pod.mirror = has_member(json, {"metadata", "annotations"}, kMirrorPod);
  const auto guard = annotation_of(json, kProtected);
  pod.is_protected = !guard.empty() && guard != "false";
  pod.safe_to_evict = annotation_of(json, kSafeToEvict) != "false";
  return pod;
}

// A status that is older than its spec is not believed: right after a change it tells of the old
// one.
Budget budget_of(const Json& json) {
  Budget budget;
  budget.space = text_at(json, {"metadata", "namespace"});
  budget.name = text_at(json, {"metadata", "name"});
  budget.selector = selector_of(value_at(json, {"spec", "selector"}));
  budget.min_available = number_or_text(value_at(json, {"spec", "minAvailable"}));
  budget.max_unavailable = number_or_text(value_at(json, {"spec", "maxUnavailable"}));
  budget.allowed = number_at(json, {"status", "disruptionsAllowed"});
  budget.healthy = number_at(json, {"status", "currentHealthy"});
  budget.desired = number_at(json, {"status", "desiredHealthy"});
  budget.expected = number_at(json, {"status", "expectedPods"});
  budget.current = number_at(json, {"status", "observedGeneration"}, -1) >=
                   number_at(json, {"metadata", "generation"});
  for (const auto& condition : items_at(json, {"status", "conditions"}))
    if (text_at(condition, {"type"}) == "DisruptionAllowed" &&
        text_at(condition, {"reason"}) == "SyncFailed")
      budget.sync_failure = text_at(condition, {"message"});
  return budget;
}

NodeFacts node_of(const Json& json) {
  constexpr std::array<std::string_view, 3> kPressures = {"MemoryPressure", "DiskPressure",
                                                          "PIDPressure"};
  NodeFacts node;
  node.name = text_at(json, {"metadata", "name"});
  node.uid = text_at(json, {"metadata", "uid"});
  for (const auto& address : items_at(json, {"status", "addresses"}))
    if (node.address.empty() && text_at(address, {"type"}) == "InternalIP")
      node.address = text_at(address, {"address"});
  node.control_plane = has_member(json, {"metadata", "labels"}, kControlPlaneLabel);
  node.kubelet_text = text_at(json, {"status", "nodeInfo", "kubeletVersion"});
  if (auto version = parse_version(node.kubelet_text)) node.kubelet = *version;
  node.runtime = text_at(json, {"status", "nodeInfo", "containerRuntimeVersion"});
  node.boot_id = text_at(json, {"status", "nodeInfo", "bootID"});
  for (const auto& condition : items_at(json, {"status", "conditions"})) {
    const auto type = text_at(condition, {"type"});
    const auto status = text_at(condition, {"status"});
    if (type == "Ready") {
      node.ready = condition_value(status);
      node.ready_changed = text_at(condition, {"lastTransitionTime"});
    }
    // A pressure that nobody can tell is not the absence of it.
    if (std::ranges::find(kPressures, type) != kPressures.end() && status != "False")
      node.pressures.push_back(type);
  }
  node.unschedulable = flag_at(json, {"spec", "unschedulable"});
  node.cordoned_by = annotation_of(json, kCordonedBy);
  return node;
}

}  // namespace lockkeeper::kubernetes
