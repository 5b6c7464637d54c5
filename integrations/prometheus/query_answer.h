// SPDX-License-Identifier: Apache-2.0
#pragma once

// Prometheus' answer to a query, read into values: an instant query gives a vector, a range query a
// matrix. Read as a stream of events, so ten thousand series cost little more than their labels.
// Functions for any thread.
// Contract: https://prometheus.io/docs/prometheus/latest/querying/api/

#include <string>
#include <string_view>
#include <vector>

#include "bot/time.h"
#include "rules/labels.h"
#include "rules/result.h"

namespace lockkeeper::prometheus {

struct Sample {
  Time at{};         // by Prometheus' clock
  double value = 0;  // may be NaN or infinite
};

struct Series {
  Labels labels;
  std::vector<Sample> samples;  // exactly one in a vector
};

struct QueryAnswer {
  std::string result_type;  // "vector", "matrix"
  std::vector<Series> series;
  std::vector<std::string> warnings;  // the first few, each cut to 200 bytes
};

/// More series than this are a failure: what is left out might be firing.
inline constexpr std::size_t kSeriesMax = 100'000;

/// Reads the body of an answer. Succeeds only for `"status":"success"`; the failure of an error
/// answer is Prometheus' own words: "bad_data: invalid parameter ...".
Result<QueryAnswer> read_query_answer(std::string_view body);

}  // namespace lockkeeper::prometheus
