// SPDX-License-Identifier: Apache-2.0

// The payload of a start as JSON.

#include "bot/request.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <utility>
#include <vector>

namespace lockkeeper {
namespace {

std::string refused(std::string_view json) {
  const auto request = parse_request_json(json);
  return request ? "accepted" : request.error().what;
}

}  // namespace

TEST_CASE("a payload with only a version asks for everything") {
  const auto request = parse_request_json(R"({"target_version":"1.34.5"})");
  REQUIRE(request);
  CHECK(request->target == Version{1, 34, 5, {}});
  CHECK_FALSE(request->kind);
  CHECK_FALSE(request->dry_run);
  CHECK(request->stages == all_stages());
  CHECK(request->reason.empty());
  CHECK(request->confirm.empty());
}

TEST_CASE("a payload may say all that there is to say") {
  const auto request = parse_request_json(
      R"( {"target_version":"1.35.0","kind":"minor","dry_run":true,"stages":"preflight, snapshot",
           "reason":"the autumn minor","confirm":"4be1c2d3"} )");
  REQUIRE(request);
  CHECK(request->kind == UpgradeKind::minor);
  CHECK(request->dry_run);
  CHECK(request->stages == std::vector{Stage::preflight, Stage::snapshot});
  CHECK(request->reason == "the autumn minor");
  CHECK(request->confirm == "4be1c2d3");
}

TEST_CASE("stages are put into their fixed order") {
  const auto request = parse_request_json(
      R"({"target_version":"1.34.5","stages":"postflight,master,snapshot,preflight"})");
  REQUIRE(request);
  CHECK(request->stages ==
        std::vector{Stage::preflight, Stage::snapshot, Stage::master, Stage::postflight});
  CHECK(request->has(Stage::master));
  CHECK_FALSE(request->has(Stage::workers));
}

TEST_CASE("what is malformed becomes one line that says what") {
  const std::vector<std::pair<std::string, std::string>> payloads = {
      {"", "not a JSON object"},
      {"{", "not a JSON object"},
      {"[]", "not a JSON object"},
      {"null", "not a JSON object"},
      {"\"1.34.5\"", "not a JSON object"},
      {R"({"target_version":"1.34.5"} trailing)", "not a JSON object"},
      {R"({"target_version":"1.34.5",})", "not a JSON object"},
      {R"({"target_version":1.34})", "target_version is not a string"},
      {R"({"target_version":null})", "target_version is not a string"},
      {R"({"target_version":["1.34.5"]})", "target_version is not a string"},
      {R"({"target_version":{"a":{"b":{"c":{"d":1}}}}})", "target_version is not a string"},
      {R"({"target_version":""})", "version '' is not exactly X.Y.Z"},
      {R"({"target_version":"v1.34.5"})", "version 'v1.34.5' is not exactly X.Y.Z"},
      {R"({"target_version":"1.34"})", "version '1.34' is not exactly X.Y.Z"},
      {R"({"target_version":"1.34.5-rc.1"})", "version '1.34.5-rc.1' is not exactly X.Y.Z"},
      {R"({"target_version":"1.34.5 "})", "version '1.34.5 ' is not exactly X.Y.Z"},
      {R"({"target_version":"1.34.5+k3s1"})", "version '1.34.5+k3s1' is not exactly X.Y.Z"},
      {R"({})", "target_version is missing"},
      {R"({"kind":"patch"})", "target_version is missing"},
      {R"({"target_version":"1.34.5","kind":"major"})", "kind 'major' is neither patch nor minor"},
      {R"({"target_version":"1.34.5","kind":"Patch"})", "kind 'Patch' is neither patch nor minor"},
      {R"({"target_version":"1.34.5","kind":""})", "kind '' is neither patch nor minor"},
      {R"({"target_version":"1.34.5","kind":true})", "kind is not a string"},
      {R"({"target_version":"1.34.5","dry_run":"true"})", "dry_run is neither true nor false"},
      {R"({"target_version":"1.34.5","dry_run":1})", "dry_run is neither true nor false"},
      {R"({"target_version":"1.34.5","dry_run":null})", "dry_run is neither true nor false"},
      {R"({"target_version":"1.34.5","stages":["all"]})", "stages is not a string"},
      {R"({"target_version":"1.34.5","stages":""})",
       "stages is empty; write all, or some of preflight, ..."},
      {R"({"target_version":"1.34.5","stages":"workres"})",
       "unknown stage 'workres' (did you mean \"workers\"?)"},
      {R"({"target_version":"1.34.5","stages":"preflight,,snapshot"})", "unknown stage ''"},
      {R"({"target_version":"1.34.5","stages":"all,preflight"})", "unknown stage 'all'"},
      {R"({"target_version":"1.34.5","stages":"preflight,snapshot,preflight"})",
       "stage 'preflight' is named twice"},
      {R"({"target_version":"1.34.5","dryrun":true})",
       "unknown member 'dryrun' (did you mean \"dry_run\"?)"},
      {R"({"target_version":"1.34.5","TARGET_VERSION":"1.34.6"})",
       "unknown member 'TARGET_VERSION'"},
      {R"({"target_version":"1.34.5","target_version":"1.34.6"})", "target_version is given twice"},
      {R"({"dry_run":true,"target_version":"1.34.5","dry_run":false})", "dry_run is given twice"},
      {R"({"target_version":"1.34.5","reason":7})", "reason is not a string"},
      {R"({"target_version":"1.34.5","confirm":false})", "confirm is not a string"},
  };
  for (const auto& [payload, what] : payloads) {
    CHECK(refused(payload) == "malformed payload: " + what);
  }
}

