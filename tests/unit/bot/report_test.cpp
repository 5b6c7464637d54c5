// SPDX-License-Identifier: Apache-2.0
#include "bot/report.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "bot/reporter.h"
#include "tests/unit/bot/report_story.h"
#include "tests/unit/bot/story.h"

namespace lockkeeper {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using enum ReportOutcome;
using Lines = std::vector<std::string>;
using Shares = std::map<std::string, Millis>;

/// A report of a cluster that runs 1.34.2 and was looked at seven hours ago.
struct Morning {
  Settings settings = test::settings();
  Result<ClusterFacts> cluster = test::cluster(1, 2, test::kOld);
  Result<GateView> gate = GateView{};
  Result<DetectionMemory> memory = DetectionMemory{};
  std::vector<std::vector<Record>> runs;
  std::vector<StartRequest> asked;
  Time now = test::kMorning;

  Morning() {
    settings.detection.schedule = parse_cron("0 23 * * *").value();
    settings.detection.zone = std::make_shared<const Zone>();
    memory->checked = now - hours(7);
  }
  [[nodiscard]] Report report() const {
    return make_report({settings, now, now - hours(24), now - hours(100),
                        test::reports_of(runs, now), cluster, gate, memory, asked});
  }
  [[nodiscard]] ReportOutcome outcome() const { return report().outcome; }
};

bool says(const Lines& lines, std::string_view words) {
  return std::ranges::any_of(
      lines, [&](const auto& line) { return line.find(words) != std::string::npos; });
}

}  // namespace

TEST_CASE("nothing newer is known, and all of it was seen: nothing to do") {
  CHECK(Morning().outcome() == nothing_to_do);
  CHECK(Morning().report().unseen.empty());
}

TEST_CASE("what cannot be seen is never good news") {
  Morning morning;
  morning.cluster = fail("connection refused");
  CHECK(morning.outcome() == cannot_see);
  CHECK(says(morning.report().unseen, "the cluster: connection refused"));
  morning = Morning();
  morning.memory = fail("damaged");
  CHECK(morning.outcome() == stale);
  morning.memory = DetectionMemory{};
  morning.settings.detection.schedule.reset();
  CHECK(morning.outcome() == stale);
  CHECK(morning.report().headline.find("has never looked") != std::string::npos);
}

TEST_CASE("a check that is due and does not come makes detection stale, past its grace") {
  Morning morning;
  morning.memory->checked = morning.now - hours(31) - minutes(8);
  CHECK(morning.outcome() == stale);
  CHECK(morning.report().detection.overdue == hours(31) + minutes(7));
  const auto& own = morning.settings.detection;
  const Time due = test::kMorning - hours(7) - minutes(7);
  CHECK(detection_overdue(own, due - hours(24), due + minutes(10)) == Millis(0));
  CHECK(detection_overdue(own, due - hours(24), due + minutes(11)) == minutes(11));
  CHECK(detection_overdue(own, due, due + hours(23)) == Millis(0));
}

TEST_CASE("what is known to come next is available, or blocked with its reason") {
  Morning morning;
  morning.memory->highest["1.35"] = {test::kMinor, test::kNoon};
  CHECK(morning.outcome() == available);
  morning.memory->announced = "1.35.1 not yet: calico (blocked)";
  CHECK(morning.outcome() == blocked);
  CHECK(morning.report().reasons == Lines{"calico (blocked)"});
  morning.memory->highest["1.34"] = {test::kPatch, test::kNoon};
  CHECK(morning.outcome() == available);
  CHECK(says(morning.report().advice, "/upgrade start 1.34.7"));
  // A version two minors ahead is nobody's next one.
  morning.memory->highest = {{"1.36", {{1, 36, 0, {}}, test::kNoon}}};
  CHECK(morning.outcome() == nothing_to_do);
}

