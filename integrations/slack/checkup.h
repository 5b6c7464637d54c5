// SPDX-License-Identifier: Apache-2.0
#pragma once

// What `lockkeeper doctor` asks Slack: whether both tokens are good, which scopes the bot has, and
// whether it is in its channels. Nothing is written, no socket is opened: the app-level token opens
// one call only, which gives the address of a socket that nobody dials. Any thread.

#include "bot/doctor_facts.h"
#include "bot/ports.h"
#include "config/settings.h"

namespace lockkeeper::slack {

/// A handful of calls, each of which ends within ten seconds.
SlackExam check_up(const SlackSettings& settings, const Clock& clock,
                   const KubernetesSecretReader& from_kubernetes);

}  // namespace lockkeeper::slack
