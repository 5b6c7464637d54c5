// SPDX-License-Identifier: Apache-2.0
#pragma once

// Series over time as `promtool test rules` writes them, so that a test of Prometheus' rules can be
// turned into a test of ours. Pure functions; any thread.
// Notation: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/#series

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "rules/labels.h"
#include "rules/result.h"

namespace lockkeeper::replay {

/// One entry for each poll; nothing where the series has no sample, be it `_` or `stale`: in the
/// answer of a poll both are simply not there.
using SeriesValues = std::vector<std::optional<double>>;

/// More values than this are refused: a repetition with a slip would fill the memory.
inline constexpr std::size_t kValuesMax = 200'000;

/// Reads blank-separated items:
///
///   7  -1.5  NaN  Inf    a value            stale  _     no sample
///   a+bxn  a-bxn         a, a+b, ... a+n*b  axn          a, n more times: n+1 values, as promtool
///   _xn                  n times no sample  stalexn      n+1 times, likewise
Result<SeriesValues> parse_series_values(std::string_view text);

/// Reads `KubeAPIDown{severity="critical"}`, `ALERTS{alertname="KubeAPIDown",...}` or
/// `{alertname="KubeAPIDown"}` as the labels of the alert; `alertstate` stays among them.
Result<Labels> parse_series(std::string_view text);

}  // namespace lockkeeper::replay
