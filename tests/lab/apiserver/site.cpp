// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/site.h"

#include <fmt/format.h>

#include <array>

#include "tests/lab/apiserver/verbs.h"

namespace lockkeeper::lab {

Json discovery(std::string_view path);
std::optional<Json> openapi(std::string_view path);

namespace {

constexpr std::array kChecks = {"ping", "log", "etcd", "informer-sync",
                                "poststarthook/rbac/bootstrap-roles"};

http::Response json_of(const Json& body) {
  return {.status = 200, .body = body.dump() + "\n"};
}

http::Response plain(std::string text) {
  return {.status = 200, .body = std::move(text), .content_type = "text/plain; charset=utf-8"};
}

Json version_of(const std::string& version) {
  const std::size_t dot = version.find('.');
  return {{"major", version.substr(0, dot)},
          {"minor", version.substr(dot + 1, version.find('.', dot + 1) - dot - 1)},
          {"gitVersion", "v" + version},
          {"gitCommit", "0000000000000000000000000000000000000000"},
          {"gitTreeState", "clean"},
          {"buildDate", "2026-01-01T00:00:00Z"},
          {"goVersion", "go1.24.0"},
          {"compiler", "gc"},
          {"platform", "linux/amd64"}};
}

std::optional<http::Response> health(const http::Request& request) {
  for (const std::string_view endpoint : {"/readyz", "/livez", "/healthz"}) {
    if (!request.path.starts_with(endpoint)) continue;
    const std::string_view rest = std::string_view(request.path).substr(endpoint.size());
    if (rest.empty() && !request.query.contains("verbose")) return plain("ok");
    if (!rest.empty() && rest != "/") {
      const bool known = std::ranges::find(kChecks, rest.substr(1)) != kChecks.end();
      return known ? plain("ok") : page_not_found();
    }
    std::string text;
    for (const auto* check : kChecks)
      text += fmt::format("[+]{} ok\n", check);
    return plain(text + fmt::format("{} check passed\n", endpoint.substr(1)));
  }
  return std::nullopt;
}

Attempt attempt_in(const Json& spec) {
  const Json& of = map_at(spec, "resourceAttributes");
  Attempt attempt{.verb = string_at(of, "verb"),
                  .group = string_at(of, "group"),
                  .resource = string_at(of, "resource"),
                  .ns = string_at(of, "namespace"),
                  .name = string_at(of, "name")};
  const auto subresource = text_at(of, "subresource");
  if (!subresource.empty()) attempt.resource += "/" + std::string(subresource);
  if (!of.empty()) return attempt;
  attempt.verb = string_at(spec, "nonResourceAttributes/verb");
  attempt.path = string_at(spec, "nonResourceAttributes/path");
  return attempt;
}

}  // namespace

bool is_public(std::string_view path) {
  return path == "/version" || path.starts_with("/readyz") || path.starts_with("/livez") ||
         path.starts_with("/healthz");
}

http::Response page_not_found() {
  http::Response response = http::text_response(404, "404 page not found");
  response.content_type = "text/plain; charset=utf-8";
  return response;
}

std::optional<http::Response> serve_site(const Cluster& cluster, const http::Request& request) {
  if (request.method != "GET" && request.method != "HEAD") return std::nullopt;
  if (request.path == "/version" || request.path == "/version/")
    return json_of(version_of(cluster.version));
  if (auto response = health(request)) return response;
  if (request.path == "/metrics") {
    const auto metrics = fmt::format(
        "# HELP apiserver_storage_objects Number of stored objects at the time of last check.\n"
        "# TYPE apiserver_storage_objects gauge\n"
        "apiserver_storage_objects{{resource=\"pods\"}} {}\n"
        "apiserver_storage_objects{{resource=\"nodes\"}} {}\n{}",
        cluster.store.all(resource("pods")).size(), cluster.store.all(resource("nodes")).size(),
        cluster.extra_metrics);
    // A cluster that has been up for a week, unless a test says otherwise.
    if (cluster.extra_metrics.find("process_start_time_seconds") != std::string::npos)
      return plain(metrics);
    const auto started = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now() -
                                                                  std::chrono::days(7));
    return plain(fmt::format("{}process_start_time_seconds {}\n", metrics,
                             started.time_since_epoch().count()));
  }
  if (const Json document = discovery(request.path); !document.is_null()) return json_of(document);
  if (const auto document = openapi(request.path)) return json_of(*document);
  if (request.path == "/openapi/v2") {
    // An empty document, which is no bytes in protobuf: old kubectl then leaves validation to us.
    return http::Response{
        .status = 200,
        .content_type = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"};
  }
  return std::nullopt;
}

std::optional<http::Response> serve_review(const Access& access, const User& user,
                                           const http::Request& request) {
  constexpr std::string_view kAuthorization = "/apis/authorization.k8s.io/v1/";
  const bool self = request.path == "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  if (request.method != "POST" || (!self && !request.path.starts_with(kAuthorization)))
    return std::nullopt;
  auto review = parse_body(request);
  if (!review || !review->is_object())
    return to_response(bad_request("the review is no JSON object"));
  place(*review, "metadata/creationTimestamp") = nullptr;
  if (self) {
    (*review)["status"]["userInfo"] = {{"username", user.name}, {"groups", user.groups}};
  } else if (request.path.ends_with("/selfsubjectaccessreviews")) {
    (*review)["status"] = {{"allowed", access.may(user, attempt_in(map_at(*review, "spec")))}};
  } else if (request.path.ends_with("/selfsubjectrulesreviews")) {
    (*review)["status"] = {{"resourceRules", Json::array()},
                           {"nonResourceRules", Json::array()},
                           {"incomplete", true}};
  } else {
    return std::nullopt;
  }
  return http::Response{.status = 201, .body = review->dump() + "\n"};
}

}  // namespace lockkeeper::lab
