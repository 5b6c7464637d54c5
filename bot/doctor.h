// SPDX-License-Identifier: Apache-2.0
#pragma once

// `lockkeeper doctor`: what is wrong with an installation, area by area, and what mends it. Here
// the facts (doctor_facts.h) are judged and written down; nothing is asked and nothing changed. A
// cause is named once: what cannot be looked at because of it is "not checked". Pure; any thread.

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bot/doctor_facts.h"
#include "config/settings.h"

namespace lockkeeper {

/// In the order in which they are looked at and shown.
enum class Area {
  configuration,
  journal,
  kubernetes,
  nodes,
  prometheus,
  alertmanager,
  pushgateway,
  slack,
  daemon,
  detection,
  compat,
};

inline constexpr std::array kAreas = {Area::configuration, Area::journal,    Area::kubernetes,
                                      Area::nodes,         Area::prometheus, Area::alertmanager,
                                      Area::pushgateway,   Area::slack,      Area::daemon,
                                      Area::detection,     Area::compat};

std::string_view to_string(Area area);

/// From harmless to worst.
enum class Health { ok, unchecked, warning, broken };

/// What was looked at, and what came of it.
struct Diagnosis {
  Health health = Health::ok;
  std::string what;   // one line that names the object: "node2: sudo refuses user ops"
  std::string fix{};  // the command, the line of ini, the rule or the scope; empty when all is well

  bool operator==(const Diagnosis&) const = default;
};

struct AreaReport {
  Area area;
  std::vector<Diagnosis> found;
};

struct DoctorReport {
  std::vector<AreaReport> areas;

  [[nodiscard]] std::size_t count(Health health) const;
};

/// Judges what was seen of these areas. `version` is this program's.
DoctorReport diagnose(const Exams& exams, const Settings& settings, std::span<const Area> areas,
                      std::string_view version, Time now);

/// For a terminal: each area with its lines, and the sum in the last one.
std::string doctor_text(const DoctorReport& report);

/// {"ok", "areas": [{"area", "checks": [{"health", "what", "fix"}]}]}, for programs.
std::string doctor_json(const DoctorReport& report);

/// The labels of the alert that `--send-test-alert` sends. The built-in rules ignore it.
Labels test_alert_labels(const std::string& cluster, const std::string& id);

/// Under which label a test alert carries its id, and its name.
inline constexpr std::string_view kTestAlert = "LockkeeperTest";
inline constexpr std::string_view kTestLabel = "doctor";

/// Why a test alert would not be ignored by these rules, or "".
std::string test_alert_objection(const Settings& settings, const std::string& id, Time now);

}  // namespace lockkeeper
