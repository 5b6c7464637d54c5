// SPDX-License-Identifier: Apache-2.0
#pragma once

// Failure as a value. Every fallible function of the project returns Result<T>; nothing throws
// across a port or a thread. A Failure is written for the operator who will read it in chat.

#include <expected>
#include <string>
#include <utility>

namespace lockkeeper {

/// What went wrong, in one line that names the object and the reason and holds no secret.
struct Failure {
  std::string what;

  bool operator==(const Failure&) const = default;
};

template <typename T>
using Result = std::expected<T, Failure>;

using Status = Result<void>;

/// The short way to return a failure: `return fail("node3: no InternalIP address");`
inline std::unexpected<Failure> fail(std::string what) {
  return std::unexpected(Failure{std::move(what)});
}

}  // namespace lockkeeper
