// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/access.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "rules/text.h"

namespace lockkeeper::lab {
namespace {

bool lists(const Json& rule, const char* field, std::string_view value) {
  const Json& values = list_at(rule, field);
  return std::ranges::any_of(values,
                             [&](const Json& entry) { return entry == "*" || entry == value; });
}

bool is_about(const Json& rule, const User& user) {
  if (text_at(rule, "user") == user.name) return true;
  const auto group = text_at(rule, "group");
  return !group.empty() && std::ranges::find(user.groups, group) != user.groups.end();
}

bool granted(const Json& rule, const Attempt& attempt) {
  if (!lists(rule, "verbs", attempt.verb)) return false;
  if (!lists(rule, "resources", attempt.path.empty() ? attempt.resource : attempt.path))
    return false;
  if (rule.contains("namespaces") && !lists(rule, "namespaces", attempt.ns)) return false;
  return !rule.contains("names") || lists(rule, "names", attempt.name);
}

}  // namespace

Access::Access(std::filesystem::path token_file, Json rbac)
    : token_file_(std::move(token_file)), rbac_(std::move(rbac)) {}

Result<std::unique_ptr<Access>> Access::load(std::filesystem::path token_file, Json rbac) {
  std::unique_ptr<Access> access(new Access(std::move(token_file), std::move(rbac)));
  if (auto read = access->read_tokens(); !read) return std::unexpected(read.error());
  return access;
}

Status Access::read_tokens() {
  std::error_code error;
  const auto changed = std::filesystem::last_write_time(token_file_, error);
  std::ifstream file(token_file_);
  if (error || !file) return fail(fmt::format("{}: cannot be read", token_file_.string()));
  std::map<std::string, User, std::less<>> users;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const auto parts = split(line, ',');
    if (parts.empty() || parts.front().starts_with('#')) continue;
    if (parts.size() < 2) {
      return fail(fmt::format("{}:{}: write TOKEN,USER,GROUP|GROUP", token_file_.string(), number));
    }
    User user{.name = std::string(parts[1]), .groups = {"system:authenticated"}};
    for (const auto group :
         parts.size() > 2 ? split(parts[2], '|') : std::vector<std::string_view>()) {
      user.groups.emplace_back(group);
    }
    users.insert_or_assign(std::string(parts[0]), std::move(user));
  }
  users_ = std::move(users);
  read_at_ = changed;
  return {};
}

std::optional<User> Access::user_of(const http::Request& request) {
  if (request.certificate) {
    return User{.name = request.certificate->common_name,
                .groups = request.certificate->organizations};
  }
  const std::lock_guard lock(mutex_);
  std::error_code error;
  if (std::filesystem::last_write_time(token_file_, error) != read_at_ && !error)
    (void)read_tokens();
  const auto at = users_.find(request.bearer_token());
  return at == users_.end() ? std::nullopt : std::optional(at->second);
}

bool Access::may(const User& user, const Attempt& attempt) const {
  if (std::ranges::find(user.groups, "system:masters") != user.groups.end()) return true;
  // system:basic-user and system:discovery, which every authenticated user has.
  if (attempt.resource.starts_with("selfsubject")) return true;
  const bool discovery = attempt.path.starts_with("/api") || attempt.path.starts_with("/openapi") ||
                         attempt.path == "/version" || attempt.path.ends_with("z");
  if (!attempt.path.empty() && discovery) return true;
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(
      rbac_, [&](const Json& rule) { return is_about(rule, user) && granted(rule, attempt); });
}

Json Access::grants() const {
  const std::lock_guard lock(mutex_);
  return rbac_;
}

void Access::replace_grants(Json rbac) {
  const std::lock_guard lock(mutex_);
  rbac_ = std::move(rbac);
}

Attempt attempt_of(const Route& route, std::string_view verb) {
  Attempt attempt{.verb = std::string(verb),
                  .group = std::string(route.resource->group),
                  .resource = std::string(route.resource->plural),
                  .ns = route.ns,
                  .name = route.name};
  if (!route.subresource.empty()) attempt.resource += "/" + route.subresource;
  return attempt;
}

ApiError denial(const User& user, const Attempt& attempt) {
  if (!attempt.path.empty()) {
    return forbidden(fmt::format("forbidden: User \"{}\" cannot {} path \"{}\"", user.name,
                                 attempt.verb, attempt.path),
                     Json::object());
  }
  const std::string plural = attempt.resource.substr(0, attempt.resource.find('/'));
  const std::string object = attempt.group.empty() ? plural : plural + "." + attempt.group;
  const std::string named =
      attempt.name.empty() ? object : fmt::format("{} \"{}\"", object, attempt.name);
  const std::string scope = attempt.ns.empty() ? "at the cluster scope"
                                               : fmt::format("in the namespace \"{}\"", attempt.ns);
  Json details = {{"kind", plural}};
  if (!attempt.name.empty()) details["name"] = attempt.name;
  if (!attempt.group.empty()) details["group"] = attempt.group;
  return forbidden(
      fmt::format("{} is forbidden: User \"{}\" cannot {} resource \"{}\" in API group \"{}\" {}",
                  named, user.name, attempt.verb, attempt.resource, attempt.group, scope),
      std::move(details));
}

}  // namespace lockkeeper::lab
