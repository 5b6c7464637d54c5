// SPDX-License-Identifier: Apache-2.0
#pragma once

// What `lockkeeper doctor` asks an Alertmanager: its version, and whether a route of its
// configuration leads to us; and the test alert, the one thing that the doctor ever sends. Any
// thread.

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "bot/doctor_facts.h"
#include "bot/ports.h"
#include "config/settings.h"
#include "rules/labels.h"

namespace lockkeeper::alertmanager {

/// Each member of the cluster, all asked at once, bounded by the settings' timeout.
std::vector<AlertmanagerExam> check_up(const AlertmanagerSettings& settings,
                                       const KubernetesSecretReader& from_kubernetes,
                                       const std::stop_token& stop);

/// Sends an alert to the first member that takes it; one that ends in the past ends it.
/// https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
Status send_alert(const AlertmanagerSettings& settings,
                  const KubernetesSecretReader& from_kubernetes, const Labels& labels, Time starts,
                  Time ends);

/// The webhooks of a configuration, as /api/v2/status shows it (YAML, secrets left out), each with
/// whether a route leads to its receiver.
Result<std::vector<WebhookRoute>> webhook_routes(std::string_view yaml);

}  // namespace lockkeeper::alertmanager
