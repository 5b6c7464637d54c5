// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/bot/report_story.h"

#include <doctest/doctest.h>

#include "bot/progress.h"
#include "tests/unit/bot/small_cluster.h"

namespace lockkeeper::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

Millis usual(Action action) {
  switch (action) {
    case Action::upgrade:
      return minutes(4);
    case Action::drain:
      return seconds(90);
    case Action::soak:
      return minutes(10);
    case Action::await_ready:
    case Action::snapshot:
      return seconds(40);
    default:
      return seconds(3);
  }
}

/// One run as it is written, with the time that each step takes.
class Ledger {
 public:
  Ledger(std::string run, Time at, const Actor& by, std::string reason)
      : plan_(plan_of(cluster())), now_(at) {
    plan_.run = std::move(run);
    add(Opened{plan_, by, std::move(reason)});
  }

  Ledger& add(const Body& body) {
    records_.push_back({static_cast<std::int64_t>(records_.size()) + 1, now_, plan_.run, body});
    const auto applied = apply(progress_, records_.back());
    REQUIRE_MESSAGE(applied.has_value(), applied.error().what);
    return *this;
  }
  Ledger& passes(Millis time) {
    now_ += time;
    return *this;
  }
  Ledger& step(Millis takes, StepResult result = StepResult::done, std::string detail = {}) {
    const int number = progress_.next()->number;
    if (!progress_.in_doubt()) add(Intent{number});
    return passes(takes).add(Outcome{number, result, std::move(detail), {}});
  }
  /// Every step before this one, for as long as such steps take.
  Ledger& until(Action action, std::string_view node = {}) {
    while (progress_.next()->number < step_of(plan_, action, node).number)
      step(usual(progress_.next()->action));
    return *this;
  }
  Ledger& to_the_end() {
    while (const Step* next = progress_.next())
      step(usual(next->action));
    return *this;
  }
  Ledger& skips_the_rest() {
    while (const Step* next = progress_.next())
      add(Outcome{next->number, StepResult::skipped, "the run is winding down", {}});
    return *this;
  }
  [[nodiscard]] std::vector<Record> records() const { return records_; }

 private:
  Plan plan_;
  Time now_;
  Progress progress_;
  std::vector<Record> records_;
};

Held by_gate(const std::string& reason) {
  return {Holder::gate, {reason}, {{"rule/storage", "2026-11-20T00:00:00Z"}}};
}

std::vector<Record> failed_run() {
  Ledger run("r-failed", kNoon - hours(72), "console:ana", "the monthly patch");
  run.until(Action::drain, "worker-2")
      .step(minutes(5), StepResult::failed, "shop/web-1: budget shop/web allows no eviction")
      .skips_the_rest();
  return run.add(Closed{Ending::failed, {"step 12: drain worker-2 (5m): budget <shop/web>"}})
      .records();
}

std::vector<Record> aborted_run() {
  Ledger run("r-aborted", kNoon - hours(48), "slack:U0ANA", "");
  run.until(Action::upgrade, "worker-2")
      .step(minutes(4))
      .add(Ordered{Verb::abort, "slack:U0BOB", "not \"today\" & <not> tomorrow"});
  run.until(Action::soak, "worker-2").step(Millis(0), StepResult::interrupted, "cut short");
  run.skips_the_rest();
  return run.add(Closed{Ending::aborted, {"slack:U0BOB: not today"}}).records();
}

std::vector<Record> refused_run() {
  const std::string why = "2 findings in the way: worker-1: SSH fails; and 1 more";
  Ledger run("r-refused", kNoon - hours(24), "bot:detection", "found by detection");
  run.step(seconds(20), StepResult::failed, why).skips_the_rest();
  return run.add(Closed{Ending::refused, {"step 1: check (10m): " + why}}).records();
}

std::vector<Record> done_run() {
  Ledger run("r-done", kNoon + hours(11), "http:ops", "calico is mended");
  run.until(Action::cordon, "worker-2");
  run.add(by_gate("VolumeFull firing 2m: rule storage (rules.ini:12) pauses"));
  auto both = by_gate("VolumeFull firing 5m: rule storage (rules.ini:12) pauses");
  both.memory["rule/blindness"] = "2026-11-20T00:00:00Z";
  run.passes(minutes(3)).add(both);
  run.passes(minutes(6)).add(Released{Holder::gate, "the gate is open"});
  run.until(Action::upgrade, "worker-2");
  run.add(Ordered{Verb::pause, "http:ops", "lunch"}).until(Action::cordon, "worker-1");
  run.passes(minutes(30)).add(Ordered{Verb::resume, "http:ops", "back"});
  // The clock is set back by a second on the way.
  run.passes(-seconds(1)).until(Action::upgrade, "worker-1");
  return run.to_the_end().add(Closed{Ending::done, {}}).records();
}

}  // namespace

std::vector<std::vector<Record>> known_past() {
  return {done_run(), refused_run(), aborted_run(), failed_run()};
}

std::vector<RunReport> reports_of(const std::vector<std::vector<Record>>& runs, Time now) {
  std::vector<RunReport> reports;
  for (const auto& records : runs) {
    auto report = report_of(records, now);
    REQUIRE_MESSAGE(report.has_value(), report.error().what);
    reports.push_back(std::move(*report));
  }
  return reports;
}

}  // namespace lockkeeper::test
