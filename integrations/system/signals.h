// SPDX-License-Identifier: Apache-2.0
#pragma once

// Signals as events for the main thread: SIGTERM and SIGINT ask to leave, SIGHUP asks to read the
// configuration again, SIGPIPE is ignored (a peer that hangs up is an error of its own write).
//
// Handlers and an eventfd rather than a blocked mask with a signalfd: children inherit a mask, and
// a hook that ignores SIGTERM could not be stopped. They do inherit that SIGPIPE is ignored, which
// whoever starts a child resets.

#include <memory>

#include "rules/result.h"
#include "rules/text.h"

namespace lockkeeper::system {

enum class Event {
  none,    ///< the limit has passed, or somebody called wake()
  reload,  ///< SIGHUP
  leave,   ///< SIGTERM or SIGINT; from then on every call returns it
};

/// Owns the process's signal handlers; at most one exists. Destroying it restores the defaults.
class Signals {
 public:
  /// Installs the handlers. Fails when there is one already.
  static Result<std::unique_ptr<Signals>> install();

  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// Waits for the next event, at most for `limit`. The main thread calls it in a loop.
  Event next(Millis limit) noexcept;

  /// Makes next() return early. Any thread.
  void wake() noexcept;

  /// The same as receiving SIGTERM: for an order to shut down. Any thread.
  void leave() noexcept;

  /// Whether leaving was asked for. Any thread.
  [[nodiscard]] static bool leaving() noexcept;

 private:
  explicit Signals(int event) : event_(event) {}

  int event_;  // eventfd, written by handlers
};

}  // namespace lockkeeper::system
