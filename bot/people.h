// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether two entries are two people: an approval by a second person is worth nothing when the same
// one gives it from another terminal. What cannot be known is told as such. Pure.

#include "bot/record.h"
#include "config/settings.h"

namespace lockkeeper {

enum class Likeness { same, different, unknown };

/// Two Slack accounts are two people, because a workspace gives each person one. A token, a login
/// or a terminal says nothing about who uses it, so anybody else is told apart only by
/// `[authority] people`, which names who is one person; that also tells who has two accounts.
Likeness likeness(const Actor& one, const Actor& other, const AuthoritySettings& settings);

/// Whether there can be a second person at all: a person of Slack, or one who is named.
bool is_known(const Actor& actor, const AuthoritySettings& settings);

}  // namespace lockkeeper