TEST_CASE("stages that change a cluster need preflight and snapshot before them") {
  const auto with_stages = [](std::string_view stages, bool dry_run) {
    return refused(R"({"target_version":"1.34.5","stages":")" + std::string(stages) +
                   R"(","dry_run":)" + (dry_run ? "true}" : "false}"));
  };
  const std::string lead =
      "malformed payload: stages contradict themselves: the chosen ones change the cluster, "
      "which needs ";
  CHECK(with_stages("workers", false) == lead + "preflight first");
  CHECK(with_stages("snapshot", false) == lead + "preflight first");
  CHECK(with_stages("preflight,workers", false) == lead + "snapshot first");
  CHECK(with_stages("preflight,containerd", false) == lead + "snapshot first");
  CHECK(with_stages("preflight,repo,postflight", false) == lead + "snapshot first");
  CHECK(with_stages("preflight,snapshot,workers", false) == "accepted");
  CHECK(with_stages("preflight", false) == "accepted");
  CHECK(with_stages("postflight", false) == "accepted");
  CHECK(with_stages("workers", true) == "accepted");
}

TEST_CASE("a payload beyond 16 KiB is refused before it is read") {
  const std::string blanks((16UL << 10) - 28, ' ');
  const std::string sound = R"({"target_version":"1.34.5"})";
  CHECK(refused(sound + blanks) == "accepted");
  CHECK(refused(sound + blanks + "  ") == "malformed payload: longer than 16 KiB");
}

TEST_CASE("what is quoted from a payload is cut, and so is a reason") {
  const std::string long_name(5'000, 'x');
  CHECK(refused(R"({")" + long_name + R"(":1})").size() < 100);
  CHECK(refused(R"({"target_version":"1.34.5","kind":")" + long_name + R"("})").size() < 120);
  const auto request =
      parse_request_json(R"({"target_version":"1.34.5","reason":")" + long_name + R"("})");
  REQUIRE(request);
  CHECK(request->reason.size() <= 503);
}

TEST_CASE("hostile nesting is refused, not followed") {
  const std::string deep =
      R"({"target_version":)" + std::string(7'000, '[') + "1" + std::string(7'000, ']') + "}";
  CHECK(refused(deep) == "malformed payload: target_version is not a string");
  CHECK(refused(std::string(16'000, '[')) == "malformed payload: not a JSON object");
}

TEST_CASE("any text is a request or one line that begins with malformed payload") {
  CHECK(rc::check("any text", [] {
    const auto piece = rc::gen::element<std::string>(
        "{", "}", "\"target_version\"", "\"stages\"", "\"dry_run\"", ":", ",", "\"1.34.5\"", "true",
        "\"all\"", "[", "]", "null", "\"", "\\u0000", "\xFF", "1e999", "-");
    std::string text;
    for (const auto& one : *rc::gen::container<std::vector<std::string>>(piece))
      text += one;
    const auto request = parse_request_json(text);
    if (request) {
      RC_ASSERT(!request->stages.empty());
    } else {
      RC_ASSERT(request.error().what.starts_with("malformed payload: "));
    }
  }));
}

}  // namespace lockkeeper
