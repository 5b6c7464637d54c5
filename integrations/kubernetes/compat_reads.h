// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the compatibility gate reads from the API: the images that run, and what each API server
// counts of deprecated requests. Nothing is changed; any thread may call.

#include <string>
#include <string_view>
#include <vector>

#include "bot/compat_facts.h"
#include "bot/facts.h"
#include "config/settings.h"
#include "integrations/kubernetes/client.h"

namespace lockkeeper::kubernetes {

/// Each different image with what its pods say of themselves, of all pods that run. A cluster with
/// ten thousand pods has some hundred of them.
Result<std::vector<RunningImage>> running_images(Client& client,
                                                 const Patience& patience = kBriefly);

/// Every API server's own count. With one control plane, that is the server at hand; with several,
/// each is asked at its own address with the same credentials, because a balancer in front would
/// answer for one of them only.
Result<std::vector<ApiServerUse>> api_server_uses(Client& client,
                                                  const KubernetesSettings& settings,
                                                  const ClusterFacts& facts,
                                                  const Patience& patience = kBriefly);

/// Reads /metrics: apiserver_requested_deprecated_apis and process_start_time_seconds. A page that
/// holds no metrics of an API server is a failure of that server.
/// https://kubernetes.io/docs/reference/instrumentation/metrics/
ApiServerUse parse_uses(const std::string& server, std::string_view metrics);

}  // namespace lockkeeper::kubernetes
