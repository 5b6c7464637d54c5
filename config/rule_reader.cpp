// SPDX-License-Identifier: Apache-2.0
#include "config/rule_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/apply.h"
#include "config/rule_checks.h"
#include "config/sections.h"

namespace lockkeeper {
namespace {

// What is no rule, and may hold a run under these names.
constexpr std::array<std::string_view, 2> kTaken = {"blindness", "default_action"};

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

int RuleReader::Place::of(std::string_view key) const {
  const auto at = lines.find(key);
  return at == lines.end() ? line : at->second;
}

void RuleReader::take(const IniSection& section, const std::string& file,
                      const std::filesystem::path& folder, ErrorList& errors) {
  const auto parts = split_section_name(section.name);
  if (!parts.problem.empty()) return errors.add(section.line, parts.problem);
  if (std::ranges::find(kTaken, parts.name) != kTaken.end()) {
    return errors.add(section.line, fmt::format("the name {} is taken", parts.name));
  }
  Rule rule;
  rule.name = parts.name;
  rule.file = file;
  rule.line = section.line;
  apply(rule_table(), section, folder, rule, errors);
  check_rule(rule, section, errors);
  const auto [first, fresh] =
      places_.emplace(section.name, fmt::format("{}:{}", file, section.line));
  if (!fresh) {
    return errors.add(section.line,
                      fmt::format("rule {} stands already in {}", rule.name, first->second));
  }
  Place place{{}, section.line, &errors};
  // `key =` is as good as no key.
  for (const auto& entry : section.entries)
    if (!entry.value.empty()) place.lines.emplace(entry.key, entry.line);
  rule_places_.push_back(std::move(place));
  rules_.push_back(std::move(rule));
}

void RuleReader::take_window(const IniSection& section, const std::string& file,
                             const std::filesystem::path& folder, ErrorList& errors) {
  const auto parts = split_section_name(section.name);
  if (!parts.problem.empty()) return errors.add(section.line, parts.problem);
  Window window;
  window.name = parts.name;
  apply(window_table(), section, folder, window, errors);
  for (const auto& key : window_table().keys) {
    if (!key.required ||
        std::ranges::find(section.entries, key.name, &IniEntry::key) != section.entries.end()) {
      continue;
    }
    errors.add(section.line, fmt::format("window {} has no {}", window.name, key.name));
  }
  const auto [first, fresh] =
      places_.emplace(section.name, fmt::format("{}:{}", file, section.line));
  if (!fresh) {
    return errors.add(section.line,
                      fmt::format("window {} stands already in {}", window.name, first->second));
  }
  windows_.emplace(window.name, std::move(window));
}

/// A window without a zone is only a name so far.
void RuleReader::name_windows(std::vector<Window>& windows, std::string_view key,
                              const Place& place) const {
  for (auto& window : windows) {
    if (window.zone) continue;
    const auto named = windows_.find(window.name);
    if (named != windows_.end()) {
      window = named->second;
      continue;
    }
    std::vector<std::string_view> known;
    for (const auto& [name, value] : windows_)
      known.push_back(name);
    place.errors->add(place.of(key),
                      fmt::format("{}: there is no [window {}]{}", key, clipped(window.name, 40),
                                  suggestion(clipped(window.name, 40), known)));
  }
}

void RuleReader::name_windows(std::vector<Window>& windows, std::string_view key, int line,
                              ErrorList& errors) const {
  name_windows(windows, key, Place{{}, line, &errors});
}

void RuleReader::check_resumes(const Rule& rule, const Place& place) const {
  std::vector<std::string_view> known;
  for (const auto& other : rules_)
    if (other.action == RuleAction::pause) known.push_back(other.name);
  for (const auto& name : rule.resumes) {
    const auto other = std::ranges::find(rules_, name, &Rule::name);
    std::string problem;
    if (other == rules_.end()) {
      problem = fmt::format("there is no [rule {}]{}", clipped(name, 40),
                            suggestion(clipped(name, 40), known));
    } else if (other->action != RuleAction::pause) {
      problem = fmt::format("rule {} does not pause but {}; only pauses can be void", name,
                            to_string(other->action));
    } else if (other->sticky) {
      problem = fmt::format("rule {} is sticky: only a person ends its pause", name);
    }
    if (!problem.empty()) place.errors->add(place.of("resumes"), "resumes: " + problem);
  }
}

std::vector<Rule> RuleReader::finish(const GateSettings& gate) {
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    auto& rule = rules_[i];
    const auto& place = rule_places_[i];
    if (!place.lines.contains("resume_after")) rule.resume_after = gate.resume_after;
    if (!place.lines.contains("honor_silences")) rule.honor_silences = gate.honor_silences;
    name_windows(rule.active, "active", place);
    name_windows(rule.not_active, "not_active", place);
    check_resumes(rule, place);
  }
  return std::move(rules_);
}

}  // namespace lockkeeper
