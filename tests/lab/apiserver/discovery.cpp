// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "tests/lab/apiserver/site.h"

namespace lockkeeper::lab {
namespace {

constexpr std::array kVerbs = {"create", "delete", "deletecollection", "get",
                               "list",   "patch",  "update",           "watch"};

struct Review {
  std::string_view group;
  std::string_view plural;
  std::string_view kind;
};

// Served by serve_review(), not by the store.
constexpr std::array kReviews = {
    Review{"authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview"},
    Review{"authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview"},
    Review{"authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview"},
};

Json words(std::string_view text) {
  Json list = Json::array();
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    list.push_back(word);
    text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
  return list;
}

Json subresource_entry(const Resource& resource, const std::string& name) {
  Json entry = {{"name", std::string(resource.plural) + "/" + name},
                {"singularName", ""},
                {"namespaced", resource.namespaced},
                {"kind", resource.kind},
                {"verbs", {"get", "patch", "update"}}};
  if (name == "log") entry["verbs"] = {"get"};
  if (name == "eviction" || name == "binding") {
    entry["verbs"] = {"create"};
    entry["kind"] = name == "eviction" ? "Eviction" : "Binding";
  }
  if (name == "eviction") {
    entry["group"] = "policy";
    entry["version"] = "v1";
  }
  if (name == "scale") {
    entry["group"] = "autoscaling";
    entry["version"] = "v1";
    entry["kind"] = "Scale";
  }
  return entry;
}

void list_resource(const Resource& resource, Json& into) {
  Json entry = {{"name", resource.plural},
                {"singularName", resource.singular},
                {"namespaced", resource.namespaced},
                {"kind", resource.kind},
                {"verbs", kVerbs},
                {"storageVersionHash", "lab"}};
  if (!resource.short_names.empty()) entry["shortNames"] = words(resource.short_names);
  if (!resource.categories.empty()) entry["categories"] = words(resource.categories);
  into.push_back(std::move(entry));
  for (const auto& name : words(resource.subresources))
    into.push_back(subresource_entry(resource, name));
}

std::vector<std::string> group_versions() {
  std::vector<std::string> all;
  const auto add = [&](std::string version) {
    if (std::ranges::find(all, version) == all.end()) all.push_back(std::move(version));
  };
  for (const auto& resource : all_resources()) {
    if (!resource.group.empty()) add(std::string(resource.api_version));
  }
  for (const auto& review : kReviews)
    add(std::string(review.group) + "/v1");
  return all;
}

Json group_entry(const std::string& group_version) {
  const std::size_t slash = group_version.find('/');
  const Json version = {{"groupVersion", group_version},
                        {"version", group_version.substr(slash + 1)}};
  return {{"name", group_version.substr(0, slash)},
          {"versions", Json::array({version})},
          {"preferredVersion", version}};
}

Json resource_list(std::string_view group_version) {
  Json resources = Json::array();
  for (const auto& resource : all_resources()) {
    if (resource.api_version == group_version) list_resource(resource, resources);
  }
  for (const auto& review : kReviews) {
    if (std::string(review.group) + "/v1" != group_version) continue;
    resources.push_back({{"name", review.plural},
                         {"singularName", ""},
                         {"namespaced", false},
                         {"kind", review.kind},
                         {"verbs", {"create"}}});
  }
  return {{"kind", "APIResourceList"},
          {"apiVersion", "v1"},
          {"groupVersion", group_version},
          {"resources", std::move(resources)}};
}

}  // namespace

/// The document of a discovery path, or null.
Json discovery(std::string_view path) {
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (path == "/api") {
    const Json address = {{"clientCIDR", "0.0.0.0/0"}, {"serverAddress", "127.0.0.1:443"}};
    return {{"kind", "APIVersions"},
            {"versions", {"v1"}},
            {"serverAddressByClientCIDRs", Json::array({address})}};
  }
  if (path == "/api/v1") return resource_list("v1");
  const auto versions = group_versions();
  if (path == "/apis") {
    Json groups = Json::array();
    for (const auto& version : versions)
      groups.push_back(group_entry(version));
    return {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(groups)}};
  }
  constexpr std::string_view kApis = "/apis/";
  if (!path.starts_with(kApis)) return nullptr;
  const std::string rest(path.substr(kApis.size()));
  if (std::ranges::find(versions, rest) != versions.end()) return resource_list(rest);
  if (std::ranges::find(versions, rest + "/v1") == versions.end()) return nullptr;
  Json group = group_entry(rest + "/v1");
  group["kind"] = "APIGroup";
  group["apiVersion"] = "v1";
  return group;
}

}  // namespace lockkeeper::lab
