// SPDX-License-Identifier: Apache-2.0
#pragma once

// From the [rule NAME] and [window NAME] sections of one or two files to rules. Owned by one load;
// one thread.

#include <filesystem>
#include <map>
#include <set>
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
/// across files, because people and metrics speak of rules by name; so do those of windows.
class RuleReader {
 public:
  /// Reads one section into the next rule; `file` is where it stands. A rule that is wrong is
  /// reported and left out. `errors` is kept: what only the last file shows is added to it then.
  void take(const IniSection& section, const std::string& file, const std::filesystem::path& folder,
            ErrorList& errors);

  /// The same for a window, which may stand behind the rules that name it.
  void take_window(const IniSection& section, const std::string& file,
                   const std::filesystem::path& folder, ErrorList& errors);

  /// Puts the windows that were taken in the place of those that are only named so far; names that
  /// nobody has are reported at `line`.
  void name_windows(std::vector<Window>& windows, std::string_view key, int line,
                    ErrorList& errors) const;

  /// Those taken so far.
  [[nodiscard]] const std::vector<Rule>& rules() const { return rules_; }

  /// The rules in the order in which they were taken, with their windows, and with what [gate] says
  /// for those that do not say it themselves. Names that nobody has are reported.
  std::vector<Rule> finish(const GateSettings& gate);

 private:
  /// What only matters once all names are known.
  struct Place {
    std::map<std::string, int, std::less<>> lines;  // of its keys
    int line = 0;
    ErrorList* errors = nullptr;
    [[nodiscard]] int of(std::string_view key) const;
  };

  void name_windows(std::vector<Window>& windows, std::string_view key, const Place& place) const;
  void check_resumes(const Rule& rule, const Place& place) const;

  std::vector<Rule> rules_;
  std::vector<Place> rule_places_;                          // one for each rule
  std::map<std::string, Window, std::less<>> windows_;      // by name
  std::map<std::string, std::string, std::less<>> places_;  // "rule storage" -> "file:line"
};

}  // namespace lockkeeper
