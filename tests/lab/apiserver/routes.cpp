// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/routes.h"

#include <fmt/format.h>

#include <vector>

namespace lockkeeper::lab {
namespace {

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    if (path.front() == '/') {
      path.remove_prefix(1);
      continue;
    }
    const std::string_view segment = path.substr(0, path.find('/'));
    segments.emplace_back(segment);
    path.remove_prefix(segment.size());
  }
  return segments;
}

bool wants_watch(const http::Request& request) {
  const auto value = request.query_value("watch");
  return value == "1" || value == "true" || value == "True";
}

/// Where the resource begins: behind /api/v1 or /apis/GROUP/VERSION; 0 for other paths.
std::size_t group_segments(const std::vector<std::string>& segments) {
  if (segments.size() > 2 && segments[0] == "api" && segments[1] == "v1") return 2;
  if (segments.size() > 3 && segments[0] == "apis") return 3;
  return 0;
}

}  // namespace

std::optional<Route> route_of(std::string_view path) {
  const auto segments = segments_of(path);
  std::size_t at = group_segments(segments);
  if (at == 0) return std::nullopt;
  const std::string group = at == 2 ? "" : segments[1];
  const std::string& version = at == 2 ? segments[1] : segments[2];
  Route route;
  // /namespaces/NAME/status is about the namespace; /namespaces/NAME/pods is not.
  const bool inside = segments.size() >= at + 3 && segments[at] == "namespaces" &&
                      segments[at + 2] != "status" && segments[at + 2] != "finalize";
  if (inside) {
    route.ns = segments[at + 1];
    at += 2;
  }
  route.resource = resource_named(group, version, segments[at]);
  if (route.resource == nullptr || (inside && !route.resource->namespaced)) return std::nullopt;
  const std::size_t left = segments.size() - at - 1;
  if (left > 0) route.name = segments[at + 1];
  if (left > 1) route.subresource = segments[at + 2];
  const bool homeless = left > 0 && route.resource->namespaced && !inside;
  if (left > 2 || homeless) return std::nullopt;
  if (!route.subresource.empty() && !route.resource->has(route.subresource)) return std::nullopt;
  return route;
}

std::string_view verb_of(const http::Request& request, const Route& route) {
  const bool collection = route.name.empty();
  const std::string& method = request.method;
  if (method == "GET" || method == "HEAD") {
    if (!collection) return "get";
    return wants_watch(request) ? "watch" : "list";
  }
  if (method == "POST") {
    const bool acts = route.subresource == "eviction" || route.subresource == "binding";
    return collection || acts ? "create" : "";
  }
  if (method == "PUT") return collection ? "" : "update";
  if (method == "PATCH") return collection ? "" : "patch";
  if (method == "DELETE") return collection ? "deletecollection" : "delete";
  return "";
}

std::string pattern_of(const http::Request& request) {
  const auto route = route_of(request.path);
  if (!route) return fmt::format("{} {}", request.method, request.path);
  const Resource& resource = *route->resource;
  std::string text = fmt::format("{} /{}/{}", request.method,
                                 resource.group.empty() ? "api" : "apis", resource.api_version);
  if (!route->ns.empty()) text += "/namespaces/{ns}";
  text += fmt::format("/{}", resource.plural);
  if (!route->name.empty()) text += "/{name}";
  if (!route->subresource.empty()) text += "/" + route->subresource;
  if (route->name.empty() && wants_watch(request)) text += "?watch";
  return text;
}

}  // namespace lockkeeper::lab
