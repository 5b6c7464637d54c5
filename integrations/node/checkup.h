// SPDX-License-Identifier: Apache-2.0
#pragma once

// Looking at nodes over SSH for `lockkeeper doctor`: how far the way to each leads, how its clock
// goes, and what a run needs there. Nothing on a node is changed; host keys are pinned unless the
// process has said no (ssh::pin_new_keys). Every call is bounded; any thread, each with connections
// of its own.

#include <string_view>
#include <vector>

#include "bot/doctor_facts.h"
#include "bot/ports.h"
#include "config/settings.h"
#include "integrations/ssh/session.h"

namespace lockkeeper::node {

/// Several nodes at a time; one that was not looked at before `cancelled` said so tells that.
std::vector<NodeExam> check_up(const Settings& settings, const Clock& clock,
                               const std::vector<NodeFacts>& nodes,
                               const ssh::Cancelled& cancelled);

/// The answer of checkup.sh, read into an exam that knows its node already.
Status parse_checkup(std::string_view text, NodeExam& exam);

/// The answer of `date +%s%3N`, which came between these two moments.
Result<ClockOffset> parse_clock(std::string_view text, Time asked, Time answered);

}  // namespace lockkeeper::node
