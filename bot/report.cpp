// SPDX-License-Identifier: Apache-2.0
#include "bot/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "bot/zone_text.h"

namespace lockkeeper {
namespace {

// A check reads every feed twice and may wait for each; the scraper and the reader are late, too.
constexpr Millis kGrace = std::chrono::minutes(10);

/// Whether the run says how the cluster's last upgrade went: rehearsals and parts do not.
bool tells(const RunReport& run) {
  const auto& ending = run.ending;
  return !run.dry_run && (ending == Ending::done || ending == Ending::failed ||
                          ending == Ending::aborted || ending == Ending::refused);
}

class Maker {
 public:
  explicit Maker(ReportInputs inputs) : in_(std::move(inputs)) {}
  Report make();

 private:
  void look_at_cluster();
  void look_at_gate();
  void look_at_requests();
  void look_at_detection();
  void find_targets();
  void judge();
  bool in_progress();
  bool failed(const RunReport& run);
  bool upgraded(const RunReport& run);
  bool cannot_see();
  bool refused(const RunReport& run);
  bool blocked_by_compat();
  bool stale();
  bool available();
  void nothing_to_do();
  /// The first that is true decides; what is true behind it is said as well.
  void tell(ReportOutcome outcome, std::string headline, std::vector<std::string> reasons,
            std::vector<std::string> advice);
  [[nodiscard]] std::string when(Time time) const { return minute_text(time, report_.zone.get()); }
  [[nodiscard]] bool whole_on(const Version& version) const;
  [[nodiscard]] std::string start_advice(const Available& available) const;

