// SPDX-License-Identifier: Apache-2.0
#include "bot/size_text.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace lockkeeper {

std::string size_text(std::int64_t bytes) {
  constexpr std::array<std::string_view, 5> units = {"B", "KiB", "MiB", "GiB", "TiB"};
  constexpr double step = 1024;
  double size = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (size >= step && unit + 1 < units.size()) {
    size /= step;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", size, units.at(unit));
}

}  // namespace lockkeeper
