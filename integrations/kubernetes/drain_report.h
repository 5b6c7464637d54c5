// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a drain stands, in words: one line while it goes, and why each pod is still there when it
// could not finish. Called from the drain's thread.

#include <string>
#include <vector>

#include "integrations/kubernetes/client.h"
#include "integrations/kubernetes/evacuation.h"

namespace lockkeeper::kubernetes {

/// "worker-1: 12 pods gone, 5 leaving, 2 waiting, 3 held by budgets (shop/web-1)".
std::string progress_line(const std::string& node, const Evacuation& evacuation);

/// "still there: shop/web-1 (held by budget shop/web: 0 disruptions allowed, 3 healthy of 3
/// needed), db/pg-0 (leaving since ..., finalizers example.com/keep)". At most five pods are named,
/// the rest counted. Reads the budgets of the pods' namespaces once; without an answer the server's
/// words at eviction stand in.
std::string remaining_text(Client& client, const std::vector<Remaining>& remaining);

/// The same from values.
std::string remaining_text(const std::vector<Remaining>& remaining,
                           const std::vector<Budget>& budgets);

}  // namespace lockkeeper::kubernetes
