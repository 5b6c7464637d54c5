// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "tests/lab/apiserver/json.h"
#include "tests/lab/apiserver/resources.h"

// The little of OpenAPI v3 that `kubectl apply` asks for: that PATCH knows the query parameter
// fieldValidation, so that kubectl leaves the validation to the server.

namespace lockkeeper::lab {
namespace {

std::string base_of(std::string_view api_version) {
  return (api_version == "v1" ? "api/" : "apis/") + std::string(api_version);
}

Json operation(const Resource& resource, bool patch) {
  const Json gvk = {
      {"group", resource.group}, {"version", resource.version()}, {"kind", resource.kind}};
  Json parameters = Json::array();
  for (const char* name : {"dryRun", "fieldManager", "fieldValidation"}) {
    parameters.push_back({{"name", name}, {"in", "query"}, {"schema", {{"type", "string"}}}});
  }
  return {{"x-kubernetes-action", patch ? "patch" : "post"},
          {"x-kubernetes-group-version-kind", gvk},
          {"parameters", std::move(parameters)},
          {"responses", {{"200", {{"description", "OK"}}}}}};
}

}  // namespace

/// The document of an OpenAPI path, or nothing.
std::optional<Json> openapi(std::string_view path) {
  constexpr std::string_view kRoot = "/openapi/v3";
  if (!path.starts_with(kRoot)) return std::nullopt;
  Json paths = Json::object();
  if (path == kRoot) {
    for (const auto& resource : all_resources()) {
      const std::string base = base_of(resource.api_version);
      paths[base] = {{"serverRelativeURL", "/openapi/v3/" + base + "?hash=lab"}};
    }
    return Json{{"paths", std::move(paths)}};
  }
  for (const auto& resource : all_resources()) {
    const std::string base = base_of(resource.api_version);
    if (path != "/openapi/v3/" + base) continue;
    const std::string home = resource.namespaced ? "/namespaces/{namespace}/" : "/";
    const std::string collection = "/" + base + home + std::string(resource.plural);
    paths[collection] = {{"post", operation(resource, false)}};
    paths[collection + "/{name}"] = {{"patch", operation(resource, true)}};
  }
  if (paths.empty()) return std::nullopt;
  return Json{{"openapi", "3.0.0"},
              {"info", {{"title", "Kubernetes"}, {"version", "unversioned"}}},
              {"paths", std::move(paths)}};
}

}  // namespace lockkeeper::lab
