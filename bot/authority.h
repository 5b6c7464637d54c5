// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who may do what. One function decides for every entry (terminal, HTTP, chat), because a bot that
// checks its commands and forgets its buttons is open. Deny by default. Pure.

#include <functional>
#include <string>
#include <vector>

#include "bot/record.h"
#include "config/settings.h"
#include "rules/result.h"

namespace lockkeeper {

/// What an actor asks to do.
enum class Act {
  help,        ///< also whoami: everybody
  view,        ///< plan, status, why, nodes, alerts, history
  operate,     ///< start, pause, resume, abort
  approve,     ///< approve, decline
  administer,  ///< clear
};

struct Permission {
  bool allowed = false;
  std::string why;  // for the refusal: who may, and who the actor is
};

/// Whether an actor is in a group of [authority], "slack-group:S0SRE". Who cannot be looked up is a
/// failure, and is denied.
using GroupCheck = std::function<Result<bool>(const std::string& group, const Actor& actor)>;

/// The bot's own watch over its chat, which may pause a run that nobody can see. No entry and no
/// client can have this name: theirs have a kind in front.
inline constexpr std::string_view kChatLoss = "slack-loss";

/// Whether `actor` may do `act`. An admin may all, an operator may view. Groups count only when
/// there is a `check`, which is not asked about those who are named themselves.
Permission authorise(const Actor& actor, Act act, const AuthoritySettings& settings,
                     const GroupCheck& check = {});

/// Everybody who may do `act`, as the settings have them: "slack-group:S0SRE, console:*", "nobody".
std::string who_may(Act act, const AuthoritySettings& settings);

/// The roles that an actor has, by name, for `whoami`. Groups that could not be looked up are added
/// to `problems`, one line each.
std::vector<std::string> roles_of(const Actor& actor, const AuthoritySettings& settings,
                                  const GroupCheck& check = {},
                                  std::vector<std::string>* problems = nullptr);

}  // namespace lockkeeper
