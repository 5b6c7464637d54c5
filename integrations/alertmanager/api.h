// SPDX-License-Identifier: Apache-2.0
#pragma once

// Alertmanager's HTTP API as far as asking goes: the members of one cluster, who we are, how long
// it may take. What the answers mean is in alerts_answer.h and silences_answer.h. Any thread; each
// answer is bounded by the settings' timeout and body limit.
// Contract: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml

#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "config/settings.h"
#include "integrations/http/client.h"
#include "rules/result.h"

namespace lockkeeper::alertmanager {

/// One question to one member.
struct Question {
  std::size_t member = 0;  // index into the settings' urls
  std::string method = "GET";
  std::string path;  // behind the member's URL, "/api/v2/alerts"
  std::string body;  // JSON; empty: none
};

class Api {
 public:
  explicit Api(AlertmanagerSettings settings, KubernetesSecretReader from_kubernetes = {});

  /// The bodies of answers with status 200, in the order of the questions; all are asked at once. A
  /// failure names the member.
  std::vector<Result<std::string>> ask(std::span<const Question> questions,
                                       const std::stop_token& stop = {});

  /// "Alertmanager http://host:port", for failures.
  [[nodiscard]] std::string name(std::size_t member) const;

  [[nodiscard]] std::size_t members() const { return settings_.urls.size(); }

 private:
  AlertmanagerSettings settings_;
  KubernetesSecretReader from_kubernetes_;
  http::Client client_;
};

}  // namespace lockkeeper::alertmanager
