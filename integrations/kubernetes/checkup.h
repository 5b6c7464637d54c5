// SPDX-License-Identifier: Apache-2.0
#pragma once

// What `lockkeeper doctor` asks the API server: whether it answers, who we are to it, which rights
// we have, and what a run finds there. Reviews are asked for, nothing is changed. Any thread.

#include <functional>

#include "bot/doctor_facts.h"
#include "config/settings.h"
#include "integrations/kubernetes/client.h"
#include "integrations/kubernetes/connection.h"

namespace lockkeeper::kubernetes {

/// Each request is bounded by the client's timeout; between two of them `enough` is asked whether
/// to go on. What was not asked by then says so.
KubernetesExam check_up(Client& client, Connection& connection, const Settings& settings,
                        const std::function<bool()>& enough);

}  // namespace lockkeeper::kubernetes
