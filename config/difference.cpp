// SPDX-License-Identifier: Apache-2.0
#include "config/difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "config/sections.h"
#include "rules/digest.h"

namespace lockkeeper {
namespace {

// A longer value is cut where it is told.
constexpr std::size_t kValueShown = 120;
// Keys of [gate] that are taken over with the rules, which tell what they change.
constexpr std::array<std::string_view, 7> kTakenOver = {
    "default_action", "on_blind",    "blind_after",   "resume_after",
    "confirm_within", "webhook_ttl", "honor_silences"};
// Keys of [gate] that choose rules, so that the rules themselves tell the difference.
constexpr std::array<std::string_view, 2> kChoosing = {"rules_file", "builtin_ignores"};

bool among(const auto& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::string value_text(const std::string& value) {
  return value.empty() ? "(none)" : clipped(value, kValueShown);
}

std::string change(std::string_view where, std::string_view key, const std::string& before,
                   const std::string& after) {
  return fmt::format("{}: {} {} -> {}", where, key, value_text(before), value_text(after));
}

/// What one key holds, with what its own words leave out.
std::string shown(const Key<Rule>& key, const Rule& rule) {
  auto text = key.show(rule);
  if (key.name != "active" && key.name != "not_active") return text;
  for (const auto& window : key.name == "active" ? rule.active : rule.not_active) {
    if (window.end_action != EndAction::release) text += ", end_action pause";
  }
  return text;
}

void compare_rule(const Rule& before, const Rule& after, std::vector<std::string>& changes) {
  for (const auto& key : rule_table().keys) {
    const auto from = shown(key, before);
    const auto to = shown(key, after);
    if (from != to) changes.push_back(change("rule " + after.name, key.name, from, to));
  }
}

using ByName = std::map<std::string_view, const Rule*>;

ByName by_name(const RuleBook& book) {
  ByName rules;
  for (const auto& rule : book.rules)
    rules.emplace(rule.name, &rule);
  return rules;
}

/// The names that `other` has, too, in the order of `book`.
std::vector<std::string_view> order_among(const RuleBook& book, const ByName& other) {
  std::vector<std::string_view> names;
  for (const auto& rule : book.rules)
    if (other.contains(rule.name)) names.emplace_back(rule.name);
  return names;
}

std::vector<std::string> rule_changes(const RuleBook& before, const RuleBook& after) {
  std::vector<std::string> changes;
  const auto old_rules = by_name(before);
  const auto new_rules = by_name(after);
  for (const auto& rule : before.rules) {
    if (!new_rules.contains(rule.name))
      changes.push_back(fmt::format("rule {} removed", rule.name));
  }
  for (const auto& rule : after.rules) {
    const auto known = old_rules.find(rule.name);
    if (known == old_rules.end()) {
      changes.push_back(fmt::format("rule {} added: {}", rule.name, to_string(rule.action)));
    } else {
      compare_rule(*known->second, rule, changes);
    }
  }
  if (order_among(before, new_rules) != order_among(after, old_rules)) {
    changes.emplace_back("the rules are tried in another order");
  }
  return changes;
}

/// The keys of the sections that stand once.
void compare_sections(const Settings& before, const Settings& after, Difference& found) {
  for (const auto& table : settings_tables()) {
    for (const auto& key : table.keys) {
      const bool gate = table.name == "gate";
      if (gate && among(kChoosing, key.name)) continue;
      const auto from = key.show(before);
      const auto to = key.show(after);
      if (from == to) continue;
      auto& list = gate && among(kTakenOver, key.name) ? found.now : found.later;
      list.push_back(change("[" + table.name + "]", key.name, from, to));
    }
  }
}

/// Sections with a name of their own are told by it only.
template <class T>
void compare_named(const Table<T>& table, const std::vector<T>& before, const std::vector<T>& after,
                   Difference& found) {
  const auto words = [&](const T& one) {
    std::string text = one.name;
    for (const auto& key : table.keys)
      text += "\n" + key.show(one);
    return text;
  };
  const auto kind = table.name.substr(0, table.name.find(' '));
  const auto missing = [&](const auto& here, const auto& there, std::string_view what) {
    for (const auto& one : here) {
      const bool same =
          std::ranges::any_of(there, [&](const T& other) { return words(other) == words(one); });
      if (!same) found.later.push_back(fmt::format("[{} {}] {}", kind, one.name, what));
    }
  };
  missing(before, after, "is no longer there as it was");
  missing(after, before, "is new or changed");
}

}  // namespace

Difference difference(const Settings& in_force, const Settings& read) {
  Difference found;
  found.now = rule_changes(in_force.rules, read.rules);
  compare_sections(in_force, read, found);
  compare_named(override_table(), in_force.compat.overrides, read.compat.overrides, found);
  compare_named(client_table(), in_force.clients, read.clients, found);
  compare_named(further_prometheus_table(), in_force.more_prometheus, read.more_prometheus, found);
  return found;
}

Settings reloaded(const Settings& in_force, const Settings& read) {
  Settings settings = in_force;
  auto& gate = settings.gate;
  gate.on_blind = read.gate.on_blind;
  gate.blind_after = read.gate.blind_after;
  gate.resume_after = read.gate.resume_after;
  gate.confirm_within = read.gate.confirm_within;
  gate.webhook_ttl = read.gate.webhook_ttl;
  gate.honor_silences = read.gate.honor_silences;
  gate.rules_file = read.gate.rules_file;
  gate.builtin_ignores = read.gate.builtin_ignores;
  settings.rules.rules = read.rules.rules;
  settings.rules.fallback = read.rules.fallback;
  return settings;
}

std::string digest(const RuleBook& book) {
  std::string text;
  const auto add_rule = [&](const Rule& rule) {
    text += rule.name + "\n";
    for (const auto& key : rule_table().keys)
      text += shown(key, rule) + "\n";
  };
  for (const auto& rule : book.rules)
    add_rule(rule);
  add_rule(book.fallback);
  return short_digest(text + to_string(book.watchdog) + "\n");
}

std::string digest(const Settings& settings) {
  std::string text = digest(settings.rules) + "\n";
  for (const auto& table : settings_tables()) {
    for (const auto& key : table.keys) {
      if (table.name == "gate" && among(kChoosing, key.name)) continue;
      text += fmt::format("{}.{} {}\n", table.name, key.name, key.show(settings));
    }
  }
  const auto add_named = [&](const auto& table, const auto& all) {
    for (const auto& one : all) {
      text += table.name + " " + one.name + "\n";
      for (const auto& key : table.keys)
        text += key.show(one) + "\n";
    }
  };
  add_named(override_table(), settings.compat.overrides);
  add_named(client_table(), settings.clients);
  add_named(further_prometheus_table(), settings.more_prometheus);
  return short_digest(text);
}

}  // namespace lockkeeper
