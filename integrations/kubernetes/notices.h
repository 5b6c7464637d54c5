// SPDX-License-Identifier: Apache-2.0
#pragma once

// Two courtesies that nothing depends on: Events, which show in `kubectl describe node` what the
// bot did there, and the question whether our role has every right that a run needs, asked before
// the run instead of in its middle. Any thread may call.

#include <string>
#include <vector>

#include "bot/rights.h"
#include "config/settings.h"
#include "integrations/kubernetes/client.h"
#include "rules/result.h"

namespace lockkeeper::kubernetes {

struct NodeEvent {
  std::string node;
  std::string reason;  // "Cordoned", "Drained": one word in CamelCase
  std::string note;    // one sentence, cut to 1 KiB
  bool warning = false;
};

/// Writes an Event about a node. One attempt; false when it failed, which never matters.
bool say_event(Client& client, const NodeEvent& event);

/// Whether we have a right: asked for with a SelfSubjectAccessReview, which changes nothing.
Result<bool> allowed(Client& client, const Right& right);

/// The rights that a run needs and our role lacks: "patch nodes", "create pods/eviction"; empty
/// when all are there.
Result<std::vector<std::string>> missing_rights(Client& client, const Settings& settings);

}  // namespace lockkeeper::kubernetes
