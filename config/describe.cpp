// SPDX-License-Identifier: Apache-2.0
#include "config/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/findings.h"
#include "config/sections.h"

namespace lockkeeper {
namespace {

// Lines below a rule's number stand under its name.
constexpr std::string_view kRuleIndent = "       ";
// Shown only where they are not as they are by default, in the order of the reference.
constexpr std::array<std::string_view, 9> kNarrowing = {"state",      "source",     "node_missing",
                                                        "hold_for",   "min_alerts", "active",
                                                        "not_active", "expires",    "preexisting"};

/// One line per key: its value, or what the absence of one means. Of the keys that are other ways
/// to give the same thing only those that were used are shown, and secrets by their state.
template <class T>
std::string keys(const Table<T>& table, const T& values, const T& defaults) {
  std::string text;
  for (const auto& key : table.keys) {
    const auto value = key.show(values);
    const bool other_way = !key.group.empty() && key.group != key.name;
    if (key.secret || (other_way && value.empty())) continue;
    const auto note = value.empty()                 ? fmt::format("({})", key.empty_means)
                      : value == key.show(defaults) ? value + "  (default)"
                                                    : value;
    text += fmt::format("  {} = {}\n", key.name, note);
  }
  for (const auto& secret : table.secrets) {
    const SecretSource* source = secret.find(values);
    const bool given = source != nullptr && source->given();
    text += fmt::format("  {}: {}\n", secret.name, given ? secret_state(*source) : "not given");
  }
  return text;
}

/// "rules.ini:12", or "built in".
std::string place(const Rule& rule) {
  return rule.line > 0 ? fmt::format("{}:{}", rule.file, rule.line) : rule.file;
}

/// One value of a target by the name of its key, in the words of the ini file.
template <class T>
std::string shown(std::string_view name, const T& target, const Table<T>& table) {
  const auto key = std::ranges::find(table.keys, name, &Key<T>::name);
  return key == table.keys.end() ? std::string() : key->show(target);
}

/// "pause until quiet for 2m, at most 4h, then abort; in precheck, between".
std::string effect(const Rule& rule) {
  std::string text(to_string(rule.action));
  if (rule.action == RuleAction::resume) text += " of " + joined(rule.resumes);
  if (rule.action == RuleAction::pause) {
    text += fmt::format(" until quiet for {}", exact(rule.resume_after));
    if (rule.min_pause > Millis(0)) text += fmt::format(", at least {}", exact(rule.min_pause));
    if (rule.sticky) text += ", and until /upgrade resume";
    if (rule.max_pause) {
      text +=
          fmt::format(", at most {}, then {}", exact(*rule.max_pause), to_string(rule.on_timeout));
    }
  }
  const auto phases = shown("phase", rule, rule_table());
  return text + (phases == "any" ? "; in every phase" : "; in " + phases);
}

/// What 0s means for the one key whose default follows from another.
std::string gate_note(const Settings& settings) {
  if (settings.gate.confirm_within != Millis{}) return {};
  return fmt::format("  (confirm_within is then {})\n", exact(settings.gate.confirmation_time()));
}

std::string further_prometheus(const Settings& settings) {
  std::string text;
  for (const auto& prometheus : settings.more_prometheus) {
    text += fmt::format("[prometheus {}]\n{}\n", prometheus.name,
                        keys(further_prometheus_table(), prometheus, {}));
  }
  return text;
}

std::string list_of_findings(const Settings& settings, std::optional<Time> now) {
  const auto found = findings(settings, now);
  if (found.empty()) return "Nothing to object to.\n";
  std::string text = "Findings\n";
  for (const auto& finding : found)
    text += fmt::format("  {}: {}\n", finding.blocking ? "ERROR" : "warning", finding.what);
  return text;
}

/// The keys that narrow the rule and are not as they are by default: "hold_for 30s, ...".
std::string narrowing(const Rule& rule) {
  static const Rule plain;
  std::vector<std::string> texts;
  for (const auto name : kNarrowing) {
    const auto value = shown(name, rule, rule_table());
    if (value != shown(name, plain, rule_table())) {
      texts.push_back(fmt::format("{} {}", name, value));
    }
  }
  return joined(texts, ", ");
}

}  // namespace

std::string describe(const Rule& rule, std::size_t number) {
  auto text = fmt::format("{:4}. {} ({}): {}\n", number, rule.name, place(rule), effect(rule));
  std::string_view lead = "";
  for (const auto& line : rule.match) {
    text += fmt::format("{}{}{}\n", kRuleIndent, lead, to_string(line));
    lead = "or ";
  }
  if (rule.node) {
    const auto& table = rule_table();
    text += fmt::format("{}node {}, state {}", kRuleIndent, shown("node", rule, table),
                        shown("node_state", rule, table));
    if (rule.node_within) text += fmt::format(", within {}", exact(*rule.node_within));
    text += "\n";
  }
  if (const auto more = narrowing(rule); !more.empty()) {
    text += fmt::format("{}{}\n", kRuleIndent, more);
  }
  if (!rule.reason.empty()) text += fmt::format("{}reason: {}\n", kRuleIndent, rule.reason);
  if (!rule.runbook.empty()) text += fmt::format("{}runbook: {}\n", kRuleIndent, rule.runbook);
  return text;
}

std::string describe(const Settings& settings, std::optional<Time> now) {
  static const Settings defaults = default_settings();
  auto text = fmt::format("Configuration {}\n\n", settings.file.string());
  for (const auto& table : settings_tables()) {
    text += fmt::format("[{}]\n{}", table.name, keys(table, settings, defaults));
    if (table.name == "gate") text += gate_note(settings);
    text += "\n";
    if (table.name == "prometheus") text += further_prometheus(settings);
  }
  for (const auto& client : settings.clients) {
    text += fmt::format("[client {}]\n{}\n", client.name, keys(client_table(), client, {}));
  }
  for (const auto& one : settings.compat.overrides) {
    text += fmt::format("[override {}]\n{}\n", one.name, keys(override_table(), one, {}));
  }
  text += "Rules, in the order in which they are tried; the first that matches decides\n";
  std::size_t number = 0;
  for (const auto& rule : settings.rules.rules)
    text += describe(rule, ++number);
  const Rule& fallback = settings.rules.fallback;
  text += fmt::format("   otherwise ({}): {}\n\n", fallback.line > 0 ? place(fallback) : "default",
                      effect(fallback));
  return text + list_of_findings(settings, now);
}

}  // namespace lockkeeper
