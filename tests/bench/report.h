// SPDX-License-Identifier: Apache-2.0
#pragma once

// What benchmarks share: a stop watch, percentiles, the memory of this process.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace lockkeeper::bench {

/// Milliseconds since it was made.
class Stopwatch {
 public:
  [[nodiscard]] double ms() const {
    const auto passed = std::chrono::steady_clock::now() - started_;
    return std::chrono::duration<double, std::milli>(passed).count();
  }

 private:
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

/// The value below which `share` (0 to 1) of all lie.
inline double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const auto at = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
  return values[at];
}

/// A line of /proc/self/status, such as "VmRSS" or "VmHWM" (the peak), in MiB.
inline double memory_mib(const std::string& line_name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(line_name + ":")) {
      return std::stod(line.substr(line_name.size() + 1)) / 1024;
    }
  }
  return 0;
}

/// Whether it is only to be shown that the benchmark runs: the first argument is --tiny.
inline bool is_tiny(int argc, char** argv) {
  return argc > 1 && std::string_view(argv[1]) == "--tiny";
}

}  // namespace lockkeeper::bench
