// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who may do what. One function decides for every entry (terminal, HTTP, chat), because a bot that
// checks its commands and forgets its buttons is open. Deny by default. Pure.

#include <string>
#include <vector>

#include "bot/record.h"
#include "config/settings.h"

namespace lockkeeper {

/// What an actor asks to do.
enum class Act {
  help,        ///< also whoami: everybody
  view,        ///< plan, status, why, nodes, alerts, history
  operate,     ///< start, pause, resume, abort
  administer,  ///< clear
};

struct Permission {
  bool allowed = false;
  std::string why;  // for the refusal: who may, and who the actor is
};

/// Whether `actor` may do `act`. An admin may all, an operator may view.
Permission authorise(const Actor& actor, Act act, const AuthoritySettings& settings);

/// The roles that an actor has, by name, for `whoami`.
std::vector<std::string> roles_of(const Actor& actor, const AuthoritySettings& settings);

}  // namespace lockkeeper
