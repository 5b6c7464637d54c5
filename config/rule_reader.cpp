// SPDX-License-Identifier: Apache-2.0
#include "config/rule_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/apply.h"
#include "config/sections.h"

namespace lockkeeper {
namespace {

// Keys that mean nothing without another one; accepting them would hide a misunderstanding.
constexpr std::array<std::string_view, 3> kPauseOnly = {"resume_after", "max_pause", "on_timeout"};
constexpr std::array<std::string_view, 2> kNodeOnly = {"node_state", "node_within"};

/// The first entry of that key, or null.
const IniEntry* find_entry(const IniSection& section, std::string_view key) {
  const auto at = std::ranges::find(section.entries, key, &IniEntry::key);
  return at == section.entries.end() ? nullptr : &*at;
}

/// The name becomes a label of metrics and a word in messages.
bool is_plain_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

}  // namespace

SectionName split_section_name(std::string_view section) {
  const std::size_t blank = section.find_first_of(" \t");
  SectionName parts{section.substr(0, blank), {}, {}};
  if (blank != std::string_view::npos) parts.name = section.substr(blank + 1);
  if (blank == std::string_view::npos) {
    parts.problem = fmt::format("[{}] needs a name: [{} NAME]", section, section);
  } else if (!is_plain_name(parts.name)) {
    parts.problem =
        fmt::format("[{}]: a name is one word of letters, digits, '_', '-' and '.'", section);
  }
  return parts;
}

// What the table cannot say: which keys a rule needs, and which need each other.
void RuleReader::check(const Rule& rule, const IniSection& section, ErrorList& errors) const {
  // A match that could not be read has been reported; it must not be called missing as well.
  if (find_entry(section, "match") == nullptr) {
    errors.add(section.line, fmt::format("rule {} has no match", rule.name));
  }
  const auto* action = find_entry(section, "action");
  if (action == nullptr) {
    errors.add(section.line, fmt::format("rule {} has no action", rule.name));
  }
  for (const auto key : kPauseOnly) {
    const auto* entry = find_entry(section, key);
    if (entry != nullptr && action != nullptr && rule.action != RuleAction::pause) {
      errors.add(entry->line, fmt::format("{} is for action = pause only", key));
    }
  }
  const auto* on_timeout = find_entry(section, "on_timeout");
  if (on_timeout != nullptr && find_entry(section, "max_pause") == nullptr) {
    errors.add(on_timeout->line, "on_timeout needs max_pause");
  }
  for (const auto key : kNodeOnly) {
    const auto* entry = find_entry(section, key);
    if (entry != nullptr && find_entry(section, "node") == nullptr) {
      errors.add(entry->line, fmt::format("{} needs node, such as node = ${{labels.node}}", key));
    }
  }
}

void RuleReader::take(const IniSection& section, const std::string& file,
                      const std::filesystem::path& folder, ErrorList& errors) {
  const auto parts = split_section_name(section.name);
  if (!parts.problem.empty()) return errors.add(section.line, parts.problem);
  Rule rule;
  rule.name = parts.name;
  rule.file = file;
  rule.line = section.line;
  apply(rule_table(), section, folder, rule, errors);
  check(rule, section, errors);
  const auto [first, fresh] = places_.emplace(rule.name, fmt::format("{}:{}", file, section.line));
  if (!fresh) {
    return errors.add(section.line,
                      fmt::format("rule {} stands already in {}", rule.name, first->second));
  }
  says_resume_after_.push_back(find_entry(section, "resume_after") != nullptr &&
                               !find_entry(section, "resume_after")->value.empty());
  rules_.push_back(std::move(rule));
}

std::vector<Rule> RuleReader::finish(Millis resume_after) {
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (!says_resume_after_[i]) rules_[i].resume_after = resume_after;
  }
  return std::move(rules_);
}

}  // namespace lockkeeper
