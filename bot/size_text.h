// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sizes as people read them. Pure.

#include <cstdint>
#include <string>

namespace lockkeeper {

/// "10.0 GiB", "5.0 MiB", "43 B".
std::string size_text(std::int64_t bytes);

}  // namespace lockkeeper
