// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "tests/lab/apiserver/view.h"
#include "tests/lab/apiserver/wire_time.h"

// The columns of `kubectl get` for the kinds that people look at in the lab; name and age for the
// rest.

namespace lockkeeper::lab {
namespace {

struct Column {
  const char* name;
  const char* type;
  int priority;  // 1: only with -o wide
};

std::vector<Column> columns_of(std::string_view plural) {
  if (plural == "nodes") {
    return {{"Name", "string", 0},           {"Status", "string", 0},
            {"Roles", "string", 0},          {"Age", "string", 0},
            {"Version", "string", 0},        {"Internal-IP", "string", 1},
            {"External-IP", "string", 1},    {"OS-Image", "string", 1},
            {"Kernel-Version", "string", 1}, {"Container-Runtime", "string", 1}};
  }
  if (plural == "pods") {
    return {{"Name", "string", 0},     {"Ready", "string", 0}, {"Status", "string", 0},
            {"Restarts", "string", 0}, {"Age", "string", 0},   {"IP", "string", 1},
            {"Node", "string", 1}};
  }
  if (plural == "deployments" || plural == "statefulsets") {
    return {{"Name", "string", 0}, {"Ready", "string", 0}, {"Age", "string", 0}};
  }
  if (plural == "jobs") {
    return {{"Name", "string", 0},
            {"Status", "string", 0},
            {"Completions", "string", 0},
            {"Age", "string", 0}};
  }
  if (plural == "cronjobs") {
    return {{"Name", "string", 0},
            {"Schedule", "string", 0},
            {"Suspend", "boolean", 0},
            {"Age", "string", 0}};
  }
  if (plural == "poddisruptionbudgets") {
    return {{"Name", "string", 0},
            {"Min Available", "string", 0},
            {"Max Unavailable", "string", 0},
            {"Allowed Disruptions", "integer", 0},
            {"Age", "string", 0}};
  }
  if (plural == "events") {
    return {{"Last Seen", "string", 0},
            {"Type", "string", 0},
            {"Reason", "string", 0},
            {"Object", "string", 0},
            {"Message", "string", 0}};
  }
  return {{"Name", "string", 0}, {"Age", "string", 0}};
}

std::string or_none(std::string_view text) {
  return text.empty() ? "<none>" : std::string(text);
}

std::string scalar_at(const Json& body, std::string_view path) {
  const Json* value = find(body, path);
  if (value == nullptr) return "N/A";
  return value->is_string() ? value->get<std::string>() : value->dump();
}

std::string node_status(const Json& body) {
  const auto ready = condition_of(body, "Ready");
  std::string text = ready == "True" ? "Ready" : (ready.empty() ? "Unknown" : "NotReady");
  if (flag_at(body, "spec/unschedulable")) text += ",SchedulingDisabled";
  return text;
}

std::string node_roles(const Json& body) {
  constexpr std::string_view kRole = "node-role.kubernetes.io/";
  std::vector<std::string> roles;
  for (const auto& [name, value] : map_at(body, "metadata/labels").items()) {
    if (name.starts_with(kRole)) roles.push_back(name.substr(kRole.size()));
  }
  return roles.empty() ? "<none>" : fmt::format("{}", fmt::join(roles, ","));
}

std::string address_of(const Json& body, std::string_view type) {
  const Json* address = entry_with(list_at(body, "status/addresses"), "type", type);
  return address == nullptr ? "<none>" : or_none(text_at(*address, "address"));
}

Json node_cells(const Json& body, const std::string& age) {
  return {name_of(body),
          node_status(body),
          node_roles(body),
          age,
          or_none(text_at(body, "status/nodeInfo/kubeletVersion")),
          address_of(body, "InternalIP"),
          address_of(body, "ExternalIP"),
          or_none(text_at(body, "status/nodeInfo/osImage")),
          or_none(text_at(body, "status/nodeInfo/kernelVersion")),
          or_none(text_at(body, "status/nodeInfo/containerRuntimeVersion"))};
}

std::string pod_status(const Json& body) {
  if (is_deleting(body)) return "Terminating";
  const auto phase = text_at(body, "status/phase");
  return phase == "Succeeded" ? "Completed" : (phase == "Failed" ? "Error" : or_none(phase));
}

Json pod_cells(const Json& body, const std::string& age) {
  const Json& statuses = list_at(body, "status/containerStatuses");
  const auto ready =
      std::ranges::count_if(statuses, [](const Json& status) { return flag_at(status, "ready"); });
  return {name_of(body),
          fmt::format("{}/{}", ready, list_at(body, "spec/containers").size()),
          pod_status(body),
          "0",
          age,
          or_none(text_at(body, "status/podIP")),
          or_none(text_at(body, "spec/nodeName"))};
}

std::string job_status(const Json& body) {
  if (condition_of(body, "Complete") == "True") return "Complete";
  return condition_of(body, "Failed") == "True" ? "Failed" : "Running";
}

}  // namespace

Json table_columns(const Resource& resource) {
  Json columns = Json::array();
  for (const auto& column : columns_of(resource.plural)) {
    const bool is_name = std::string_view(column.name) == "Name";
    columns.push_back({{"name", column.name},
                       {"type", column.type},
                       {"format", is_name ? "name" : ""},
                       {"description", column.name},
                       {"priority", column.priority}});
  }
  return columns;
}

Json table_cells(const Resource& resource, const Json& body) {
  const std::string age = age_of(text_at(body, "metadata/creationTimestamp"));
  const auto name = name_of(body);
  const std::string_view plural = resource.plural;
  if (plural == "nodes") return node_cells(body, age);
  if (plural == "pods") return pod_cells(body, age);
  if (plural == "deployments" || plural == "statefulsets") {
    const auto ready = number_at(body, "status/readyReplicas", 0);
    return {name, fmt::format("{}/{}", ready, number_at(body, "spec/replicas", 1)), age};
  }
  if (plural == "jobs") {
    const auto done = number_at(body, "status/succeeded", 0);
    return {name, job_status(body),
            fmt::format("{}/{}", done, number_at(body, "spec/completions", 1)), age};
  }
  if (plural == "cronjobs") {
    return {name, text_at(body, "spec/schedule"), flag_at(body, "spec/suspend"), age};
  }
  if (plural == "poddisruptionbudgets") {
    return {name, scalar_at(body, "spec/minAvailable"), scalar_at(body, "spec/maxUnavailable"),
            number_at(body, "status/disruptionsAllowed", 0), age};
  }
  if (plural == "events") {
    const std::string object = fmt::format("{}/{}", text_at(body, "involvedObject/kind"),
                                           text_at(body, "involvedObject/name"));
    return {age, text_at(body, "type"), text_at(body, "reason"), object, text_at(body, "message")};
  }
  return {name, age};
}

}  // namespace lockkeeper::lab
