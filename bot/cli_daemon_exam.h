// SPDX-License-Identifier: Apache-2.0
#pragma once

// The running daemon as `lockkeeper doctor` sees it over HTTP, through what anybody may read. Part
// of the composition root; any thread.

#include <string>

#include "bot/doctor_facts.h"
#include "config/settings.h"

namespace lockkeeper::cli {

/// Asks the daemon at [http] address and port who it is, whether it is ready, and how webhooks
/// went. A few seconds at most.
DaemonExam check_up_daemon(const HttpSettings& settings);

/// The id of the newest test alert that it has taken, or "".
std::string newest_test_alert(const HttpSettings& settings);

/// How many webhooks it has answered with 401.
double refused_webhooks(const DaemonExam& exam);

/// "http://127.0.0.1:8099": where the daemon of these settings is reached from this host.
std::string daemon_url(const HttpSettings& settings);

}  // namespace lockkeeper::cli
