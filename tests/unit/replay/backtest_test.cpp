// SPDX-License-Identifier: Apache-2.0
#include "bot/replay/backtest.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "bot/replay/backtest_picture.h"
#include "bot/replay/backtest_text.h"

namespace lockkeeper::replay {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Time kNine = parse_time("2026-11-20T09:00:00Z").value();
const Labels kWatchdog{{"alertname", "Watchdog"}};
const Labels kDisk{{"alertname", "Disk"}, {"severity", "warning"}};
const Labels kEtcd{{"alertname", "Etcd"}};

Rule rule(std::string name, std::string_view match, RuleAction action) {
  Rule made;
  made.name = std::move(name);
  made.file = "rules.ini";
  made.line = 3;
  made.match.push_back(parse_matchers(match).value());
  made.action = action;
  made.phases = {Phase::precheck, Phase::between, Phase::drain, Phase::upgrade, Phase::soak};
  made.resume_after = minutes(2);
  return made;
}

RuleBook book() {
  RuleBook book;
  book.watchdog = parse_matchers("alertname=\"Watchdog\"").value();
  book.rules = {rule("watchdog", "alertname=\"Watchdog\"", RuleAction::ignore),
                rule("disk", "alertname=\"Disk\"", RuleAction::pause),
                rule("etcd", "alertname=\"Etcd\"", RuleAction::abort),
                rule("unused", "alertname=\"Unused\"", RuleAction::pause)};
  book.fallback = rule("default_action", "a=~\".*\"", RuleAction::pause);
  return book;
}

/// A history of looks every 15 s from 09:00 on, with the Watchdog in each.
struct Past {
  explicit Past(Millis length)
      : builder(HistoryBuilder::grid(kNine, kNine + length, seconds(15)).value()) {
    fires(kWatchdog, Millis(0), length + seconds(1));
  }
  void fires(const Labels& labels, Millis from, Millis to) {
    const auto number = builder.series(labels);
    for (Millis at = from; at < to; at += seconds(15))
      builder.fires(number, kNine + at);
  }
  HistoryBuilder builder;
};

/// Two nodes of 20 minutes and 10 of soak: an hour. The start leaves time for the first sight.
BacktestOptions options() {
  BacktestOptions options;
  options.nodes = {"w1", "w2"};
  options.node_time = minutes(20);
  options.soak = minutes(10);
  options.soak_limit = hours(1);
  options.settle_limit = minutes(5);
  options.starts = {kNine + minutes(5)};
  return options;
}

BacktestReport play(Past& past, const BacktestOptions& how) {
  return backtest(past.builder.finish(), book(), GateSettings(), how);
}

const RuleTally* tally(const BacktestReport& report, std::string_view name) {
  for (const auto& one : report.rules) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

TEST_CASE("a quiet history lets a run take its own time and no more") {
  Past past(hours(3));
  const auto report = play(past, options());
  REQUIRE(report.runs.size() == 1);
  CHECK(report.runs[0].end == RunEnd::done);
  CHECK(report.runs[0].ended - report.runs[0].began == hours(1));
  CHECK(report.undisturbed == hours(1));
  CHECK(report.pauses.empty());
  CHECK(report.gaps.empty());
  CHECK(report.never == std::vector<std::string>{"disk (rules.ini:3)", "etcd (rules.ini:3)",
                                                 "unused (rules.ini:3)"});
}

TEST_CASE("an alert between nodes holds the run for as long as it fires and its quiet lasts") {
  // The second node is due at 9:35. The alert fires from 9:34 to 9:50, then two quiet minutes; it
  // also shuts the soak of the first node in its last minute, which begins anew.
  Past past(hours(3));
  past.fires(kDisk, minutes(34), minutes(50));
  const auto report = play(past, options());
  REQUIRE(report.runs.size() == 1);
  CHECK(report.runs[0].end == RunEnd::done);
  REQUIRE(report.pauses.size() == 1);
  CHECK(report.pauses[0].from == kNine + minutes(34));
  CHECK(report.pauses[0].to == kNine + minutes(52));
  CHECK(report.pauses[0].held.at("disk") == minutes(18));
  // 25 minutes until the soak begins, shut at 34, open at 52, ten minutes of soak, 30 of the node.
  CHECK(report.runs[0].ended == kNine + minutes(52 + 10 + 30));
  REQUIRE(tally(report, "disk") != nullptr);
  CHECK(tally(report, "disk")->pauses == 1);
  CHECK(tally(report, "disk")->held == minutes(18));
  REQUIRE(tally(report, "disk")->firing.size() == 1);
  CHECK(tally(report, "disk")->firing[0].from == kNine + minutes(34));
  CHECK(tally(report, "disk")->firing[0].to == kNine + minutes(50));
}

TEST_CASE("an alert while a script runs holds nothing, an abort ends the run") {
  Past past(hours(3));
  past.fires(kDisk, minutes(12), minutes(15));
  past.fires(kEtcd, minutes(60), minutes(61));
  const auto report = play(past, options());
  REQUIRE(report.runs.size() == 1);
  CHECK(report.pauses.empty());
  CHECK(report.runs[0].end == RunEnd::aborted);
  CHECK(report.runs[0].ended == kNine + minutes(60));
  CHECK(report.runs[0].rules == std::vector<std::string>{"etcd"});
  CHECK(tally(report, "etcd")->aborted == 1);
}

TEST_CASE("an alert that fires at the start refuses the run") {
  Past past(hours(3));
  past.fires(kDisk, minutes(4), minutes(30));
  auto how = options();
  how.starts.push_back(kNine + minutes(40));
  const auto report = play(past, how);
  REQUIRE(report.runs.size() == 2);
  CHECK(report.runs[0].end == RunEnd::refused);
  CHECK(report.runs[0].rules == std::vector<std::string>{"disk"});
  CHECK(report.runs[1].end == RunEnd::done);
  CHECK(tally(report, "disk")->refused == 1);
}

TEST_CASE("a start that falls into an open run is left out, and the end of the history cuts") {
  Past past(minutes(30));
  auto how = options();
  how.starts.push_back(kNine + minutes(20));
  const auto report = play(past, how);
  REQUIRE(report.runs.size() == 1);
  CHECK(report.skipped == 1);
  CHECK(report.runs[0].end == RunEnd::open);
  CHECK(report.runs[0].ended == kNine + minutes(30));
}

TEST_CASE("where the Watchdog is missing nothing is known, and the gate is held as blind") {
  auto builder = HistoryBuilder::grid(kNine, kNine + hours(3), seconds(15)).value();
  const auto dog = builder.series(kWatchdog);
  for (Millis at{}; at <= hours(3); at += seconds(15)) {
    if (at < minutes(36) || at >= minutes(46)) builder.fires(dog, kNine + at);
  }
  auto how = options();
  const auto history = builder.finish();
  const auto report = backtest(history, book(), GateSettings(), how);
  REQUIRE(report.gaps.size() == 1);
  CHECK(report.gaps[0].from == kNine + minutes(36));
  CHECK(report.gaps[0].to == kNine + minutes(46));
  // Blind 45 s after the last sight, in the drain and before the script of the second node.
  REQUIRE(report.pauses.size() == 1);
  CHECK(report.pauses[0].held.contains("blindness"));
  CHECK(report.pauses[0].to == kNine + minutes(48));
  how.assume_sight = true;
  const auto seeing = backtest(history, book(), GateSettings(), how);
  CHECK(seeing.gaps.empty());
  CHECK(seeing.pauses.empty());
}

TEST_CASE("alerts without a rule are counted, with the line that a rule for them begins with") {
  Past past(hours(3));
  const Labels odd{{"alertname", "Odd"}, {"severity", "info"}, {"pod", "a"}};
  const Labels odder{{"alertname", "Odd"}, {"severity", "info"}, {"pod", "b"}};
  past.fires(odd, minutes(100), minutes(101));
  past.fires(odd, minutes(110), minutes(111));
  past.fires(odder, minutes(110), minutes(112));
  const auto report = play(past, options());
  REQUIRE(report.unruled.size() == 1);
  CHECK(report.unruled[0].match == "alertname=\"Odd\",severity=\"info\"");
  CHECK(report.unruled[0].series == 2);
  CHECK(report.unruled[0].episodes == 3);
  CHECK(report.unruled[0].firing == minutes(4));
}

TEST_CASE("nodes are named as the rules find them in the history") {
  auto with_node = book();
  with_node.rules[1].node = parse_node_template("${labels.node}").value();
  Past past(minutes(1));
  past.fires({{"alertname", "Disk"}, {"node", "w7"}}, Millis(0), minutes(1));
  past.fires({{"alertname", "Etcd"}, {"node", "w8"}}, Millis(0), minutes(1));
  const auto history = past.builder.finish();
  CHECK(node_names(history, with_node, 3) == std::vector<std::string>{"w7", "node-1", "node-2"});
  CHECK(node_names(history, with_node, 1) == std::vector<std::string>{"w7"});
}

TEST_CASE("the report says it in words, as a picture and as JSON") {
  Past past(hours(3));
  past.fires(kDisk, minutes(34), minutes(50));
  const auto report = play(past, options());
  const auto text = report_text(report);
  CHECK(text.contains("1 run: 1 done; held for 18m in 1 pause\n"));
  CHECK(text.contains("longest pause: 18m from 2026-11-20T09:34:00Z: Disk{"));
  CHECK(text.contains("  unused (rules.ini:3)\n"));
  const auto picture = picture_text(report, 18);  // ten minutes each
  CHECK(picture.contains("runs ===###====........\n"));
  CHECK(picture.contains("disk ...###............\n"));
  const auto json = nlohmann::json::parse(report_json(report));
  CHECK(json["pauses"][0]["held_seconds"]["disk"] == 1080.0);
  CHECK(json["runs"][0]["end"] == "done");
  const auto svg = picture_svg(report);
  CHECK(svg.starts_with("<svg "));
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(svg.contains(">disk</text>"));
}

}  // namespace
}  // namespace lockkeeper::replay
