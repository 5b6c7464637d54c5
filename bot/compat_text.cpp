// SPDX-License-Identifier: Apache-2.0

// The compatibility gate's answers as text: for terminals, for chat, for programs.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "bot/compat.h"

namespace lockkeeper {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kShortMax = 4;  // subjects named in a line of chat

std::string age_text(const CompatReport& report) {
  if (report.updated == Time{}) return "no data";
  const auto days = std::chrono::floor<std::chrono::days>(report.age).count();
  return fmt::format("data of {}, {} old", to_string(report.updated).substr(0, 10),
                     counted(static_cast<std::size_t>(days), "day"));
}

}  // namespace

std::string row_text(const CompatRow& row) {
  auto text = fmt::format("{}: {}", row.subject, row.words);
  if (!row.overridden.empty()) return text + "; overridden: " + row.overridden;
  if (!row.clear.empty()) text += "; to clear: " + row.clear;
  return text;
}

std::string compat_text(const CompatReport& report) {
  const auto target = to_string(report.target);
  if (!report.minor_jump)
    return fmt::format("{}: no minor jump from what runs, nothing to judge", target);
  auto text = fmt::format("compatibility with {}: {} ({})", target, to_string(report.answer()),
                          age_text(report));
  for (const auto& row : report.rows)
    text += fmt::format("\n  {:8} {}", to_string(row.answer), row_text(row));
  return text;
}

std::string compat_json(const CompatReport& report) {
  Json rows = Json::array();
  for (const auto& row : report.rows) {
    rows.push_back({{"answer", to_string(row.answer)},
                    {"subject", row.subject},
                    {"current", row.current},
                    {"required", row.required},
                    {"words", row.words},
                    {"clear", row.clear},
                    {"overridden", row.overridden}});
  }
  const Json json = {{"target", to_string(report.target)},        {"minor_jump", report.minor_jump},
                     {"answer", to_string(report.answer())},      {"blocks", report.blocks()},
                     {"data_updated", to_string(report.updated)}, {"rows", std::move(rows)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string blocks_in_short(const CompatReport& report) {
  std::vector<std::string> parts;
  std::size_t more = 0;
  for (const auto& row : report.rows) {
    if (row.answer < CompatAnswer::waiting) continue;
    if (parts.size() == kShortMax) {
      ++more;
      continue;
    }
    parts.push_back(fmt::format("{} ({})", row.subject, to_string(row.answer)));
  }
  if (more > 0) parts.push_back(fmt::format("{} more", more));
  return joined(parts);
}

}  // namespace lockkeeper