TEST_CASE("the last run that tells decides, and what it left is the advice") {
  Morning morning;
  const auto past = test::known_past();
  morning.runs = {past[3]};
  CHECK(morning.outcome() == failed);
  CHECK(says(morning.report().advice, "/upgrade start 1.34.7"));
  morning.runs = {past[1], past[2], past[3]};
  CHECK(morning.outcome() == blocked);
  CHECK(morning.report().headline.find("preflight refuses 1.34.7 since") != std::string::npos);
  morning.runs = past;
  CHECK(morning.outcome() == upgraded);
  morning.now += hours(48);
  CHECK(morning.outcome() != upgraded);
  // A person has brought the rest of it over by hand.
  morning.runs = {past[3]};
  morning.cluster = test::cluster(1, 2, test::kPatch);
  CHECK(morning.outcome() != failed);
}

TEST_CASE("an open run is in progress, with what holds it and for how long") {
  Morning morning;
  test::Story story;
  story.comes_to(Action::cordon, "worker-2");
  morning.now = story.records().back().at + minutes(1);
  morning.runs = {story.records()};
  CHECK(morning.outcome() == in_progress);
  CHECK(morning.report().reasons.empty());
  story.add(Held{Holder::gate, {"KubeAPIDown firing 2m"}, {{"rule/api", "x"}}});
  morning.runs = {story.records()};
  morning.now = story.records().back().at + minutes(5);
  const auto held = morning.report();
  CHECK(held.reasons == Lines{"held by the gate for 5m: KubeAPIDown firing 2m"});
  CHECK(held.runs.front().held_by() == Shares{{"api", minutes(5)}});
}

TEST_CASE("phases and waiting add up, and each rule has its own share of a pause") {
  const auto runs = test::reports_of(test::known_past(), test::kMorning);
  for (const auto& run : runs) {
    Millis sum = run.waited;
    for (const auto& phase : run.phases)
      sum += phase.worked;
    CHECK(sum == run.took());
  }
  const auto& done = runs.front();
  CHECK(done.waited == minutes(39));
  CHECK(done.held_by() == Shares{{"blindness", minutes(6)}, {"storage", minutes(9)}});
  REQUIRE(done.orders.size() == 3);
  CHECK(done.orders[1].what == "pause");
  CHECK(done.orders[2].by == "http:ops");
  CHECK(done.nodes_upgraded() == 3);
  CHECK(says(done.notes, "the clock went back by 1s"));
}

TEST_CASE("a start that was approved names both people") {
  auto records = test::known_past().front();
  std::get<Opened>(records.front().body).approval = Approval{"slack:U0EVE", 7};
  const auto report = report_of(records, test::kMorning);
  REQUIRE(report);
  CHECK(report->orders[1] == OrderReport{records.front().at, "approve", "slack:U0EVE", ""});
}

TEST_CASE("a start that waits for another person is told until its time is over") {
  Morning morning;
  StartRequest request{7, test::kMorning - hours(1), {}, std::nullopt, {}, {}};
  request.what.digest = "4be1c2d3";
  request.what.by = "slack:U0ANA";
  request.what.expires = morning.now + minutes(1);
  morning.asked = {request};
  CHECK(report_text(morning.report()).find("/upgrade approve 4be1c2d3") != std::string::npos);
  morning.now += minutes(1);
  CHECK(morning.report().waiting.empty());
  morning.now -= minutes(1);
  morning.asked.front().decided = Decided{};
  CHECK(morning.report().waiting.empty());
}

TEST_CASE("the words behind report") {
  using Form = ReportRequest::Form;
  CHECK(parse_report_request({})->form == Form::brief);
  CHECK(parse_report_request({"--json", "--runs", "3"})->runs == 3);
  CHECK(parse_report_request({"r-x"})->form == Form::page);
  CHECK(parse_report_request({"--svg", "r-x"})->form == Form::timeline);
  CHECK(parse_report_request({"--svg"})->form == Form::history);
  for (const auto* bad : {"0", "101", "x", "-1", ""}) {
    CHECK(parse_report_request({"--runs", bad}).error().what ==
          "--runs needs a number from 1 to 100");
  }
  CHECK(parse_report_request({"--jsn"}).error().what ==
        "unknown option '--jsn' (did you mean \"--json\"?)");
  CHECK_FALSE(parse_report_request({"r-x", "r-y"}));
}

}  // namespace lockkeeper
