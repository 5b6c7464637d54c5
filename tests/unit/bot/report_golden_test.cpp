// SPDX-License-Identifier: Apache-2.0

// The report of a known past in each of its forms, tests/golden/report/. With
// LOCKKEEPER_WRITE_GOLDEN set, the files are written and not compared.

#include <doctest/doctest.h>

#include <filesystem>

#include "bot/run_picture.h"
#include "tests/unit/bot/report_story.h"
#include "tests/unit/bot/small_cluster.h"
#include "tests/unit/golden_file.h"

namespace lockkeeper {
namespace {

void compare(const std::string& name, const std::string& text) {
  test::compare_with_file(std::filesystem::path(LOCKKEEPER_GOLDEN) / "report" / name, text);
}

/// One hour ahead of UTC.
std::shared_ptr<const Zone> berlin() {
  return std::make_shared<const Zone>(
      Zone{"Europe/Berlin", {{std::chrono::sys_seconds{}, std::chrono::hours(1)}}});
}

}  // namespace

TEST_CASE("golden: the report of a known past, as text, JSON and pictures") {
  auto settings = test::settings();
  settings.report.zone = settings.detection.zone = berlin();
  settings.detection.schedule = parse_cron("0 23 * * *").value();
  DetectionMemory memory;
  memory.checked = test::kMorning - std::chrono::hours(8);
  memory.highest["1.35"] = {test::kMinor, test::kNoon};
  memory.announced = "1.35.1 not yet: calico (blocked)";
  GateView gate;
  gate.state = GateState::clear;
  StartRequest asked{7, test::kMorning - std::chrono::hours(1), {}, std::nullopt, {}, {}};
  asked.what.digest = "4be1c2d3";
  asked.what.summary = "1.34.7 -> 1.35.1 (minor), 3 nodes, 25 steps, plan 4be1c2d3";
  asked.what.by = "slack:U0ANA";
  asked.what.reason = "calico is mended";
  asked.what.expires = test::kMorning + std::chrono::minutes(30);
  const auto report = make_report(
      {settings, test::kMorning, test::kMorning - std::chrono::hours(24), Time{},
       test::reports_of(test::known_past(), test::kMorning), test::cluster(1, 2, test::kPatch),
       gate, memory, std::vector<StartRequest>{asked}});
  compare("chat.txt", report_text(report) + "\n");
  compare("page.txt", report_page(report));
  compare("report.json", report_json(report));
  compare("history.svg", history_svg(report.runs, report.zone.get()));
  compare("timeline.svg", timeline_svg(report.runs.front(), report.zone.get()));
}

}  // namespace lockkeeper
