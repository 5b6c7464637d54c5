// SPDX-License-Identifier: Apache-2.0
#pragma once

// Packed files from strangers: gzip within a limit, and SHA-256. Pure functions for any thread;
// zlib and OpenSSL stay in unpack.cpp.

#include <cstddef>
#include <string>
#include <string_view>

#include "rules/result.h"

namespace lockkeeper::packages {

/// The text of a gzip file. Fails for what is none, is cut short, has more behind its end, or
/// would be larger than `limit_bytes`: a bomb is given up while it unfolds.
Result<std::string> unpack_gzip(std::string_view packed, std::size_t limit_bytes);

/// In lower-case hex.
std::string sha256_of(std::string_view text);

}  // namespace lockkeeper::packages
