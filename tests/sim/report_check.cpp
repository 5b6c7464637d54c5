// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/report_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "bot/run_picture.h"
#include "bot/run_report.h"

namespace lockkeeper::sim {
namespace {

template <class Body>
std::size_t count_of(const std::vector<Record>& records) {
  return static_cast<std::size_t>(std::ranges::count_if(
      records, [](const Record& one) { return std::holds_alternative<Body>(one.body); }));
}

/// The time that has passed forwards between the records, whatever the clock did.
Millis forward(const std::vector<Record>& records) {
  Millis all{};
  Time newest = records.front().at;
  for (const auto& record : records) {
    if (record.at > newest) all += record.at - newest;
    newest = std::max(newest, record.at);
    if (std::holds_alternative<Closed>(record.body)) break;
  }
  return all;
}

std::string times_trouble(const RunReport& report) {
  Millis sum = report.waited;
  for (const auto& phase : report.phases) {
    if (phase.worked < Millis(0)) return "a phase is shorter than nothing";
    sum += phase.worked;
  }
  if (sum != report.took())
    return fmt::format("phases and waiting are {}, the run took {}", to_string(sum),
                       to_string(report.took()));
  Millis nodes{};
  for (const auto& node : report.nodes)
    nodes += node.worked;
  if (nodes > report.took() - report.waited) return "the nodes took longer than the run";
  for (const auto& pause : report.pauses) {
    if (pause.from < report.opened || pause.to > report.until || pause.to < pause.from)
      return "a pause lies outside of its run";
    for (const auto& [rule, held] : pause.rules)
      if (held < Millis(0) || held > pause.lasted()) return "a rule held longer than its pause";
  }
  return {};
}

std::string steps_trouble(const RunReport& report, const std::vector<Record>& records) {
  const auto count = [&](auto member) {
    return static_cast<std::size_t>(std::ranges::count_if(
        report.steps, [&](const StepReport& step) { return (step.*member).has_value(); }));
  };
  const bool same = count(&StepReport::result) == count_of<Outcome>(records) &&
                    count(&StepReport::began) == count_of<Intent>(records);
  return same ? "" : "steps are not those of the records";
}

}  // namespace

std::string report_trouble(Journal& journal, Time now) {
  const auto runs = journal.runs(1);
  if (!runs || runs->empty()) return {};
  const auto records = journal.read(runs->front());
  if (!records) return {};
  const auto report = report_of(*records, now);
  if (!report) return "no report: " + report.error().what;
  if (auto trouble = times_trouble(*report); !trouble.empty()) return "report: " + trouble;
  if (auto trouble = steps_trouble(*report, *records); !trouble.empty())
    return "report: " + trouble;
  if (report->ending && report->took() != forward(*records))
    return "report: it did not take the time between its records";
  const auto* opened = std::get_if<Opened>(&records->front().body);
  const std::size_t approvals = opened != nullptr && opened->approval ? 1 : 0;
  if (report->orders.size() != count_of<Ordered>(*records) + 1 + approvals)
    return "report: orders are not those of the records";
  if (timeline_svg(*report, nullptr).find("=\"-") != std::string::npos)
    return "report: its picture has a negative length";
  return {};
}

}  // namespace lockkeeper::sim
