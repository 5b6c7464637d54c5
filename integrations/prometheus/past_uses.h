// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a Prometheus has seen of an API server's count of deprecated requests. The server itself
// counts from its own start, so after each restart it would have to be waited for; Prometheus
// remembers what it said before. Reads only; any thread.

#include <string>
#include <vector>

#include "bot/compat_facts.h"
#include "bot/ports.h"
#include "config/settings.h"

namespace lockkeeper::prometheus {

struct PastUse {
  std::string failure;  // why its silence proves nothing, or empty
  std::vector<DeprecatedUse> uses;
};

/// How much of a window a target must have been seen as up for its silence to count. What is
/// missing is the time of restarts; a count that ended in a gap cannot have been seen.
inline constexpr double kSeenShare = 0.95;

/// The deprecated APIs that were requested of the server at this address (of the label `instance`,
/// whatever its port) within the window. Fails closed: without a series of that metric it cannot be
/// told from a Prometheus that drops it, and a history that is shorter than the window, or has
/// gaps, proves nothing. Two questions for each job that scrapes the server, each bounded by the
/// settings' timeout.
PastUse past_uses(const PrometheusSettings& settings, const KubernetesSecretReader& from_kubernetes,
                  const std::string& address, Millis window);

}  // namespace lockkeeper::prometheus