  ReportInputs in_;
  Report report_;
  bool told_ = false;
};

void Maker::tell(ReportOutcome outcome, std::string headline, std::vector<std::string> reasons,
                 std::vector<std::string> advice) {
  if (std::exchange(told_, true)) {
    report_.also.push_back(std::move(headline));
    return;
  }
  report_.outcome = outcome;
  report_.headline = std::move(headline);
  report_.reasons = std::move(reasons);
  report_.advice = std::move(advice);
}

void Maker::look_at_cluster() {
  if (!in_.cluster) {
    report_.unseen.push_back("the cluster: " + in_.cluster.error().what);
    return;
  }
  report_.api_server =
      in_.cluster->api_server ? to_string(*in_.cluster->api_server) : in_.cluster->api_server_text;
  for (const auto& node : in_.cluster->nodes)
    ++report_.running[node.kubelet ? to_string(*node.kubelet) : clipped(node.kubelet_text, 40)];
}

void Maker::look_at_gate() {
  if (in_.gate) {
    report_.gate = to_string(in_.gate->state);
  } else {
    report_.unseen.push_back("the gate: " + in_.gate.error().what);
  }
}

/// Not those whose time is over, which the desk ends when it runs.
void Maker::look_at_requests() {
  if (!in_.asked) {
    report_.unseen.push_back("starts that wait for approval: " + in_.asked.error().what);
    return;
  }
  report_.waiting = std::move(*in_.asked);
  std::erase_if(report_.waiting, [&](const StartRequest& one) {
    return !one.waits() || one.what.expires <= in_.now;
  });
}

void Maker::look_at_detection() {
  const auto& settings = in_.settings.detection;
  auto& detection = report_.detection;
  detection.scheduled = settings.schedule && settings.zone;
  if (detection.scheduled) detection.next = next_run(*settings.schedule, *settings.zone, in_.now);
  if (!in_.memory) {
    report_.unseen.push_back("what detection remembers: " + in_.memory.error().what);
    return;
  }
  if (in_.memory->checked != Time{}) detection.last = in_.memory->checked;
  detection.doubts = in_.memory->complained;
  detection.overdue =
      detection_overdue(settings, detection.last.value_or(in_.watched_since), in_.now);
}

void Maker::find_targets() {
  if (!in_.cluster || !in_.memory) return;
  // Without feeds it only says which of the remembered versions may come next.
  auto memory = *in_.memory;
  const auto found = judge_feeds(*in_.cluster, {}, {}, memory, in_.now);
  for (const auto* one : {&found.patch, &found.minor}) {
    if (!*one) continue;
    const auto lead = to_string((*one)->version) + " not yet: ";
    std::string why;
    for (const auto said : split(in_.memory->announced, ';'))
      if (said.starts_with(lead)) why = said.substr(lead.size());
    report_.targets.push_back({**one, std::move(why)});
  }
}

bool Maker::in_progress() {
  if (report_.runs.empty() || !report_.runs.front().open()) return false;
  const auto& run = report_.runs.front();
  std::vector<std::string> reasons;
  for (const auto& pause : run.pauses) {
    if (pause.over) continue;
    reasons.push_back(fmt::format("held by {} for {}: {}", holder_text(pause.holder),
                                  to_string(pause.lasted()), joined(pause.reasons, "; ")));
  }
  std::vector<std::string> advice;
  if (!reasons.empty()) advice.emplace_back("what ends it: /upgrade why");
  tell(ReportOutcome::in_progress,
       fmt::format("in progress: {} {} -> {}{}, {} of {}, for {}, at {}", run.run,
                   to_string(run.from), to_string(run.target), run.dry_run ? " (dry run)" : "",
                   run.nodes_upgraded(), counted(run.nodes.size(), "node"), to_string(run.took()),
                   run.standing.empty() ? "its end" : run.standing),
       std::move(reasons), std::move(advice));
  return true;
}

bool Maker::whole_on(const Version& version) const {
  if (!in_.cluster || in_.cluster->nodes.empty()) return false;
  return std::ranges::all_of(in_.cluster->nodes, [&](const NodeFacts& node) {
    return node.kubelet && *node.kubelet >= version && node.cordoned_by.empty();
  });
}

bool Maker::failed(const RunReport& run) {
  if (run.ending != Ending::failed && run.ending != Ending::aborted) return false;
  if (whole_on(run.target)) return false;
  tell(ReportOutcome::failed,
       fmt::format("{}: {} to {}, ended {} after {}, {} of {} done", to_string(*run.ending),
                   run.run, to_string(run.target), when(run.until), to_string(run.took()),
                   run.nodes_upgraded(), counted(run.nodes.size(), "node")),
       run.reasons, run.advice);
  return true;
}

bool Maker::upgraded(const RunReport& run) {
  if (run.ending != Ending::done || run.until <= in_.since) return false;
  tell(ReportOutcome::upgraded,
       fmt::format("upgraded: {} -> {} by {}, ended {} after {}, {}", to_string(run.from),
                   to_string(run.target), run.run, when(run.until), to_string(run.took()),
                   counted(run.nodes.size(), "node")),
       {}, {});
  return true;
}

bool Maker::cannot_see() {
  if (in_.cluster) return false;
  tell(ReportOutcome::cannot_see, "cannot see the cluster: " + in_.cluster.error().what, {}, {});
  return true;
}

/// Refused once or several times in a row, until the cluster runs it or another run tells more.
bool Maker::refused(const RunReport& run) {
  if (run.ending != Ending::refused || whole_on(run.target)) return false;
  int times = 0;
  Time first = run.opened;
  for (const auto& one : report_.runs) {
    if (!tells(one)) continue;
    if (one.ending != Ending::refused || one.target != run.target) break;
    ++times;
    first = one.opened;
  }
  auto text = fmt::format("blocked: preflight refuses {}", to_string(run.target));
  text += times == 1 ? fmt::format(" since {}", when(first))
                     : fmt::format(", {} times since {}", times, when(first));
  const bool again = in_.settings.detection.on_available == DetectionSettings::OnAvailable::start;
  auto advice =
      again && report_.detection.next
          ? fmt::format("it is tried again after the check at {}", when(*report_.detection.next))
          : fmt::format("mend that, then /upgrade start {}", to_string(run.target));
  tell(ReportOutcome::blocked, std::move(text), run.findings.empty() ? run.reasons : run.findings,
       {std::move(advice)});
  return true;
}

bool Maker::blocked_by_compat() {
  const auto waits = [](const ReportTarget& target) { return !target.waits_for.empty(); };
  if (report_.targets.empty() || !std::ranges::all_of(report_.targets, waits)) return false;
  const auto& target = report_.targets.front();
  const auto version = to_string(target.available.version);
  tell(ReportOutcome::blocked, fmt::format("blocked: {} is available, not yet", version),
       {target.waits_for}, {fmt::format("lockkeeper compat {} tells more", version)});
  return true;
}

bool Maker::stale() {
  const auto& detection = report_.detection;
  if (detection.overdue > Millis(0)) {
    const auto last = detection.last ? "the last was " + when(*detection.last)
                                     : std::string("there was none yet");
    tell(ReportOutcome::stale,
         fmt::format("detection is stale: a check has been due for {}; {}",
                     to_string(detection.overdue), last),
         {}, {"to look now: /upgrade check"});
    return true;
  }
  if (detection.last || !in_.memory) return false;
  tell(ReportOutcome::stale, "nothing is known of new versions: detection has never looked", {},
       {detection.next ? fmt::format("it looks at {}; now: /upgrade check", when(*detection.next))
                       : std::string("to look now: /upgrade check")});
  return true;
}

std::string Maker::start_advice(const Available& available) const {
  const auto& own = in_.settings.detection;
  const bool fits =
      available.kind == UpgradeKind::patch || own.start_kind == DetectionSettings::StartKind::any;
  if (own.on_available == DetectionSettings::OnAvailable::start && fits) {
    return own.start_windows.empty() ? "it is started after the next check"
                                     : "it is started within start_window, after the next check";
  }
  const auto version = to_string(available.version);
  return fmt::format("to see the plan: /upgrade plan {0}; to start it: /upgrade start {0}",
                     version);
}

bool Maker::available() {
  for (const auto& target : report_.targets) {
    if (!target.waits_for.empty()) continue;
    tell(ReportOutcome::available,
         fmt::format("available: {} ({})", to_string(target.available.version),
                     to_string(target.available.kind)),
         {}, {start_advice(target.available)});
    return true;
  }
  return false;
}

void Maker::nothing_to_do() {
  // Only when everything was seen that could say otherwise.
  if (!in_.memory) {
    tell(ReportOutcome::stale, "nothing is known of new versions", {}, {});
  } else {
    tell(ReportOutcome::nothing_to_do,
         "nothing to do: nothing newer is known than what the cluster runs", {}, {});
  }
}

void Maker::judge() {
  in_progress();
  const auto last = std::ranges::find_if(report_.runs, tells);
  const bool any = last != report_.runs.end();
  if (any) {
    failed(*last);
    upgraded(*last);
  }
  cannot_see();
  if (any) refused(*last);
  blocked_by_compat();
  stale();
  available();
  if (!told_) nothing_to_do();
}

Report Maker::make() {
  report_.cluster = in_.settings.cluster.name;
  report_.at = in_.now;
  report_.zone = in_.settings.report.zone;
  report_.runs = std::move(in_.runs);
  look_at_cluster();
  look_at_gate();
  look_at_requests();
  look_at_detection();
  find_targets();
  judge();
  return std::move(report_);
}

}  // namespace

Millis detection_overdue(const DetectionSettings& settings, Time since, Time now) {
  if (!settings.schedule || !settings.zone || since == Time{}) return Millis(0);
  const auto due = next_run(*settings.schedule, *settings.zone, since);
  return due && now - *due > kGrace ? now - *due : Millis(0);
}

Report make_report(ReportInputs inputs) {
  return Maker(std::move(inputs)).make();
}

std::string_view to_string(ReportOutcome outcome) {
  constexpr std::array<std::string_view, 8> names = {"in_progress", "failed",       "upgraded",
                                                     "cannot_see",  "blocked",      "stale",
                                                     "available",   "nothing_to_do"};
  return names.at(static_cast<std::size_t>(outcome));
}

}  // namespace lockkeeper
