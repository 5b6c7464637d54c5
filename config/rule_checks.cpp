// SPDX-License-Identifier: Apache-2.0
#include "config/rule_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "config/sections.h"

namespace lockkeeper {
namespace {

// Keys that mean nothing without another one; accepting them would hide a misunderstanding.
constexpr std::array<std::string_view, 5> kPauseOnly = {"resume_after", "min_pause", "max_pause",
                                                        "on_timeout", "sticky"};
constexpr std::array<std::string_view, 3> kNodeOnly = {"node_state", "node_within", "node_missing"};

/// One rule under inspection; each member looks at one kind of trouble.
class RuleCheck {
 public:
  RuleCheck(const Rule& rule, const IniSection& section, ErrorList& errors)
      : rule_(rule), section_(section), errors_(errors) {}

  void needed();
  void belonging();
  void contradictions();
  void sources();

 private:
  /// The first entry of that key, or null.
  [[nodiscard]] const IniEntry* find(std::string_view key) const {
    const auto at = std::ranges::find(section_.entries, key, &IniEntry::key);
    return at == section_.entries.end() ? nullptr : &*at;
  }
  /// Neither there nor misspelt, which has been reported.
  [[nodiscard]] bool missing(std::string_view key) const {
    std::vector<std::string_view> known;
    for (const auto& one : rule_table().keys)
      known.push_back(one.name);
    return std::ranges::none_of(section_.entries, [&](const IniEntry& entry) {
      return entry.key == key || nearest(entry.key, known) == key;
    });
  }
  /// Told at the key, when it was written.
  void refuse_at(std::string_view key, std::string what) {
    if (const auto* entry = find(key)) errors_.add(entry->line, std::move(what));
  }
  [[nodiscard]] bool says_action(RuleAction action) const {
    return find("action") == nullptr || rule_.action == action;
  }

  const Rule& rule_;
  const IniSection& section_;
  ErrorList& errors_;
};

void RuleCheck::needed() {
  // A match that could not be read has been reported; it must not be called missing as well.
  if (missing("match")) {
    errors_.add(section_.line, fmt::format("rule {} has no match", rule_.name));
  }
  if (missing("action")) {
    errors_.add(section_.line, fmt::format("rule {} has no action", rule_.name));
  }
  if (find("action") != nullptr && rule_.action == RuleAction::resume &&
      find("resumes") == nullptr) {
    refuse_at("action", "action = resume needs resumes, the names of the rules that it voids");
  }
}

void RuleCheck::belonging() {
  for (const auto key : kPauseOnly) {
    if (says_action(RuleAction::pause)) break;
    refuse_at(key, fmt::format("{} is for action = pause only", key));
  }
  if (!says_action(RuleAction::resume)) refuse_at("resumes", "resumes is for action = resume only");
  if (!says_action(RuleAction::pause) && !says_action(RuleAction::abort)) {
    refuse_at("preexisting", "preexisting is for action = pause and abort only");
  }
  if (find("max_pause") == nullptr) refuse_at("on_timeout", "on_timeout needs max_pause");
  for (const auto key : kNodeOnly) {
    if (find("node") != nullptr) break;
    refuse_at(key, fmt::format("{} needs node, such as node = ${{labels.node}}", key));
  }
  if (find("node") == nullptr && rule_.reason.contains("${node}")) {
    refuse_at("reason", "reason: ${node} needs node, such as node = ${labels.node}");
  }
}

void RuleCheck::contradictions() {
  if (rule_.max_pause && *rule_.max_pause < rule_.min_pause) {
    refuse_at("min_pause", fmt::format("min_pause ({}) is longer than max_pause ({})",
                                       to_string(rule_.min_pause), to_string(*rule_.max_pause)));
  }
  if (rule_.sticky && rule_.on_timeout == OnTimeout::proceed) {
    refuse_at("sticky", "sticky contradicts on_timeout = continue: only a person ends the pause");
  }
}

// A webhook can only add suspicion.
void RuleCheck::sources() {
  if (rule_.source != Source::webhook) return;
  if (find("action") != nullptr &&
      (rule_.action == RuleAction::abort || rule_.action == RuleAction::resume)) {
    refuse_at("source", fmt::format("source = webhook contradicts action = {}: whoever can post "
                                    "could end or resume a run",
                                    to_string(rule_.action)));
  }
  if (rule_.hold_for > Millis(0)) {
    refuse_at("hold_for", "hold_for counts what polls see; source = webhook has none");
  }
}

}  // namespace

void check_rule(const Rule& rule, const IniSection& section, ErrorList& errors) {
  RuleCheck check(rule, section, errors);
  check.needed();
  check.belonging();
  check.contradictions();
  check.sources();
}

}  // namespace lockkeeper
