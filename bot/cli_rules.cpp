// SPDX-License-Identifier: Apache-2.0

// The tools to trust rules before they matter: rules check, rules test.

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "bot/cli_commands.h"
#include "bot/replay/rule_review.h"
#include "bot/replay/rule_test.h"
#include "config/bounded_file.h"
#include "config/findings.h"
#include "config/load.h"
#include "integrations/yaml/rule_test_reader.h"

namespace lockkeeper::cli {
namespace {

/// [gate] and the rules of a file, or every error on stderr.
std::optional<Settings> rules_or_complain(const std::filesystem::path& file) {
  auto settings = load_rules(file);
  if (settings) return std::move(*settings);
  for (const auto& error : settings.error())
    fmt::print(stderr, "{}\n", to_string(error));
  return std::nullopt;
}

std::string place(const Rule& rule) {
  return rule.line > 0 ? fmt::format("{}:{}", rule.file, rule.line) : rule.file;
}

/// The findings of `check` that are about rules and the gate, with the rule's place where they name
/// one.
std::vector<std::string> rule_findings(const Settings& settings, std::string_view severity) {
  std::vector<std::string> lines;
  for (const auto& finding : findings(settings)) {
    const std::string_view what = finding.what;
    const bool ours = what.starts_with("rule ") || what.starts_with("no [rule") ||
                      what.starts_with("[gate]") || what.starts_with("[window");
    if (!ours) continue;
    const auto& rules = settings.rules.rules;
    const auto rule = std::ranges::find_if(rules, [&](const Rule& one) {
      return what.starts_with(fmt::format("rule {}:", one.name));
    });
    const auto where = rule == rules.end() ? settings.file.string() : place(*rule);
    lines.push_back(fmt::format("{}: {}: {}", where, severity, what));
  }
  return lines;
}

/// Reads the tests of one file and the rules that they are about; nothing after a complaint.
struct LoadedTests {
  yaml::RuleTestFile tests;
  Settings settings;
};

std::optional<LoadedTests> load_tests(const std::filesystem::path& file,
                                      const std::filesystem::path& config) {
  const auto content = read_bounded_file(file, yaml::kTestFileBytesMax);
  if (!content) {
    fmt::print(stderr, "{}: {}\n", file.string(), content.error().what);
    return std::nullopt;
  }
  auto tests = yaml::read_rule_tests(content->text, file.string());
  if (!tests) {
    for (const auto& error : tests.error())
      fmt::print(stderr, "{}\n", to_string(error));
    return std::nullopt;
  }
  const auto rules = tests->rules.empty() ? config : file.parent_path() / tests->rules;
  auto settings = rules_or_complain(rules);
  if (!settings) return std::nullopt;
  return LoadedTests{std::move(*tests), std::move(*settings)};
}

void print_failure(const std::filesystem::path& file, const replay::TestFailure& failure) {
  fmt::print("{}:{}: {}: at {}\n", file.string(), failure.line, failure.test,
             to_string(failure.at));
  for (const auto& line : failure.differences)
    fmt::print("  {}\n", line);
  for (const auto& line : failure.why)
    fmt::print("    {}\n", line);
}

}  // namespace

int rules_check(const std::filesystem::path& file, bool strict) {
  const auto settings = rules_or_complain(file);
  if (!settings) return kRefused;
  const std::string_view severity = strict ? "error" : "warning";
  auto lines = rule_findings(*settings, severity);
  for (const auto& remark : replay::review(settings->rules)) {
    lines.push_back(fmt::format("{}: {}: {}", place(*remark.rule), severity, remark.what));
  }
  for (const auto& line : lines)
    fmt::print("{}\n", line);
  const auto& rules = settings->rules.rules;
  const auto built_in = std::ranges::count(rules, 0, &Rule::line);
  fmt::print("{}: {}, {} built in; {}\n", file.string(), counted(rules.size(), "rule"), built_in,
             lines.empty() ? "nothing to object to" : counted(lines.size(), severity));
  return strict && !lines.empty() ? kRefused : kFine;
}

int rules_test(const std::vector<std::filesystem::path>& files,
               const std::filesystem::path& config) {
  std::size_t tests = 0;
  std::size_t expectations = 0;
  std::size_t failures = 0;
  bool unreadable = false;
  for (const auto& file : files) {
    const auto loaded = load_tests(file, config);
    if (!loaded) {
      unreadable = true;
      continue;
    }
    for (const auto& test : loaded->tests.tests) {
      ++tests;
      expectations += test.expect.size();
      const auto failed = replay::play(test, loaded->settings.rules, loaded->settings.gate);
      failures += failed.size();
      for (const auto& failure : failed)
        print_failure(file, failure);
    }
  }
  fmt::print("{}, {}, {}\n", counted(tests, "test"), counted(expectations, "expectation"),
             failures == 0 ? "all hold" : fmt::format("{} failed", failures));
  if (unreadable) return kMisused;
  return failures == 0 ? kFine : kRefused;
}

}  // namespace lockkeeper::cli
