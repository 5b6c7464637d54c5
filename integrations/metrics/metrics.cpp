// SPDX-License-Identifier: Apache-2.0
#include "integrations/metrics/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <mutex>
#include <variant>
#include <vector>

#include "rules/text.h"
#include "rules/utf8.h"

namespace lockkeeper::metrics {
namespace {

constexpr std::size_t kValueBytesMax = 128;
constexpr std::string_view kOther = "other";

// From a cordon, which takes a second, to a node script that may take half an hour.
const prometheus::Histogram::BucketBoundaries kPhaseSeconds = {1,   5,   15,   30,   60,  120,
                                                               300, 600, 1200, 1800, 3600};

using Gauges = prometheus::Family<prometheus::Gauge>;
using Counters = prometheus::Family<prometheus::Counter>;
using Histograms = prometheus::Family<prometheus::Histogram>;

/// One metric with its series. The pointers belong to prometheus-cpp's registry.
struct Line {
  const Declaration* declaration = nullptr;
  std::variant<Gauges*, Counters*, Histograms*> family;
  std::map<prometheus::Labels, void*> series;
};

std::string value_of(std::string_view value) {
  return clipped(value.substr(0, invalid_utf8_at(value)), kValueBytesMax);
}

/// Exactly the labels that the table names, in bounded form.
prometheus::Labels labels_of(const Declaration& declaration, const Labels& labels) {
  prometheus::Labels fitted;
  for (const std::string_view name : declaration.labels)
    fitted.emplace(name, value_of(labels.get(name)));
  return fitted;
}

prometheus::Labels other_of(const Declaration& declaration) {
  prometheus::Labels other;
  for (const std::string_view name : declaration.labels)
    other.emplace(name, kOther);
  return other;
}

template <typename Builder>
auto* family_of(Builder builder, const Declaration& declaration, prometheus::Registry& registry) {
  return &builder.Name(std::string(declaration.name))
              .Help(std::string(declaration.help))
              .Register(registry);
}

}  // namespace

struct Metrics::Store {
  mutable std::mutex mutex;
  prometheus::Registry registry;
  std::vector<Line> lines;  // in the order of the table

  Line& line(Metric metric) { return lines[static_cast<std::size_t>(metric)]; }

  /// The series for `labels`, made if there is none, or that of "other" where there are too many;
  /// nullptr when the metric is not of this kind.
  template <typename T, typename... Arguments>
  T* series(Metric metric, const Labels& labels, const Arguments&... arguments) {
    Line& at = line(metric);
    auto* const* family = std::get_if<prometheus::Family<T>*>(&at.family);
    if (family == nullptr) return nullptr;
    prometheus::Labels fitted = labels_of(*at.declaration, labels);
    if (!at.series.contains(fitted) && at.series.size() + 1 >= kSeriesMax) {
      fitted = other_of(*at.declaration);
    }
    const auto found = at.series.find(fitted);
    if (found != at.series.end()) return static_cast<T*>(found->second);
    T* const made = &(*family)->Add(fitted, arguments...);
    at.series.emplace(std::move(fitted), made);
    return made;
  }

  void clear_gauges(Metric metric) {
    Line& at = line(metric);
    auto* const* family = std::get_if<Gauges*>(&at.family);
    if (family == nullptr) return;
    for (const auto& [labels, gauge] : at.series)
      (*family)->Remove(static_cast<prometheus::Gauge*>(gauge));
    at.series.clear();
  }
};

Metrics::Metrics() : store_(std::make_unique<Store>()) {
  for (const Declaration& declaration : table()) {
    Line line{.declaration = &declaration, .family = {}, .series = {}};
    auto& registry = store_->registry;
    switch (declaration.kind) {
      case Kind::gauge:
        line.family = family_of(prometheus::BuildGauge(), declaration, registry);
        break;
      case Kind::counter:
        line.family = family_of(prometheus::BuildCounter(), declaration, registry);
        break;
      case Kind::histogram:
        line.family = family_of(prometheus::BuildHistogram(), declaration, registry);
        break;
    }
    store_->lines.push_back(std::move(line));
    if (!declaration.labels.empty() || !declaration.from_zero) continue;
    if (declaration.kind == Kind::gauge) set(declaration.metric, 0);
    if (declaration.kind == Kind::counter) add(declaration.metric, 0);
  }
}

Metrics::~Metrics() = default;

void Metrics::set(Metric metric, double value, const Labels& labels) noexcept {
  try {
    const std::lock_guard lock(store_->mutex);
    if (auto* gauge = store_->series<prometheus::Gauge>(metric, labels)) gauge->Set(value);
  } catch (...) {
    // Out of memory: this value is lost.
  }
}

void Metrics::replace(Metric metric, std::span<const Series> series) noexcept {
  try {
    const std::lock_guard lock(store_->mutex);
    store_->clear_gauges(metric);
    for (const auto& [labels, value] : series) {
      if (auto* gauge = store_->series<prometheus::Gauge>(metric, labels)) gauge->Increment(value);
    }
  } catch (...) {
    // Out of memory: some of the values are lost.
  }
}

void Metrics::set_state(Metric metric, std::string_view now,
                        std::span<const std::string_view> all) noexcept {
  for (const std::string_view state : all)
    set(metric, state == now ? 1 : 0, {{"state", std::string(state)}});
}

void Metrics::add(Metric metric, double amount, const Labels& labels) noexcept {
  try {
    const std::lock_guard lock(store_->mutex);
    if (auto* counter = store_->series<prometheus::Counter>(metric, labels)) {
      counter->Increment(amount);
    }
  } catch (...) {
    // Out of memory: this event goes uncounted.
  }
}

void Metrics::observe(Metric metric, double seconds, const Labels& labels) noexcept {
  try {
    const std::lock_guard lock(store_->mutex);
    const auto& bounds = store_->line(metric).declaration->bounds;
    auto* histogram = store_->series<prometheus::Histogram>(
        metric, labels,
        bounds.empty() ? kPhaseSeconds : prometheus::Histogram::BucketBoundaries(bounds));
    if (histogram != nullptr) histogram->Observe(seconds);
  } catch (...) {
    // Out of memory: this duration goes uncounted.
  }
}

std::string Metrics::text() const {
  const std::lock_guard lock(store_->mutex);
  return prometheus::TextSerializer().Serialize(store_->registry.Collect());
}

}  // namespace lockkeeper::metrics
