// SPDX-License-Identifier: Apache-2.0

// [detection], [compat] and [override NAME].

#include <doctest/doctest.h>

#include "tests/unit/config/loading.h"

namespace lockkeeper {
namespace {

using testing::loaded;
using testing::refusal;

/// Seven lines.
const std::string kBase = testing::kRequired + "[gate]\ndefault_action = pause\n";
const std::string kDetection = kBase + "[detection]\n";
const std::string kOverride =
    kBase + "[override ours]\nsubject = calico\nminor = 1.35\nreason = tried\n";

}  // namespace

TEST_CASE("without a word about it, detection looks every night and only says what it finds") {
  const auto detection = loaded(kBase).detection;
  CHECK(detection.schedule->text == "0 23 * * *");
  CHECK(detection.zone->name == "UTC");
  CHECK(detection.repository == "https://pkgs.k8s.io/core:/stable:");
  CHECK(detection.on_available == DetectionSettings::OnAvailable::announce);
  CHECK(loaded(kBase).compat.overrides.empty());
}

TEST_CASE("a schedule is read as cron writes it, or is never") {
  CHECK(loaded(kDetection + "schedule = 30 6 * * mon-fri\n").detection.schedule->text ==
        "30 6 * * mon-fri");
  CHECK_FALSE(loaded(kDetection + "schedule = never\n").detection.schedule.has_value());
  CHECK(refusal(kDetection + "schedule = 0 25 * * *\n") ==
        "l.ini:9: schedule: hour 25 is not between 0 and 23\n");
  CHECK(refusal(kDetection + "schedule = nightly\n")
            .starts_with("l.ini:9: schedule: a schedule has five fields"));
}

TEST_CASE("a feed is a URL or none") {
  CHECK(loaded(kDetection + "repository = none\n").detection.repository.empty());
  CHECK(loaded(kDetection + "repository = https://mirror.example/k8s/core:/stable:/\n")
            .detection.repository == "https://mirror.example/k8s/core:/stable:");
  CHECK(refusal(kDetection + "repository = pkgs.k8s.io\n").starts_with("l.ini:9: repository: "));
}

TEST_CASE("the windows of a start are written out, or named") {
  const std::string start = kDetection + "on_available = start\n";
  const auto inline_one = loaded(start + "start_window = Sat,Sun 02:00-05:00 UTC\n").detection;
  REQUIRE(inline_one.start_windows.size() == 1);
  CHECK(inline_one.start_windows.front().zone != nullptr);
  const auto named = loaded(start +
                            "start_window = night\n[window night]\ndays = any\ntime = 01:00-05:00\n"
                            "zone = UTC\n")
                         .detection;
  REQUIRE(named.start_windows.size() == 1);
  CHECK(named.start_windows.front().zone != nullptr);
  CHECK(refusal(start + "start_window = nihgt\n[window night]\ndays = any\ntime = 01:00-05:00\n"
                        "zone = UTC\n") ==
        "l.ini:10: start_window: there is no [window nihgt] (did you mean \"night\"?)\n");
}

TEST_CASE("a minor is started without a person only from a repository that is vouched for") {
  const std::string any = kDetection + "on_available = start\nstart_kind = any\n";
  CHECK(refusal(any) ==
        "l.ini:10: start_kind = any starts what the repository says, so its signature must be "
        "checked: give a keyring\n");
  CHECK(refusal(any + "keyring = k.gpg\n") == "accepted");
  CHECK(refusal(any + "repository = none\n") == "accepted");
}

TEST_CASE("an override says everything, because it would otherwise be one for ever") {
  const auto overrides = loaded(kOverride + "expires = 2027-01-31\n").compat.overrides;
  REQUIRE(overrides.size() == 1);
  CHECK(overrides.front().name == "ours");
  CHECK(overrides.front().subject == "calico");
  CHECK(to_string(overrides.front().expires) == "2027-01-31T00:00:00Z");
  CHECK(refusal(kOverride) == "l.ini:8: override ours has no expires\n");
  CHECK(refusal(kOverride + "expires =\n").starts_with("l.ini:8: override ours has no expires\n"));
  CHECK(refusal(kBase + "[override ours]\n") ==
        "l.ini:8: override ours has no subject\nl.ini:8: override ours has no minor\n"
        "l.ini:8: override ours has no reason\nl.ini:8: override ours has no expires\n");
  CHECK(refusal(kBase + "[override]\n").starts_with("l.ini:8: "));
  CHECK(refusal(kBase + "[override x]\nminor = 1.35.2\nsubject = a\nreason = b\nexpires = "
                        "2027-01-31\n") ==
        "l.ini:9: minor: '1.35.2' is no minor version such as 1.35\n");
}

}  // namespace lockkeeper
