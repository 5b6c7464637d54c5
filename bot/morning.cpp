// SPDX-License-Identifier: Apache-2.0
#include "bot/morning.h"

#include <fmt/format.h>

namespace lockkeeper {

MorningReport::MorningReport(Memory& memory, const Clock& clock, Chat& chat,
                             const Settings& settings,
                             std::function<Result<Report>(std::optional<Time> since)> make)
    : memory_(memory), clock_(clock), chat_(chat), settings_(settings), make_(std::move(make)) {}

std::optional<Time> MorningReport::following(Time after) const {
  const auto& own = settings_.report;
  if (!own.schedule || !own.zone) return std::nullopt;
  return next_run(*own.schedule, *own.zone, after);
}

/// What cannot be remembered is taken for nothing: a report too many is better than none.
void MorningReport::begin() {
  const Time now = clock_.now();
  next_ = following(now);
  const auto kept = memory_.recall(kReportMemory);
  const auto last = kept && !kept->empty() ? parse_time(*kept) : fail("");
  const auto& own = settings_.report;
  if (!last || !next_) return;
  last_ = *last;
  const auto missed = missed_runs(*own.schedule, *own.zone, *last, now);
  if (missed.count == 0) return;
  missed_ = missed.count;
  next_ = missed.newest;
}

void MorningReport::tick() {
  if (!std::exchange(begun_, true)) begin();
  const Time now = clock_.now();
  if (!next_ || *next_ > now) return;
  const Time due = *next_;
  next_ = following(now);
  // A clock that was set back does not bring an old report again.
  if (last_ && due <= *last_) return;
  say(due);
}

void MorningReport::say(Time due) {
  const auto before = std::exchange(last_, due);
  const auto kept = memory_.remember(clock_.now(), kReportMemory, to_string(due));
  const auto report = make_(before);
  auto text = report ? report_text(*report)
                     : fmt::format("[k8s-upgrade] {}: no report: {}", settings_.cluster.name,
                                   report.error().what);
  if (missed_ > 1)
    text += fmt::format("\n{} were missed while the bot was away; this is the newest",
                        counted(static_cast<std::size_t>(missed_), "report"));
  if (missed_ == 1) text += "\nit is late: the bot was away when it was due";
  if (!kept) text += "\nthat it was said cannot be remembered: " + kept.error().what;
  missed_ = 0;
  const bool bad = !report || report->outcome == ReportOutcome::failed ||
                   report->outcome == ReportOutcome::cannot_see ||
                   report->outcome == ReportOutcome::stale;
  chat_.say({bad ? Tone::needs_you : Tone::news, {}, std::move(text)});
}

}  // namespace lockkeeper
