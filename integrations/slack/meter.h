// SPDX-License-Identifier: Apache-2.0
#pragma once

// What this room tells the program's metrics while things happen; how it stands at the moment
// (connected, how much waits) is asked once a second by whoever owns the client. Any thread, never
// fails, and does nothing without metrics.

#include <string_view>

#include "bot/time.h"
#include "integrations/metrics/metrics.h"
#include "integrations/slack/answer.h"

namespace lockkeeper::slack {

class Meter {
 public:
  /// The metrics outlive this; nullptr for tests that look elsewhere.
  explicit Meter(metrics::Metrics* metrics = nullptr) : metrics_(metrics) {}

  /// Of any type: an unknown one counts as "other", because a label has few values by design.
  void envelope(std::string_view type) const noexcept;
  void repeated() const noexcept;
  /// From the last byte of the envelope to the socket's queue.
  void acked(Millis after) const noexcept;
  /// Another connection is dialled; `reason` is Slack's own word, or "lost".
  void reconnecting(std::string_view reason) const noexcept;
  /// One attempt of a call, with the wait that Slack has asked for, if it has.
  void called(std::string_view method, Verdict verdict, Millis wait) const noexcept;
  void standing(bool connected, std::size_t waiting, Millis oldest) const noexcept;

 private:
  metrics::Metrics* metrics_;
};

}  // namespace lockkeeper::slack
