// SPDX-License-Identifier: Apache-2.0
#include "bot/rights.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/sections.h"

namespace lockkeeper {
namespace {

constexpr std::array<std::string_view, 5> kWrites = {"create", "update", "patch", "delete",
                                                     "deletecollection"};

/// A secret that is read from the cluster: "namespace/name/key".
void add_secret(const SecretSource& source, std::vector<Right>& rights) {
  const auto& path = source.kubernetes;
  const auto first = path.find('/');
  if (first == std::string::npos) return;
  const auto second = path.find('/', first + 1);
  const Right right{"get", "", "secrets", path.substr(0, first),
                    path.substr(first + 1, second - first - 1)};
  if (std::ranges::find(rights, right) == rights.end()) rights.push_back(right);
}

void add_secrets(const Settings& settings, std::vector<Right>& rights) {
  for (const auto& table : settings_tables())
    for (const auto& secret : table.secrets)
      if (const auto* source = secret.find(settings)) add_secret(*source, rights);
  for (const auto& more : settings.more_prometheus)
    add_secret(more.bearer_token, rights);
  for (const auto& client : settings.clients)
    add_secret(client.token, rights);
}

}  // namespace

std::vector<Right> needed_rights(const Settings& settings) {
  const auto& own = settings.kubernetes.own_namespace;
  const auto& cronjob = settings.snapshot.cronjob;
  const auto backup = cronjob.substr(0, cronjob.find('/'));
  std::vector<Right> rights = {{"get", "", "nodes", ""},
                               {"list", "", "nodes", ""},
                               {"watch", "", "nodes", ""},
                               {"patch", "", "nodes", ""},
                               {"get", "coordination.k8s.io", "leases", "kube-node-lease"},
                               {"list", "coordination.k8s.io", "leases", "kube-node-lease"},
                               {"get", "", "pods", ""},
                               {"list", "", "pods", ""},
                               {"watch", "", "pods", ""},
                               {"create", "", "pods/eviction", ""},
                               {"get", "apps", "daemonsets", ""},
                               {"get", "apps", "replicasets", ""},
                               {"get", "apps", "statefulsets", ""},
                               {"get", "batch", "jobs", ""},
                               {"list", "policy", "poddisruptionbudgets", ""},
                               {"watch", "policy", "poddisruptionbudgets", ""},
                               {"get", "batch", "cronjobs", backup},
                               {"create", "batch", "jobs", backup},
                               {"get", "batch", "jobs", backup},
                               {"list", "batch", "jobs", backup},
                               {"watch", "batch", "jobs", backup},
                               {"get", "", "pods/log", backup},
                               {"get", "", "namespaces", own},
                               {"patch", "", "namespaces", own},
                               {"get", "", "/metrics", ""}};
  add_secrets(settings, rights);
  return rights;
}

std::vector<Right> needless_rights(const Settings& settings) {
  const auto needed = needed_rights(settings);
  std::vector<Right> rights = {{"*", "*", "*", ""}};
  const auto add = [&](Right right) {
    const bool wanted = std::ranges::find(needed, right) != needed.end();
    if (!wanted && std::ranges::find(rights, right) == rights.end())
      rights.push_back(std::move(right));
  };
  for (const auto& right : needed) {
    // Of a Secret nothing but its value is of use, and a log is only read.
    if (right.is_page() || right.resource == "secrets" || right.resource == "pods/log") continue;
    for (const auto verb : kWrites) {
      // An eviction is made, and that is all that can be done with one.
      if (right.resource == "pods/eviction" && verb != "create") continue;
      add({std::string(verb), right.group, right.resource, right.space});
    }
  }
  add({"list", "", "secrets", ""});
  add({"create", "", "pods/exec", ""});
  add({"escalate", "rbac.authorization.k8s.io", "clusterroles", ""});
  add({"bind", "rbac.authorization.k8s.io", "clusterroles", ""});
  add({"impersonate", "", "users", ""});
  return rights;
}

std::string to_string(const Right& right) {
  if (right.verb == "*") return "everything (all verbs on all resources)";
  const auto name = right.name.empty() ? "" : " " + right.name;
  const auto where = right.space.empty() ? "" : " in namespace " + right.space;
  return fmt::format("{} {}{}{}", right.verb, right.resource, name, where);
}

std::string rule_line(const Right& right) {
  if (right.is_page())
    return fmt::format("nonResourceURLs: [{}], verbs: [{}]", right.resource, right.verb);
  const auto group = right.group.empty() ? std::string("\"\"") : right.group;
  const auto name = right.resource == "namespaces" ? right.space : right.name;
  const auto names = name.empty() ? "" : fmt::format("resourceNames: [{}], ", name);
  return fmt::format("apiGroups: [{}], resources: [{}], {}verbs: [{}]", group, right.resource,
                     names, right.verb);
}

std::string role_of(const Right& right) {
  if (right.space.empty() || right.resource == "namespaces") return "ClusterRole lockkeeper";
  return fmt::format("a Role in namespace {}", right.space);
}

}  // namespace lockkeeper
