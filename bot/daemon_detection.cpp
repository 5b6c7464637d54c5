// SPDX-License-Identifier: Apache-2.0
#include "bot/daemon_detection.h"

#include <fmt/format.h>

#include "bot/retry.h"
#include "integrations/system/log.h"

namespace lockkeeper {
namespace {

using system::Level;
using system::log;

// How often it is looked whether the schedule is due: its unit is the minute.
constexpr Millis kTick = std::chrono::seconds(5);

}  // namespace

Status DetectionDuty::Outside::open(const Settings& settings) {
  auto opened = LiveScout::open(settings, clock);
  if (!opened) return std::unexpected(opened.error());
  scout = std::move(*opened);
  return {};
}

DetectionDuty::DetectionDuty(Parts parts, Outside& outside, const Settings& settings)
    : parts_(std::move(parts)),
      outside_(outside),
      settings_(settings),
      detector_({parts_.world, *outside.scout, parts_.memory, outside.clock, parts_.chat}, settings,
                [this](const Check& check) { take(check); }) {}

void DetectionDuty::start() {
  recall_last_check();
  thread_ = std::make_unique<system::Periodic>(kTick, [this] { tick(); });
  started_ = true;
}

void DetectionDuty::ask(bool forget) {
  detector_.ask(forget);
  if (started_) thread_->soon();
}

void DetectionDuty::stop() {
  detector_.leave();
  outside_.scout->stop();
  outside_.clock.stir();
  if (started_) thread_->stop();
}

/// A restarted bot still knows when it last looked; without this a long gap would go unseen.
void DetectionDuty::recall_last_check() {
  const auto text = parts_.memory.recall(kDetectionMemory);
  const auto known = text ? decode_memory(*text) : std::unexpected(text.error());
  if (!known || known->checked == Time{}) return set_due(outside_.clock.now());
  const std::chrono::duration<double> at = known->checked.time_since_epoch();
  parts_.metrics.set(metrics::Metric::version_check_last_run, at.count());
  set_due(known->checked);
}

/// What was due stays due until a look has come to an end: an alert goes by how long it is overdue,
/// whatever the schedule. Without a schedule nothing ever is.
void DetectionDuty::set_due(Time since) {
  const auto& own = settings_.detection;
  if (!own.schedule || !own.zone) return;
  const auto due = next_run(*own.schedule, *own.zone, since);
  if (!due) return;
  const std::chrono::duration<double> at = due->time_since_epoch();
  parts_.metrics.set(metrics::Metric::detection_due, at.count());
}

void DetectionDuty::take(const Check& check) {
  const auto now = outside_.clock.now();
  set_due(now);
  parts_.gauges.checked(check, now);
  found_ = check;
  for (const auto& note : check.found.notes)
    log(Level::info, "detection: " + note);
}

// One try for each check, within the first window that opens.
void DetectionDuty::tick() {
  detector_.tick();
  if (!found_) return;
  const auto wanted = startable(*found_, settings_.detection, outside_.clock.now());
  if (const auto open = parts_.journal.open_run(); !wanted || !open || *open) return;
  found_.reset();
  const auto version = to_string(wanted->version);
  if (const auto why = why_not_again(parts_.journal, wanted->version); !why.empty())
    return log(Level::info, fmt::format("detection does not start {}: {}", version, why));
  const auto line = fmt::format("start {} --reason \"found by detection\"", version);
  auto reply = parts_.obey(kDetectionActor, line);
  if (!reply.confirm.empty())
    reply = parts_.obey(kDetectionActor, fmt::format("{} --confirm {}", line, reply.confirm));
  log(Level::info, fmt::format("detection starts {}: {}", version, reply.text));
}

}  // namespace lockkeeper
