// SPDX-License-Identifier: Apache-2.0
#pragma once

// FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/): tells apart what people and
// programs write, cheaply and everywhere alike. It proves nothing against somebody who wants two
// texts to have one digest. Pure.

#include <cstdint>
#include <string>
#include <string_view>

namespace lockkeeper {

inline constexpr std::uint64_t kFnvOffset = 14695981039346656037ULL;

/// The hash of `text`; `before` is that of what stands in front of it.
std::uint64_t fnv1a(std::string_view text, std::uint64_t before = kFnvOffset);

/// Eight hexadecimal digits, for people to compare and to repeat.
std::string short_digest(std::string_view text);

}  // namespace lockkeeper
