// SPDX-License-Identifier: Apache-2.0
#include "bot/gate_text.h"

#include <fmt/format.h>

namespace lockkeeper {
namespace {

// A chat line that is still read; the full labels are in `alerts`.
constexpr std::size_t kAlertBytesMax = 160;

}  // namespace

std::string alert_text(const Labels& labels) {
  const std::string_view name = labels.get("alertname");
  Labels rest = labels;
  rest.set("alertname", "");
  const auto shown = rest.empty() ? std::string() : to_string(rest);
  return clipped(fmt::format("{}{}", name.empty() ? "(unnamed alert)" : name, shown),
                 kAlertBytesMax);
}

std::string rule_text(const Rule& rule) {
  // Chat shows the file's name; its folder is in `lockkeeper check`.
  const auto file = std::string_view(rule.file).substr(rule.file.rfind('/') + 1);
  if (rule.line == 0) return fmt::format("{} ({})", rule.name, file);
  return fmt::format("{} ({}:{})", rule.name, file, rule.line);
}

std::string alert_reason(const Labels& labels, const Rule& rule, Millis firing,
                         std::string_view effect, bool pending) {
  auto text =
      fmt::format("{} {} {}: rule {} {}", alert_text(labels), pending ? "pending" : "firing",
                  to_string(firing), rule_text(rule), effect);
  if (const auto reason = reason_for(rule, labels); !reason.empty()) {
    text += fmt::format(" ({})", reason);
  }
  return text;
}

std::string rule_in_reason(std::string_view reason) {
  constexpr std::string_view lead = ": rule ";
  const auto at = reason.find(lead);
  if (at == std::string_view::npos) return "none";
  reason.remove_prefix(at + lead.size());
  return std::string(reason.substr(0, reason.find(' ')));
}

}  // namespace lockkeeper
