// SPDX-License-Identifier: Apache-2.0
#pragma once

// The words in which the gate explains itself. Pure functions.

#include <string>
#include <string_view>

#include "rules/rule.h"

namespace lockkeeper {

/// `KubeAPIDown{severity="critical"}`, clipped to what fits a chat line.
std::string alert_text(const Labels& labels);

/// "storage (rules.ini:12)".
std::string rule_text(const Rule& rule);

/// `KubeAPIDown{severity="critical"} firing 2m: rule control-plane (rules.ini:12) pauses`, with the
/// operator's own reason behind it where the rule has one. `pending`: it does not fire yet.
std::string alert_reason(const Labels& labels, const Rule& rule, Millis firing,
                         std::string_view effect, bool pending = false);

/// The rule's name out of such a reason, for counting; "none" when it names no rule.
std::string rule_in_reason(std::string_view reason);

}  // namespace lockkeeper
