// SPDX-License-Identifier: Apache-2.0
#include "config/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "config/apply.h"
#include "config/checks.h"
#include "config/rule_reader.h"
#include "config/sections.h"

namespace lockkeeper {
namespace {

// The keys that may stand several times in a section.
constexpr std::array<std::string_view, 3> kRepeatable = {"match", "active", "not_active"};
constexpr std::string_view kRulesFile = "rules.ini";
// What the tools that try rules need besides the rules.
constexpr std::array<std::string_view, 3> kRulesNeed = {"gate", "prometheus", "upgrade"};
constexpr std::string_view kKnownHosts = "known_hosts";

/// The folder at which relative paths start, absolute where the system can tell.
std::filesystem::path folder_of(const std::filesystem::path& file) {
  std::error_code problem;
  const auto absolute = std::filesystem::absolute(file, problem);
  return (problem ? file : absolute).parent_path();
}

/// One load from the path to the settings; used once.
class Loader {
 public:
  /// `rules_only`: look at the rules and at what belongs to trying them, and at nothing else.
  Loader(const std::filesystem::path& path, bool rules_only)
      : path_(path),
        rules_only_(rules_only),
        folder_(folder_of(path)),
        settings_(default_settings()),
        errors_(path.string()),
        rules_errors_({}) {}

  std::expected<Settings, std::vector<ConfigError>> load();

 private:
  void take_section(const IniSection& section);
  void take_client(const IniSection& section);
  void take_prometheus(const IniSection& section);
  void take_override(const IniSection& section);
  void note_given(const IniSection& section);
  void read_rules_file();
  void finish();
  [[nodiscard]] std::vector<ConfigError> all_errors() const;

