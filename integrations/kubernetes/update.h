// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one way in which an object is changed: read it, decide, PATCH with its resourceVersion, and
// begin anew when somebody else was quicker or when the answer got lost. A lost answer needs no
// special case, because the next reading shows whether the change was made. Called from the
// runner's thread.

#include <functional>
#include <optional>
#include <string>

#include "bot/ports.h"
#include "integrations/kubernetes/client.h"

namespace lockkeeper::kubernetes {

/// What an object as it was read asks for: nothing more (the outcome), or a merge patch.
struct Decision {
  std::optional<Outcome> outcome;
  Json patch;
};

struct UpdateTarget {
  std::string name;  // for texts: "worker-1", "namespace lockkeeper"
  std::string path;
};

/// Bounded by the patience while the server is away, and by a few quick tries against conflicts.
Outcome update(Client& client, const UpdateTarget& target, const Patience& patience,
               const std::function<Decision(const Json&)>& decide);

}  // namespace lockkeeper::kubernetes
