// SPDX-License-Identifier: Apache-2.0
#pragma once

// What `lockkeeper doctor` asks a Prometheus: its clock, whether rules fire there at all, whether
// the Watchdog does, and whether all rules can be evaluated. Reads only; any thread.

#include <stop_token>

#include "bot/doctor_facts.h"
#include "bot/ports.h"
#include "config/settings.h"

namespace lockkeeper::prometheus {

/// Three questions, each bounded by the settings' timeout. `book` tells the Watchdog.
PrometheusExam check_up(const PrometheusSettings& settings, const RuleBook& book,
                        const Clock& clock, const KubernetesSecretReader& from_kubernetes,
                        const std::stop_token& stop);

}  // namespace lockkeeper::prometheus
