// SPDX-License-Identifier: Apache-2.0

// The words behind `start` and `plan`.

#include <doctest/doctest.h>

#include <utility>
#include <vector>

#include "bot/request.h"

namespace lockkeeper {
namespace {

using Words = std::vector<std::string>;

std::string refused(const Words& words) {
  const auto request = parse_request_words(words);
  return request ? "accepted" : request.error().what;
}

}  // namespace

TEST_CASE("a version alone asks for everything") {
  const auto request = parse_request_words(Words{"1.34.7"});
  REQUIRE(request);
  CHECK(request->target == Version{1, 34, 7, {}});
  CHECK(request->stages == all_stages());
  CHECK_FALSE(request->dry_run);
}

TEST_CASE("a person may write the v in front") {
  CHECK(parse_request_words(Words{"v1.34.7"})->target == Version{1, 34, 7, {}});
  CHECK(refused({"vv1.34.7"}) == "malformed payload: version 'v1.34.7' is not exactly X.Y.Z");
}

TEST_CASE("options stand before or behind the version, in any order") {
  const auto request =
      parse_request_words(Words{"--stages", "preflight,snapshot", "1.34.7", "--reason", "two words",
                                "--dry-run", "--kind", "patch", "--confirm", "4be1c2d3"});
  REQUIRE(request);
  CHECK(request->dry_run);
  CHECK(request->stages == std::vector{Stage::preflight, Stage::snapshot});
  CHECK(request->reason == "two words");
  CHECK(request->kind == UpgradeKind::patch);
  CHECK(request->confirm == "4be1c2d3");
}

TEST_CASE("words that make no sense become one line that says which") {
  const std::vector<std::pair<Words, std::string>> lines = {
      {{}, "the version is missing"},
      {{"--dry-run"}, "the version is missing"},
      {{"1.34"}, "version '1.34' is not exactly X.Y.Z"},
      {{"latest"}, "version 'latest' is not exactly X.Y.Z"},
      {{"1.34.7", "1.34.8"}, "unexpected word '1.34.8'"},
      {{"1.34.7", "dry-run"}, "unexpected word 'dry-run'"},
      {{"1.34.7", "--dryrun"}, "unknown option '--dryrun' (did you mean \"--dry-run\"?)"},
      {{"1.34.7", "--force"}, "unknown option '--force'"},
      {{"1.34.7", "--dry-run=true"}, "unknown option '--dry-run=true'"},
      {{"1.34.7", "--target_version", "1.34.8"}, "unknown option '--target_version'"},
      {{"1.34.7", "--stages"}, "--stages needs a value"},
      {{"1.34.7", "--kind"}, "--kind needs a value"},
      {{"1.34.7", "--confirm"}, "--confirm needs a value"},
      {{"1.34.7", "--stages", "prefligth"},
       "unknown stage 'prefligth' (did you mean \"preflight\"?)"},
      {{"1.34.7", "--kind", "big"}, "kind 'big' is neither patch nor minor"},
      {{"1.34.7", "--stages", "workers"},
       "stages contradict themselves: the chosen ones change the cluster, which needs preflight "
       "first"},
  };
  for (const auto& [words, what] : lines)
    CHECK(refused(words) == "malformed payload: " + what);
}

TEST_CASE("an option never swallows the option behind it: --dry-run is not a reason") {
  CHECK(refused({"1.34.7", "--reason", "--dry-run"}) ==
        "malformed payload: --reason needs a value");
  CHECK(refused({"1.34.7", "--confirm", "--dry-run"}) ==
        "malformed payload: --confirm needs a value");
}

TEST_CASE("alerts that are set aside are named, and for how long") {
  const auto request =
      parse_request_words(Words{"1.34.7", "--ignore-alert", "A, B", "--ignore-for", "4h"});
  REQUIRE(request);
  CHECK(request->ignore_alerts == Words{"A", "B"});
  CHECK(request->ignore_for == std::chrono::hours(4));
  CHECK(parse_request_json(R"({"target_version":"1.34.7","ignore_alert":"A,B","ignore_for":"4h"})")
            ->ignore_alerts == Words{"A", "B"});
  CHECK(refused({"1.34.7", "--ignore-alert", "A,,B"}) ==
        "malformed payload: an alert to ignore has no name");
  CHECK(refused({"1.34.7", "--ignore-alert", "A", "--ignore-for", "8d"}) ==
        "malformed payload: ignore_for is not between 1ms and 7d");
  CHECK(refused({"1.34.7", "--ignore-for", "4"}).starts_with("malformed payload: ignore_for: "));
  CHECK(refused({"1.34.7", "--ignore-alerts", "A"}) ==
        "malformed payload: unknown option '--ignore-alerts' (did you mean \"--ignore-alert\"?)");
}

TEST_CASE("an option that is given twice contradicts itself") {
  CHECK(refused({"1.34.7", "--stages", "preflight", "--stages", "all"}) ==
        "malformed payload: --stages is given twice");
  CHECK(refused({"1.34.7", "--kind", "patch", "--kind", "patch"}) ==
        "malformed payload: --kind is given twice");
  CHECK(refused({"1.34.7", "--dry-run", "--dry-run"}) ==
        "malformed payload: --dry-run is given twice");
}

}  // namespace lockkeeper
