// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tests/lab/apiserver/writes.h"

// Defaults and validation, as far as clients of the lab can see them. The values are those of the
// Kubernetes API reference.

namespace lockkeeper::lab {
namespace {

/// Sets what is absent.
void fill(Json& object, const Json& defaults) {
  for (const auto& [key, value] : defaults.items()) {
    if (!object.contains(key) || object[key].is_null()) object[key] = value;
  }
}

void fill_pod_spec(Json& spec) {
  fill(spec, {{"restartPolicy", "Always"},
              {"terminationGracePeriodSeconds", 30},
              {"dnsPolicy", "ClusterFirst"},
              {"schedulerName", "default-scheduler"},
              {"securityContext", Json::object()}});
  if (!spec.contains("containers") || !spec["containers"].is_array()) return;
  for (auto& container : spec["containers"]) {
    fill(container, {{"imagePullPolicy", "IfNotPresent"},
                     {"resources", Json::object()},
                     {"terminationMessagePath", "/dev/termination-log"},
                     {"terminationMessagePolicy", "File"}});
  }
}

void fill_pod(Json& body) {
  Json& spec = place(body, "spec");
  fill_pod_spec(spec);
  fill(spec, {{"serviceAccountName", "default"},
              {"serviceAccount", "default"},
              {"enableServiceLinks", true},
              {"preemptionPolicy", "PreemptLowerPriority"},
              {"priority", 0}});
  fill(place(body, "status"), {{"phase", "Pending"}, {"qosClass", "BestEffort"}});
  if (annotation_of(body, "lab/finalizer-stuck") == "true" && !is_deleting(body)) {
    fill(body["metadata"], {{"finalizers", Json::array({"lab/stuck"})}});
  }
}

void fill_deployment(Json& spec) {
  fill(spec, {{"replicas", 1}, {"revisionHistoryLimit", 10}, {"progressDeadlineSeconds", 600}});
  fill(spec, {{"strategy", {{"type", "RollingUpdate"}}}});
  if (text_at(spec, "strategy/type") != "RollingUpdate") return;
  fill(place(spec, "strategy/rollingUpdate"), {{"maxSurge", "25%"}, {"maxUnavailable", "25%"}});
}

void fill_job(Json& body) {
  Json& spec = body["spec"];
  fill(spec, {{"backoffLimit", 6},
              {"parallelism", 1},
              {"completions", 1},
              {"completionMode", "NonIndexed"},
              {"suspend", false},
              {"manualSelector", false},
              {"podReplacementPolicy", "TerminatingOrFailed"}});
  fill_pod_spec(place(spec, "template/spec"));
  if (flag_at(spec, "manualSelector") || spec.contains("selector")) return;
  const std::string uid = string_at(body, "metadata/uid");
  spec["selector"]["matchLabels"]["batch.kubernetes.io/controller-uid"] = uid;
  Json& labels = place(spec, "template/metadata/labels");
  for (const std::string prefix : {"", "batch.kubernetes.io/"}) {
    labels[prefix + "job-name"] = name_of(body);
    labels[prefix + "controller-uid"] = uid;
  }
}

void fill_cronjob(Json& spec) {
  fill(spec, {{"concurrencyPolicy", "Allow"},
              {"suspend", false},
              {"successfulJobsHistoryLimit", 3},
              {"failedJobsHistoryLimit", 1}});
}

/// RFC 1123 subdomain, the rule for most names.
bool is_dns_name(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return plain(name.front()) && plain(name.back()) &&
         std::ranges::all_of(name, [&](char c) { return plain(c) || c == '-' || c == '.'; });
}

Cause invalid_value(std::string field, std::string_view value, std::string_view why) {
  return {.reason = "FieldValueInvalid",
          .message = "Invalid value: \"" + std::string(value) + "\": " + std::string(why),
          .field = std::move(field)};
}

void judge_workload(const Json& body, const Json* old, std::vector<Cause>& faults) {
  const LabelSelector selector = LabelSelector::of(map_at(body, "spec/selector"));
  if (selector.empty()) {
    faults.push_back({"FieldValueRequired", "Required value", "spec.selector"});
  } else if (!selector.matches(map_at(body, "spec/template/metadata/labels"))) {
    faults.push_back(invalid_value("spec.template.metadata.labels",
                                   map_at(body, "spec/template/metadata/labels").dump(),
                                   "`selector` does not match template `labels`"));
  }
  if (old != nullptr && map_at(*old, "spec/selector") != map_at(body, "spec/selector")) {
    faults.push_back(
        invalid_value("spec.selector", map_at(body, "spec/selector").dump(), "field is immutable"));
  }
}

void judge_pod(const Json& body, const Json* old, std::vector<Cause>& faults) {
  if (list_at(body, "spec/containers").empty()) {
    faults.push_back({"FieldValueRequired", "Required value", "spec.containers"});
  }
  if (old != nullptr && text_at(*old, "spec/nodeName") != text_at(body, "spec/nodeName")) {
    faults.push_back(
        {"FieldValueForbidden",
         "Forbidden: pod updates may not change fields other than "
         "`spec.containers[*].image`,`spec.initContainers[*].image`,"
         "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing "
         "tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if "
         "it was previously negative)",
         "spec"});
  }
}

}  // namespace

void set_defaults(const Resource& resource, Json& body) {
  const std::string_view kind = resource.kind;
  if (kind == "Pod") fill_pod(body);
  if (kind == "Namespace") {
    if (!is_deleting(body))
      fill(place(body, "spec"), {{"finalizers", Json::array({"kubernetes"})}});
    fill(place(body, "status"), {{"phase", "Active"}});
    place(body, "metadata/labels")["kubernetes.io/metadata.name"] = name_of(body);
  }
  if (kind == "Secret") fill(body, {{"type", "Opaque"}});
  if (kind == "Deployment") fill_deployment(place(body, "spec"));
  if (kind == "ReplicaSet") fill(place(body, "spec"), {{"replicas", 1}});
  if (kind == "StatefulSet") {
    fill(place(body, "spec"), {{"replicas", 1},
                               {"podManagementPolicy", "OrderedReady"},
                               {"updateStrategy", {{"type", "RollingUpdate"}}}});
  }
  if (kind == "DaemonSet") {
    fill(place(body, "spec"), {{"updateStrategy", {{"type", "RollingUpdate"}}}});
  }
  const bool templated =
      kind == "Deployment" || kind == "ReplicaSet" || kind == "StatefulSet" || kind == "DaemonSet";
  if (templated) fill_pod_spec(place(body, "spec/template/spec"));
  if (kind == "Job") fill_job(body);
  if (kind == "PodDisruptionBudget") {
    fill(place(body, "status"), {{"currentHealthy", 0},
                                 {"desiredHealthy", 0},
                                 {"disruptionsAllowed", 0},
                                 {"expectedPods", 0}});
  }
  if (resource.has("status")) fill(body, {{"status", Json::object()}});
  if (kind == "CronJob") fill_cronjob(place(body, "spec"));
}

std::vector<Cause> faults_of(const Resource& resource, const Json& body, const Json* old) {
  std::vector<Cause> faults;
  const std::string_view kind = resource.kind;
  const auto name = name_of(body);
  if (name.empty()) {
    faults.push_back({"FieldValueRequired", "Required value: name or generateName is required",
                      "metadata.name"});
  } else if (!is_dns_name(name)) {
    faults.push_back(invalid_value(
        "metadata.name", name,
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
        "'.', and must start and end with an alphanumeric character"));
  }
  if (kind == "Job" && name.size() > 63) {
    faults.push_back(invalid_value("metadata.name", name, "must be no more than 63 characters"));
  }
  if (kind == "Pod") judge_pod(body, old, faults);
  if (kind == "Deployment" || kind == "StatefulSet" || kind == "DaemonSet")
    judge_workload(body, old, faults);
  if (kind == "Job" && old != nullptr &&
      map_at(*old, "spec/template") != map_at(body, "spec/template")) {
    faults.push_back(invalid_value("spec.template", "...", "field is immutable"));
  }
  const bool both = kind == "PodDisruptionBudget" && find(body, "spec/minAvailable") != nullptr &&
                    find(body, "spec/maxUnavailable") != nullptr;
  if (both) {
    faults.push_back(
        invalid_value("spec", "...", "minAvailable and maxUnavailable cannot be both set"));
  }
  return faults;
}

}  // namespace lockkeeper::lab