  std::filesystem::path path_;
  bool rules_only_ = false;
  std::filesystem::path folder_;
  Settings settings_;
  GivenLines given_;
  RuleReader rules_;
  ErrorList errors_;
  ErrorList rules_errors_;
};

/// With the nearest one.
std::string unknown_section(std::string_view name) {
  const std::string_view kind = name.substr(0, name.find(' '));
  std::vector<std::string_view> known = {"client", "override", "rule", "window"};
  for (const auto& table : settings_tables())
    known.push_back(table.name);
  return fmt::format("unknown section [{}]{}", name, suggestion(kind, known));
}

/// Remembers where each key was written, for the checks that come when all values are known.
void Loader::note_given(const IniSection& section) {
  given_.emplace(section.name, section.line);
  for (const auto& entry : section.entries)
    given_.emplace(section.name + "." + entry.key, entry.line);
}

/// A client is kept even when it is wrong, so that [authority] finds its name.
void Loader::take_client(const IniSection& section) {
  if (rules_only_) return;
  const auto parts = split_section_name(section.name);
  if (!parts.problem.empty()) return errors_.add(section.line, parts.problem);
  ClientSettings client;
  client.name = parts.name;
  apply(client_table(), section, folder_, client, errors_);
  settings_.clients.push_back(std::move(client));
}

void Loader::take_prometheus(const IniSection& section) {
  const auto parts = split_section_name(section.name);
  if (!parts.problem.empty()) return errors_.add(section.line, parts.problem);
  PrometheusSettings prometheus;
  prometheus.name = parts.name;
  apply(further_prometheus_table(), section, folder_, prometheus, errors_);
  settings_.more_prometheus.push_back(std::move(prometheus));
}

/// None of its keys has a default: an override that says too little would be one for ever.
void Loader::take_override(const IniSection& section) {
  if (rules_only_) return;
  const auto parts = split_section_name(section.name);
  if (!parts.problem.empty()) return errors_.add(section.line, parts.problem);
  CompatOverride made;
  made.name = parts.name;
  apply(override_table(), section, folder_, made, errors_);
  for (const auto& key : override_table().keys) {
    const auto at = std::ranges::find(section.entries, key.name, &IniEntry::key);
    if (at == section.entries.end() || at->value.empty())
      errors_.add(section.line, fmt::format("override {} has no {}", made.name, key.name));
  }
  settings_.compat.overrides.push_back(std::move(made));
}

/// Sections with a name of their own first, then those of the tables.
void Loader::take_section(const IniSection& section) {
  const auto kind = split_section_name(section.name).kind;
  if (kind == "rule") return rules_.take(section, path_.string(), folder_, errors_);
  if (kind == "window") return rules_.take_window(section, path_.string(), folder_, errors_);
  if (kind == "client") return take_client(section);
  if (section.name.starts_with("prometheus ")) return take_prometheus(section);
  if (kind == "override") return take_override(section);
  const auto& tables = settings_tables();
  const auto table = std::ranges::find(tables, section.name, &Table<Settings>::name);
  if (table == tables.end()) return errors_.add(section.line, unknown_section(section.name));
  const bool needed = std::ranges::find(kRulesNeed, table->name) != kRulesNeed.end();
  if (rules_only_ && !needed) return;
  apply(*table, section, folder_, settings_, errors_);
}

/// A rules file that was named must be there; the one beside the file is read when it is.
void Loader::read_rules_file() {
  auto& file = settings_.gate.rules_file;
  const auto given = given_.find("gate.rules_file");
  std::error_code problem;
  const bool absent =
      std::filesystem::status(file.empty() ? folder_ / kRulesFile : file, problem).type() ==
      std::filesystem::file_type::not_found;
  if (absent && file.empty()) return;
  if (absent) {
    return errors_.add(given == given_.end() ? 0 : given->second,
                       fmt::format("rules_file: {} does not exist", file.string()));
  }
  if (file.empty()) file = folder_ / kRulesFile;
  auto ini = read_ini(file, kRepeatable);
  rules_errors_ = ini.errors;
  for (const auto& section : ini.sections) {
    const auto kind = split_section_name(section.name).kind;
    if (kind == "rule") {
      rules_.take(section, file.string(), folder_, rules_errors_);
    } else if (kind == "window") {
      rules_.take_window(section, file.string(), folder_, rules_errors_);
    } else {
      rules_errors_.add(section.line, fmt::format("[{}] does not belong here: a rules file holds "
                                                  "[rule NAME] and [window NAME] sections only",
                                                  section.name));
    }
  }
}

/// The values that follow from others, and the RuleBook in its order.
void Loader::finish() {
  settings_.file = path_;
  auto& tokens = settings_.http.webhook_tokens;
  std::erase_if(tokens, [](const SecretSource& source) { return !source.given(); });
  auto& pod = settings_.kubernetes.own_pod;
  if (!pod.empty() && !pod.contains('/')) pod = settings_.kubernetes.own_namespace + "/" + pod;
  if (settings_.ssh.known_hosts.empty()) {
    settings_.ssh.known_hosts = settings_.journal.file.parent_path() / kKnownHosts;
  }
  auto& book = settings_.rules;
  if (rules_.rules().empty() && !given_.contains("gate.default_action")) {
    errors_.add(0,
                "no rules and no default_action: without either, nobody has said what an alert "
                "means; write rules, or default_action in [gate]");
  }
  if (settings_.gate.builtin_ignores) book.rules = builtin_rules();
  for (auto& rule : rules_.finish(settings_.gate))
    book.rules.push_back(std::move(rule));
  const auto window = given_.find("detection.start_window");
  rules_.name_windows(settings_.detection.start_windows, "start_window",
                      window == given_.end() ? 0 : window->second, errors_);
  const auto fallback = given_.find("gate.default_action");
  book.fallback.file = path_.string();
  book.fallback.line = fallback == given_.end() ? 0 : fallback->second;
  book.fallback.resume_after = settings_.gate.resume_after;
  book.fallback.honor_silences = settings_.gate.honor_silences;
}

/// The main file's first: a reader mends them from top to bottom.
std::vector<ConfigError> Loader::all_errors() const {
  auto errors = errors_.listed();
  for (auto& error : rules_errors_.listed())
    errors.push_back(std::move(error));
  return errors;
}

std::expected<Settings, std::vector<ConfigError>> Loader::load() {
  const auto ini = read_ini(path_, kRepeatable);
  errors_ = ini.errors;
  for (const auto& section : ini.sections) {
    note_given(section);
    take_section(section);
  }
  // A file without settings is a rules file itself; the one beside it is none of its own.
  const auto is_settings = [](const IniSection& section) {
    const auto& tables = settings_tables();
    return std::ranges::find(tables, section.name, &Table<Settings>::name) != tables.end();
  };
  if (!rules_only_ || std::ranges::any_of(ini.sections, is_settings)) read_rules_file();
  // What follows from values is only looked at when all values are good: a misspelt key would
  // otherwise be told a second time as a missing one.
  if (all_errors().empty()) {
    finish();
    if (!rules_only_) cross_check(settings_, given_, errors_);
  }
  if (auto errors = all_errors(); !errors.empty()) return std::unexpected(std::move(errors));
  return std::move(settings_);
}

}  // namespace

std::expected<Settings, std::vector<ConfigError>> load(const std::filesystem::path& path) {
  return Loader(path, false).load();
}

std::expected<Settings, std::vector<ConfigError>> load_rules(const std::filesystem::path& path) {
  return Loader(path, true).load();
}

}  // namespace lockkeeper
