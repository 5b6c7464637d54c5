// SPDX-License-Identifier: Apache-2.0
#include "bot/authority.h"

#include <fmt/format.h>

#include <algorithm>

#include "rules/text.h"

namespace lockkeeper {
namespace {

constexpr std::string_view kGroupKind = "slack-group:";
constexpr std::string_view kGroupMembers = "slack:";
constexpr std::size_t kWhoMax = 300;

/// Who asks, and what has gone wrong while it was found out who that is.
struct Asker {
  const Actor& actor;
  const GroupCheck& check;
  std::vector<std::string> problems{};

  void note(const std::string& problem) {
    if (std::ranges::find(problems, problem) == problems.end()) problems.push_back(problem);
  }
};

/// "console:ana" is named by itself, and by "console:*"; a person of Slack also by a group.
bool named(const std::vector<std::string>& list, Asker& asker) {
  const auto kind = asker.actor.substr(0, asker.actor.find(':')) + ":*";
  if (std::ranges::any_of(
          list, [&](const std::string& entry) { return entry == asker.actor || entry == kind; }))
    return true;
  if (!asker.check || !asker.actor.starts_with(kGroupMembers)) return false;
  for (const auto& entry : list) {
    if (!entry.starts_with(kGroupKind)) continue;
    const auto in = asker.check(entry, asker.actor);
    if (in && *in) return true;
    if (!in) asker.note(in.error().what);
  }
  return false;
}

bool has_role(Act act, const AuthoritySettings& settings, Asker& asker) {
  if (act == Act::help) return true;
  if (asker.actor == kChatLoss) return act == Act::operate;
  if (act == Act::view && (named(settings.viewer, asker) || named(settings.approver, asker)))
    return true;
  if (act == Act::approve && named(settings.approver, asker)) return true;
  if ((act == Act::view || act == Act::operate) && named(settings.operators, asker)) return true;
  return named(settings.admin, asker);
}

std::string_view key_of(Act act) {
  switch (act) {
    case Act::help:
    case Act::view:
      return "viewer";
    case Act::operate:
      return "operator";
    case Act::approve:
      return "approver";
    case Act::administer:
      return "admin";
  }
  return "?";
}

}  // namespace

std::string who_may(Act act, const AuthoritySettings& settings) {
  std::vector<std::string> all;
  const auto add = [&](const std::vector<std::string>& list) {
    for (const auto& entry : list)
      if (std::ranges::find(all, entry) == all.end()) all.push_back(entry);
  };
  if (act == Act::view) add(settings.viewer);
  if (act == Act::view || act == Act::approve) add(settings.approver);
  if (act == Act::view || act == Act::operate) add(settings.operators);
  add(settings.admin);
  return all.empty() ? "nobody" : clipped(joined(all), kWhoMax);
}

Permission authorise(const Actor& actor, Act act, const AuthoritySettings& settings,
                     const GroupCheck& check) {
  const GroupCheck nobody;
  Asker plain{actor, nobody};
  Asker asker{actor, check};
  // Who is named anywhere is not looked up in groups, which takes time.
  if (has_role(act, settings, plain) || has_role(act, settings, asker)) return {true, {}};
  auto why = fmt::format("{} may not do this: it needs the role {} in [authority] (who may: {})",
                         actor, key_of(act), who_may(act, settings));
  if (!asker.problems.empty()) why += "; " + joined(asker.problems, "; ");
  return {false, std::move(why)};
}

std::vector<std::string> roles_of(const Actor& actor, const AuthoritySettings& settings,
                                  const GroupCheck& check, std::vector<std::string>* problems) {
  Asker asker{actor, check};
  std::vector<std::string> roles;
  if (named(settings.viewer, asker)) roles.emplace_back("viewer");
  if (named(settings.operators, asker)) roles.emplace_back("operator");
  if (named(settings.approver, asker)) roles.emplace_back("approver");
  if (named(settings.admin, asker)) roles.emplace_back("admin");
  if (problems != nullptr) *problems = std::move(asker.problems);
  return roles;
}

}  // namespace lockkeeper
