// SPDX-License-Identifier: Apache-2.0
#pragma once

// Looking at nodes over SSH for detection and for the compatibility gate. Nothing on a node is
// changed. Every call is bounded; any thread, each with connections of its own.

#include <string>
#include <string_view>
#include <vector>

#include "bot/compat_facts.h"
#include "bot/facts.h"
#include "bot/ports.h"
#include "config/settings.h"
#include "integrations/ssh/session.h"

namespace lockkeeper::node {

/// What survey.sh finds on each node, several at a time. One that was not looked at before
/// `[preflight] limit`, or before `cancelled` said so, tells that.
std::vector<NodeSurvey> survey_nodes(const Settings& settings, Clock& clock,
                                     const std::vector<NodeFacts>& nodes,
                                     const ssh::Cancelled& cancelled);

/// The lines of `apt-cache madison kubeadm` on a node, from lists that were fetched for the purpose
/// and are verified by the node's own key.
Result<std::string> apt_offers(const Settings& settings, Clock& clock, const NodeFacts& node,
                               const ssh::Cancelled& cancelled);

/// The answers of survey.sh and feed.sh.
Result<NodeSurvey> parse_survey(std::string_view text);
Result<std::string> parse_feed(std::string_view text);

}  // namespace lockkeeper::node
