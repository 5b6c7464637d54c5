// SPDX-License-Identifier: Apache-2.0
#include "bot/authority.h"

#include <fmt/format.h>

#include <algorithm>

namespace lockkeeper {
namespace {

/// "console:ana" is named by itself, and by "console:*".
bool named(const std::vector<std::string>& list, const Actor& actor) {
  const auto kind = actor.substr(0, actor.find(':')) + ":*";
  return std::ranges::any_of(
      list, [&](const std::string& entry) { return entry == actor || entry == kind; });
}

bool has_role(const Actor& actor, Act act, const AuthoritySettings& settings) {
  const bool admin = named(settings.admin, actor);
  const bool operating = admin || named(settings.operators, actor);
  switch (act) {
    case Act::help:
      return true;
    case Act::view:
      return operating || named(settings.viewer, actor) || named(settings.approver, actor);
    case Act::operate:
      return operating;
    case Act::administer:
      return admin;
  }
  return false;
}

std::string_view key_of(Act act) {
  switch (act) {
    case Act::help:
    case Act::view:
      return "viewer";
    case Act::operate:
      return "operator";
    case Act::administer:
      return "admin";
  }
  return "?";
}

}  // namespace

Permission authorise(const Actor& actor, Act act, const AuthoritySettings& settings) {
  if (has_role(actor, act, settings)) return {true, {}};
  return {false, fmt::format("{} may not do this: it needs the role {} in [authority]", actor,
                             key_of(act))};
}

std::vector<std::string> roles_of(const Actor& actor, const AuthoritySettings& settings) {
  std::vector<std::string> roles;
  if (named(settings.viewer, actor)) roles.emplace_back("viewer");
  if (named(settings.operators, actor)) roles.emplace_back("operator");
  if (named(settings.approver, actor)) roles.emplace_back("approver");
  if (named(settings.admin, actor)) roles.emplace_back("admin");
  return roles;
}

}  // namespace lockkeeper
