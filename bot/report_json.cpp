// SPDX-License-Identifier: Apache-2.0

// The report as JSON. Every time is RFC 3339 in UTC, every duration in seconds.

#include <nlohmann/json.hpp>

#include "bot/report.h"
#include "bot/zone_text.h"

namespace lockkeeper {
namespace {

using Json = nlohmann::ordered_json;

double seconds(Millis time) {
  return static_cast<double>(time.count()) / 1000.0;
}

Json time_json(const std::optional<Time>& time) {
  return time ? Json(to_string(*time)) : Json(nullptr);
}

template <class Word>
Json word_json(const std::optional<Word>& word) {
  return word ? Json(to_string(*word)) : Json(nullptr);
}

/// A list of what `to_json` makes of each.
template <class Items, class ToJson>
Json list_json(const Items& items, ToJson to_json) {
  Json list = Json::array();
  for (const auto& item : items)
    list.push_back(to_json(item));
  return list;
}

Json seconds_json(const std::map<std::string, Millis>& times) {
  Json json = Json::object();
  for (const auto& [name, time] : times)
    json[name] = seconds(time);
  return json;
}

Json node_json(const NodeReport& node) {
  return {{"name", node.name},
          {"role", to_string(node.role)},
          {"result", to_string(node.result)},
          {"began", time_json(node.began)},
          {"ended", time_json(node.ended)},
          {"worked_seconds", seconds(node.worked)}};
}

Json step_json(const StepReport& step) {
  return {{"number", step.number},
          {"phase", to_string(step.stage)},
          {"action", to_string(step.action)},
          {"node", step.node},
          {"began", time_json(step.began)},
          {"ended", time_json(step.ended)},
          {"result", word_json(step.result)},
          {"detail", step.detail}};
}

Json pause_json(const PauseReport& pause) {
  return {{"holder", to_string(pause.holder)},
          {"from", to_string(pause.from)},
          {"to", pause.over ? Json(to_string(pause.to)) : Json(nullptr)},
          {"seconds", seconds(pause.lasted())},
          {"rules", seconds_json(pause.rules)},
          {"reasons", pause.reasons}};
}

Json order_json(const OrderReport& order) {
  return {{"at", to_string(order.at)},
          {"what", order.what},
          {"by", order.by},
          {"reason", order.reason}};
}

Json decision_json(const DecisionReport& decision) {
  return {{"at", to_string(decision.at)},
          {"what", decision.what},
          {"rules", decision.rules},
          {"reasons", decision.reasons}};
}

Json phase_json(const PhaseReport& phase) {
  return {{"phase", to_string(phase.stage)}, {"worked_seconds", seconds(phase.worked)}};
}

Json run_json(const RunReport& run) {
  return {{"run", run.run},
          {"from", to_string(run.from)},
          {"target", to_string(run.target)},
          {"kind", to_string(run.kind)},
          {"dry_run", run.dry_run},
          {"by", run.by},
          {"reason", run.reason},
          {"opened", to_string(run.opened)},
          {"ended", run.ending ? Json(to_string(run.until)) : Json(nullptr)},
          {"ending", word_json(run.ending)},
          {"reasons", run.reasons},
          {"findings", run.findings},
          {"advice", run.advice},
          {"seconds", seconds(run.took())},
          {"waited_seconds", seconds(run.waited)},
          {"phases", list_json(run.phases, phase_json)},
          {"held_seconds_by_rule", seconds_json(run.held_by())},
          {"nodes", list_json(run.nodes, node_json)},
          {"orders", list_json(run.orders, order_json)},
          {"pauses", list_json(run.pauses, pause_json)},
          {"decisions", list_json(run.decisions, decision_json)},
          {"steps_planned", run.steps_planned},
          {"steps", list_json(run.steps, step_json)},
          {"notes", run.notes}};
}

Json target_json(const ReportTarget& target) {
  return {{"version", to_string(target.available.version)},
          {"kind", to_string(target.available.kind)},
          {"waits_for", target.waits_for}};
}

Json waiting_json(const StartRequest& request) {
  return {{"digest", request.what.digest},  {"plan", request.what.summary},
          {"by", request.what.by},          {"reason", request.what.reason},
          {"asked", to_string(request.at)}, {"expires", to_string(request.what.expires)}};
}

Json detection_json(const ReportDetection& detection) {
  return {{"scheduled", detection.scheduled},
          {"last", time_json(detection.last)},
          {"next", time_json(detection.next)},
          {"overdue_seconds", seconds(detection.overdue)},
          {"doubts", detection.doubts}};
}

}  // namespace

std::string report_json(const Report& report) {
  const Json json = {{"schema", kReportSchema},
                     {"cluster", report.cluster},
                     {"at", to_string(report.at)},
                     {"zone", zone_name(report.zone.get())},
                     {"outcome", to_string(report.outcome)},
                     {"headline", report.headline},
                     {"reasons", report.reasons},
                     {"advice", report.advice},
                     {"also", report.also},
                     {"running", report.running},
                     {"api_server", report.api_server},
                     {"targets", list_json(report.targets, target_json)},
                     {"detection", detection_json(report.detection)},
                     {"gate", report.gate.empty() ? Json(nullptr) : Json(report.gate)},
                     {"waiting", list_json(report.waiting, waiting_json)},
                     {"unseen", report.unseen},
                     {"runs", list_json(report.runs, run_json)}};
  // Details come from nodes; what is not UTF-8 in them must not end the program.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lockkeeper
