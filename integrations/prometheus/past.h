// SPDX-License-Identifier: Apache-2.0
#pragma once

// The past of the ALERTS series, through range queries that are cut into pieces: Prometheus gives
// at most 11,000 points of a series in one answer, and an answer has to fit into our limits of time
// and size, so a piece that is too much is asked for in halves. One thread.
// Contract: https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "integrations/prometheus/api.h"
#include "integrations/prometheus/query_answer.h"

namespace lockkeeper::prometheus {

/// Looks at `from`, `from + step`, ... up to `to`.
struct Range {
  Time from{};
  Time to{};
  Millis step{};
};

class Past {
 public:
  using Take = std::function<void(const Series&)>;

  explicit Past(PrometheusSettings settings, KubernetesSecretReader from_kubernetes = {});

  /// Every firing alert, piece by piece in the order of time, with the alert's own labels; a series
  /// comes once for each piece in which it has samples. Each sample is a look that saw it firing.
  Status alerts(const Range& range, const Take& take);

  /// The same for the Watchdog, with the time at which each look's sample was written as its value.
  /// `external` names the labels that Prometheus does not have.
  Status watchdog_times(const Range& range, const Matchers& watchdog, const Labels& external,
                        const Take& take);

  /// The shortest evaluation interval of the alerting rules; nothing when it cannot be told. A
  /// longer step can miss a short alert.
  std::optional<Millis> evaluation_interval();

 private:
  Status query(const Range& range, const std::string& promql, const Take& take);

  Api api_;
  std::int64_t points_;  // asked for at a time; shrinks when it was too much
};

}  // namespace lockkeeper::prometheus
