// SPDX-License-Identifier: Apache-2.0

// load_rules: the rules of a file whatever else it holds, or leaves out.

#include <doctest/doctest.h>

#include "config/load.h"
#include "tests/unit/config/temporary_folder.h"

namespace lockkeeper {
namespace {

using testing::TemporaryFolder;

constexpr const char* kRule = "[rule disk]\nmatch = alertname=\"Disk\"\naction = pause\n";

std::string first_error(const std::filesystem::path& file) {
  const auto settings = load_rules(file);
  return settings ? "" : settings.error().front().what;
}

TEST_CASE("a file with rules only is enough, and stands alone") {
  const TemporaryFolder folder;
  folder.write("rules.ini", kRule);
  const auto other = folder.write("other.ini", kRule);
  const auto settings = load_rules(other);
  REQUIRE(settings.has_value());
  CHECK(settings->rules.rules.back().name == "disk");
  CHECK(settings->rules.rules.back().file == other.string());
  CHECK_FALSE(settings->rules.watchdog.empty());
  CHECK(load_rules(folder.path() / "rules.ini").has_value());
}

TEST_CASE("a configuration brings its rules file, what a run needs besides may be missing") {
  const TemporaryFolder folder;
  folder.write("rules.ini", kRule);
  const auto settings =
      load_rules(folder.write("l.ini", "[gate]\nresume_after = 7m\n[upgrade]\nsoak = 3m\n"));
  REQUIRE(settings.has_value());
  CHECK(settings->rules.rules.back().resume_after == std::chrono::minutes(7));
  CHECK(settings->upgrade.soak == std::chrono::minutes(3));
  CHECK(load(folder.path() / "l.ini").error().front().what == "[ssh] user is required for a run");
}

TEST_CASE("errors elsewhere are not told, those of rules, gate and unknown sections are") {
  const TemporaryFolder folder;
  const std::string rule = kRule;
  CHECK(first_error(folder.write("a.ini", rule + "[ssh]\nusr = x\n[client a b]\nx = 1\n")).empty());
  CHECK(first_error(folder.write("b.ini", rule + "[gate]\npol_interval = 1s\n"))
            .contains("poll_interval"));
  CHECK(first_error(folder.write("c.ini", rule + "[rul other]\n")).contains("\"rule\""));
  CHECK(first_error(folder.write("d.ini", "[gate]\npoll_interval = 1s\n"))
            .starts_with("no rules and no default_action"));
}

}  // namespace
}  // namespace lockkeeper
