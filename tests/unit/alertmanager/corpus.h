// SPDX-License-Identifier: Apache-2.0
#pragma once

// Messages that a real Alertmanager 0.25 sent, and ways to build others.

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace lockkeeper::alertmanager {

/// The captured message of that name.
inline std::string captured(const std::string& name) {
  std::ifstream file(std::filesystem::path(CORPUS) / (name + ".json"));
  REQUIRE_MESSAGE(file.good(), name);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A message around the text of its `alerts` array.
inline std::string message(const std::string& alerts, const std::string& more = "") {
  return R"({"version":"4","alerts":[)" + alerts + "]" + more + "}";
}

/// The text of one alert.
inline std::string alert(const std::string& status, const std::string& labels,
                         const std::string& starts_at = "2026-11-20T17:35:37Z") {
  return R"({"status":")" + status + R"(","labels":)" + labels +
         R"(,"annotations":{"summary":"s"},"startsAt":")" + starts_at +
         R"(","endsAt":"0001-01-01T00:00:00Z","generatorURL":"","fingerprint":"0"})";
}

}  // namespace lockkeeper::alertmanager
