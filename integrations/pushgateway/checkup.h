// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether a Pushgateway is ready, for `lockkeeper doctor`. Nothing is pushed. Any thread.

#include <stop_token>

#include "bot/doctor_facts.h"
#include "config/settings.h"

namespace lockkeeper::pushgateway {

/// One question, bounded by the settings' timeout. Without an URL nothing is asked.
PushgatewayExam check_up(const PushgatewaySettings& settings, const std::stop_token& stop);

}  // namespace lockkeeper::pushgateway
