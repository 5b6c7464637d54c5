// SPDX-License-Identifier: Apache-2.0
#include "rules/digest.h"

#include <fmt/format.h>

namespace lockkeeper {

std::uint64_t fnv1a(std::string_view text, std::uint64_t before) {
  constexpr std::uint64_t prime = 1099511628211ULL;
  for (const char c : text) {
    before ^= static_cast<unsigned char>(c);
    before *= prime;
  }
  return before;
}

std::string short_digest(std::string_view text) {
  const auto hash = fnv1a(text);
  return fmt::format("{:08x}", static_cast<std::uint32_t>(hash ^ (hash >> 32U)));
}

}  // namespace lockkeeper
