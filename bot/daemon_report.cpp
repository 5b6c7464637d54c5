// SPDX-License-Identifier: Apache-2.0
#include "bot/daemon_report.h"

namespace lockkeeper {
namespace {

// How often it is looked whether the schedule is due: its unit is the minute.
constexpr Millis kTick = std::chrono::seconds(5);

}  // namespace

ReportDuty::ReportDuty(Parts parts, const Settings& settings)
    : parts_(parts),
      reporter_({parts.journal, parts.memory, parts.clock, [this] { return parts_.world.look(); },
                 [this] { return Result<GateView>(parts_.gate.view(parts_.clock.moment())); }},
                settings),
      morning_(parts.memory, parts.clock, parts.chat, settings,
               [this](std::optional<Time> since) { return reporter_.make({}, since); }) {}

void ReportDuty::start() {
  thread_ = std::make_unique<system::Periodic>(kTick, [this] { morning_.tick(); });
}

void ReportDuty::stop() {
  if (thread_) thread_->stop();
}

}  // namespace lockkeeper
