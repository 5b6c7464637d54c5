// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/meter.h"

#include <algorithm>
#include <array>

namespace lockkeeper::slack {
namespace {

using metrics::Metric;

constexpr std::array<std::string_view, 3> kTypes = {"slash_commands", "interactive", "events_api"};
constexpr std::array<std::string_view, 5> kReasons = {"lost", "refresh_requested", "warning",
                                                      "too_many_websockets", "link_disabled"};

template <std::size_t N>
std::string one_of(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::string(std::ranges::find(words, word) == words.end() ? "other" : word);
}

std::string_view word_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::refused:
      return "refused";
    case Verdict::limited:
      return "limited";
    case Verdict::unreached:
      return "unreached";
    case Verdict::uncertain:
      return "uncertain";
    case Verdict::unsent:
      return "unsent";
  }
  return "other";
}

double seconds(Millis time) {
  return static_cast<double>(time.count()) / 1000.0;
}

}  // namespace

void Meter::envelope(std::string_view type) const noexcept {
  if (metrics_ == nullptr) return;
  metrics_->add(Metric::slack_envelopes, 1, {{"type", one_of(kTypes, type)}});
}

void Meter::repeated() const noexcept {
  if (metrics_ != nullptr) metrics_->add(Metric::slack_duplicates);
}

void Meter::acked(Millis after) const noexcept {
  if (metrics_ != nullptr) metrics_->observe(Metric::slack_ack_duration, seconds(after));
}

void Meter::reconnecting(std::string_view reason) const noexcept {
  if (metrics_ == nullptr) return;
  metrics_->add(Metric::slack_reconnects, 1, {{"reason", one_of(kReasons, reason)}});
}

void Meter::called(std::string_view method, Verdict verdict, Millis wait) const noexcept {
  if (metrics_ == nullptr) return;
  metrics_->add(Metric::slack_api_calls, 1,
                {{"method", std::string(method)}, {"result", std::string(word_of(verdict))}});
  if (verdict == Verdict::limited) metrics_->add(Metric::slack_rate_limited, seconds(wait));
}

void Meter::standing(bool connected, std::size_t waiting, Millis oldest) const noexcept {
  if (metrics_ == nullptr) return;
  metrics_->set(Metric::slack_connected, connected ? 1 : 0);
  metrics_->set(Metric::slack_outbox_messages, static_cast<double>(waiting));
  metrics_->set(Metric::slack_outbox_oldest, seconds(oldest));
}

}  // namespace lockkeeper::slack
