// SPDX-License-Identifier: Apache-2.0
#pragma once

// The program's metrics: written from anywhere, read as text by /metrics and by the push to a
// Pushgateway. A metric can never fail anything: every writer is noexcept, and what does not fit
// the table is bent until it does. prometheus-cpp stays in metrics.cpp.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "integrations/metrics/table.h"
#include "rules/labels.h"

namespace lockkeeper::metrics {

/// In one metric at most; from then on what is new is counted under "other", so that no flood of
/// alert names can fill Prometheus.
inline constexpr std::size_t kSeriesMax = 100;

/// Owned by the composition root. Every member may be called from any thread.
///
/// Labels that the table does not name are dropped, values longer than 128 bytes are cut. A call
/// for a metric of another kind does nothing.
class Metrics {
 public:
  using Series = std::pair<Labels, double>;

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// Gauges.
  void set(Metric metric, double value, const Labels& labels = {}) noexcept;

  /// Gauges: these series and no others. What exceeds the limit is summed up under "other".
  void replace(Metric metric, std::span<const Series> series) noexcept;

  /// Gauges that are a set of states: 1 for `now`, 0 for the rest of `all`.
  void set_state(Metric metric, std::string_view now,
                 std::span<const std::string_view> all) noexcept;

  /// Counters; negative amounts are ignored.
  void add(Metric metric, double amount = 1, const Labels& labels = {}) noexcept;

  /// Histograms, in seconds.
  void observe(Metric metric, double seconds, const Labels& labels = {}) noexcept;

  /// Everything in Prometheus' text format 0.0.4, ending in a newline.
  [[nodiscard]] std::string text() const;

 private:
  struct Store;
  std::unique_ptr<Store> store_;
};

/// The media type of that text.
inline constexpr std::string_view kTextType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace lockkeeper::metrics
