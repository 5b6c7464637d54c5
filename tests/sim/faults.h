// SPDX-License-Identifier: Apache-2.0
#pragma once

// Faults, one decision for each call of a port. A call goes wrong before its effect (nothing
// happened), after it (it happened, the answer is lost), or the process dies at that very point.

#include <cstdint>
#include <functional>
#include <string_view>

namespace lockkeeper::sim {

enum class Fault {
  none,
  error_before,  ///< the call fails and had no effect
  error_after,   ///< the call had its effect and fails
  crash_before,  ///< kill -9 before the effect
  crash_after,   ///< kill -9 after the effect, before the caller learns of it
};

/// Thrown where the process dies; caught by whoever starts the next life.
struct Crash {};

/// Decides about each call. Counts them, so that a test can go through all points of a run.
class Faults {
 public:
  using Decide = std::function<Fault(std::uint64_t number, std::string_view port)>;

  void decide_with(Decide decide) { decide_ = std::move(decide); }
  void stop() { decide_ = nullptr; }

  /// The fate of this call of `port`, for example "look" or "append".
  Fault next(std::string_view port) {
    ++calls_;
    return decide_ ? decide_(calls_, port) : Fault::none;
  }
  [[nodiscard]] std::uint64_t calls() const { return calls_; }

 private:
  Decide decide_;
  std::uint64_t calls_ = 0;
};

}  // namespace lockkeeper::sim
