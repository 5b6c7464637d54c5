// SPDX-License-Identifier: Apache-2.0
#pragma once

// Prometheus' HTTP API as far as asking goes: where it is, who we are, how long it may take. What
// the answers mean is in query_answer.h and rules_answer.h. Any thread; the answer is bounded by
// the settings' timeout and body limit.

#include <expected>
#include <stop_token>
#include <string>
#include <string_view>

#include "bot/ports.h"
#include "config/settings.h"
#include "integrations/http/client.h"

namespace lockkeeper::prometheus {

/// Why there is no answer.
struct ApiFault {
  bool too_much = false;  // a smaller question may be answered: too large, or not in time
  std::string what;       // without the origin, which the caller names
};

class Api {
 public:
  explicit Api(PrometheusSettings settings, KubernetesSecretReader from_kubernetes = {});

  /// The body of an answer with status 200. Queries go by POST, which no cache between us and
  /// Prometheus answers from memory; `form` is form-encoded.
  std::expected<std::string, ApiFault> ask(const std::string& path, const std::string& form,
                                           std::stop_token stop = {});

  /// "http://host:port", for failures.
  [[nodiscard]] std::string origin() const;

 private:
  PrometheusSettings settings_;
  KubernetesSecretReader from_kubernetes_;
  http::Client client_;
};

/// Everything but unreserved characters, percent-encoded, for a form.
std::string encoded(std::string_view text);

/// The labels that the alert itself has: without what the ALERTS series adds.
Labels alert_labels(Labels labels);

}  // namespace lockkeeper::prometheus
