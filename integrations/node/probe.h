// SPDX-License-Identifier: Apache-2.0
#pragma once

// What probe.sh found on a node, read strictly: a text that is not whole says nothing. Pure
// functions for any thread.

#include <string>
#include <string_view>
#include <vector>

#include "bot/facts.h"
#include "rules/result.h"
#include "rules/version.h"

namespace lockkeeper::node {

struct Probe {
  NodeProbe facts;         // reached and sudo are true
  std::string kubelet;     // installed version text, or empty
  std::string containerd;  // of the package, or empty
  std::string holds;       // names, separated by blanks
};

/// Reads the answer. `target` chooses among what `kubeadm upgrade plan` offers: the target when it
/// is offered, else the last offer, "" for none; absent when the plan was not asked or failed.
Result<Probe> parse_probe(std::string_view text, const Version& target);

}  // namespace lockkeeper::node
