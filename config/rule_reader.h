// SPDX-License-Identifier: Apache-2.0
#pragma once

// From the [rule NAME] sections of one or two files to rules. Owned by one load; one thread.

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/error.h"
#include "config/ini.h"
#include "config/settings.h"

namespace lockkeeper {

/// The part of "rule storage" after the first word, or an error text in `problem` when it is
/// missing or not made of letters, digits, '_', '-' and '.'.
struct SectionName {  // views into the text that was given
  std::string_view kind;
  std::string_view name;
  std::string problem;
};
SectionName split_section_name(std::string_view section);

/// Collects rules in the order in which they are tried. The names of all of them differ, also
/// across files, because people and metrics speak of rules by name.
class RuleReader {
 public:
  /// Reads one section into the next rule; `file` is where it stands. A rule that is wrong is
  /// reported and left out.
  void take(const IniSection& section, const std::string& file, const std::filesystem::path& folder,
            ErrorList& errors);

  /// Those taken so far.
  [[nodiscard]] const std::vector<Rule>& rules() const { return rules_; }

  /// The rules in the order in which they were taken. Those that pause and do not say for how long
  /// it must be quiet get `resume_after`.
  std::vector<Rule> finish(Millis resume_after);

 private:
  /// Adds an error for each key that is missing, or that needs another one.
  void check(const Rule& rule, const IniSection& section, ErrorList& errors) const;

  std::vector<Rule> rules_;
  std::vector<bool> says_resume_after_;  // for each rule; 0s is not the same as nothing
  std::map<std::string, std::string, std::less<>> places_;  // rule name -> "file:line"
};

}  // namespace lockkeeper
