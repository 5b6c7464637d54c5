// SPDX-License-Identifier: Apache-2.0
#pragma once

// Time as Kubernetes writes it: RFC 3339 in UTC, whole seconds in metadata and status, six decimals
// (MicroTime) in leases and events. Any thread.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace lockkeeper::lab {

using WallTime = std::chrono::system_clock::time_point;

/// "2026-02-03T04:05:06Z"
std::string now_seconds();
/// "2026-02-03T04:05:06.123456Z"
std::string now_micros();

std::string to_seconds(WallTime time);
std::string to_micros(WallTime time);

/// Reads both forms, with any number of decimals and any offset.
std::optional<WallTime> parse_time(std::string_view text);

/// "5m", "3h12m", "7d": an age as kubectl shows it; "<unknown>" for a time that cannot be read.
std::string age_of(std::string_view creation);

}  // namespace lockkeeper::lab
