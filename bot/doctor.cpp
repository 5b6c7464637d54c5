// SPDX-License-Identifier: Apache-2.0
#include "bot/doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "bot/doctor_judges.h"
#include "rules/evaluate.h"

namespace lockkeeper {
namespace {

using Judge = void (*)(const doctor::Case&, doctor::Findings&);

Judge judge_of(Area area) {
  switch (area) {
    case Area::configuration:
      return doctor::judge_configuration;
    case Area::journal:
      return doctor::judge_journal;
    case Area::kubernetes:
      return doctor::judge_kubernetes;
    case Area::nodes:
      return doctor::judge_nodes;
    case Area::prometheus:
      return doctor::judge_prometheus;
    case Area::alertmanager:
      return doctor::judge_alertmanager;
    case Area::pushgateway:
      return doctor::judge_pushgateway;
    case Area::slack:
      return doctor::judge_slack;
    case Area::daemon:
      return doctor::judge_daemon;
    case Area::detection:
      return doctor::judge_detection;
    case Area::compat:
      return doctor::judge_compat;
  }
  return nullptr;
}

/// Whether there is anything to judge.
bool was_seen(const Exams& exams, Area area) {
  switch (area) {
    case Area::configuration:
      return true;
    case Area::journal:
      return exams.journal.has_value();
    case Area::kubernetes:
      return exams.kubernetes.has_value();
    case Area::nodes:
      return exams.nodes.has_value();
    case Area::prometheus:
      return exams.prometheus.has_value();
    case Area::alertmanager:
      return exams.alertmanager.has_value();
    case Area::pushgateway:
      return exams.pushgateway.has_value();
    case Area::slack:
      return exams.slack.has_value();
    case Area::daemon:
      return exams.daemon.has_value();
    case Area::detection:
      return exams.detection.has_value();
    case Area::compat:
      return exams.compat.has_value();
  }
  return false;
}

std::string_view word_of(Health health) {
  switch (health) {
    case Health::ok:
      return "ok";
    case Health::unchecked:
      return "not checked";
    case Health::warning:
      return "warning";
    case Health::broken:
      return "broken";
  }
  return "?";
}

/// In the text, what is wrong must be found at a glance.
std::string_view mark_of(Health health) {
  return health == Health::broken ? "BROKEN" : word_of(health);
}

}  // namespace

std::string_view to_string(Area area) {
  constexpr std::array<std::string_view, kAreas.size()> kNames = {
      "configuration", "journal", "kubernetes", "nodes",     "prometheus", "alertmanager",
      "pushgateway",   "slack",   "daemon",     "detection", "compat"};
  return kNames.at(static_cast<std::size_t>(area));
}

std::size_t DoctorReport::count(Health health) const {
  std::size_t found = 0;
  for (const auto& area : areas)
    for (const auto& one : area.found)
      found += one.health == health ? 1 : 0;
  return found;
}

DoctorReport diagnose(const Exams& exams, const Settings& settings, std::span<const Area> areas,
                      std::string_view version, Time now) {
  const doctor::Case seen{exams, settings, version, now};
  DoctorReport report;
  for (const auto area : areas) {
    doctor::Findings found;
    if (was_seen(exams, area)) {
      judge_of(area)(seen, found);
    } else {
      found.unchecked("not looked at in time");
    }
    report.areas.push_back({area, found.take()});
  }
  return report;
}

std::string doctor_text(const DoctorReport& report) {
  std::string text;
  for (const auto& area : report.areas) {
    text += fmt::format("{}\n", to_string(area.area));
    for (const auto& one : area.found) {
      text += fmt::format("  {:11}  {}\n", mark_of(one.health), one.what);
      if (!one.fix.empty()) text += fmt::format("  {:11}  -> {}\n", "", one.fix);
    }
  }
  return text + fmt::format("{} ok, {} not checked, {}, {} broken", report.count(Health::ok),
                            report.count(Health::unchecked),
                            counted(report.count(Health::warning), "warning"),
                            report.count(Health::broken));
}

std::string doctor_json(const DoctorReport& report) {
  using Json = nlohmann::ordered_json;
  Json areas = Json::array();
  for (const auto& area : report.areas) {
    Json checks = Json::array();
    for (const auto& one : area.found)
      checks.push_back({{"health", word_of(one.health)}, {"what", one.what}, {"fix", one.fix}});
    areas.push_back({{"area", to_string(area.area)}, {"checks", std::move(checks)}});
  }
  const Json all = {{"ok", report.count(Health::broken) == 0}, {"areas", std::move(areas)}};
  return all.dump(2, ' ', false, Json::error_handler_t::replace);
}

Labels test_alert_labels(const std::string& cluster, const std::string& id) {
  return Labels({{"alertname", std::string(kTestAlert)},
                 {"cluster", cluster},
                 {"severity", "none"},
                 {std::string(kTestLabel), id}});
}

std::string test_alert_objection(const Settings& settings, const std::string& id, Time now) {
  const auto& book = settings.rules;
  const auto alert = normalised(test_alert_labels(settings.cluster.name, id), book.external_labels,
                                book.ignore_labels);
  Situation situation;
  situation.phase = Phase::between;
  situation.wall = now;
  Evidence evidence;
  evidence.sources = {false, true, false};
  const auto decision = decide(book, alert, situation, evidence);
  if (decision.action == RuleAction::ignore) return {};
  return fmt::format(
      "rule {} would {} for it; add a rule `match = alertname=\"{}\"`, `action = "
      "ignore`",
      decision.rule->name, to_string(decision.action), kTestAlert);
}

namespace doctor {

std::string offset_text(const ClockOffset& clock) {
  const auto size = std::chrono::abs(clock.offset);
  return fmt::format("{} {} this host's (+-{})", to_string(Millis(size)),
                     clock.offset < Millis(0) ? "behind" : "ahead of",
                     to_string(clock.uncertainty));
}

bool named_in_configuration(const Exams& exams, std::string_view key) {
  return std::ranges::any_of(exams.configuration, [&](const ConfigFinding& one) {
    return one.blocking && one.what.starts_with(key);
  });
}

std::string days_text(Time then, Time now) {
  const auto days =
      std::chrono::duration_cast<std::chrono::days>(std::chrono::abs(then - now)).count();
  const auto text = counted(static_cast<std::size_t>(days), "day");
  return then <= now ? text + " ago" : "in " + text;
}

}  // namespace doctor
}  // namespace lockkeeper
