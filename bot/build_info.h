// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace lockkeeper {

/// "0.1.0": from CMakeLists.txt.
constexpr std::string_view build_version() {
  return LOCKKEEPER_VERSION;
}

}  // namespace lockkeeper
