// SPDX-License-Identifier: Apache-2.0
#include "bot/detector.h"

#include <doctest/doctest.h>

#include "tests/unit/bot/compat_world.h"
#include "tests/unit/bot/small_cluster.h"

namespace lockkeeper {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using Versions = std::vector<std::string>;

class StillClock : public Clock {
 public:
  [[nodiscard]] Time now() const override { return test::kNoon + passed; }
  [[nodiscard]] Moment moment() const override { return {passed}; }
  void wait_until(Moment until) override { passed = std::max(passed, until.since_start); }

  Millis passed{};
};

/// A cluster that only has to be looked at.
class LookedAt : public World {
 public:
  Result<ClusterFacts> look() override {
    ++looks;
    return facts;
  }
  Result<NodeHealth> examine(const std::string&, const Plan&) override { return fail("no"); }
  Result<WorkloadFacts> workloads() override { return fail("no"); }
  Result<PreflightFacts> inspect(const Plan&, Watch&) override { return fail("no"); }
  Result<std::vector<std::string>> clear_orphans() override { return fail("no"); }
  Observation observe(const StepContext&) override { return {}; }
  Outcome act(const StepContext&, Watch&) override { return {}; }
  Result<std::vector<std::string>> would(const StepContext&) override { return fail("no"); }

  Result<ClusterFacts> facts = test::cluster();
  int looks = 0;
};

class FakeScout : public Scout {
 public:
  std::vector<FeedRead> read_feeds(const ClusterFacts&) override {
    ++reads;
    return {{"apt on cp-1", versions, false}};
  }
  CompatFacts survey(const ClusterFacts&) override {
    ++surveys;
    return testing::fit_facts();
  }

  Versions versions = {"1.34.2"};
  int reads = 0;
  int surveys = 0;
};

class FakeMemory : public Memory {
 public:
  Result<std::string> recall(const std::string&) override { return text; }
  Status remember(Time, const std::string&, const std::string& now) override {
    text = now;
    return {};
  }

  Result<std::string> text = std::string();
};

class Heard : public Chat {
 public:
  void say(Message message) noexcept override { texts.push_back(std::move(message.text)); }

  std::vector<std::string> texts;
};

/// A bot that starts at noon and checks at 23:00 UTC.
struct Installation {
  explicit Installation(const char* schedule = "0 23 * * *") {
    settings.detection.schedule = parse_cron(schedule).value();
    settings.detection.zone = std::make_shared<const Zone>();
    start();
  }

  /// What a restart of the process does.
  void start() {
    detector =
        std::make_unique<Detector>(Detector::Ports{world, scout, memory, clock, chat}, settings,
                                   [this](const Check& check) { checks.push_back(check); });
    detector->tick();
  }
  void pass(Millis time) {
    clock.passed += time;
    detector->tick();
  }

  Settings settings = test::settings();
  StillClock clock;
  LookedAt world;
  FakeScout scout;
  FakeMemory memory;
  Heard chat;
  std::vector<Check> checks;
  std::unique_ptr<Detector> detector;
};

}  // namespace

TEST_CASE("a new bot waits for its hour, reads each feed twice, and comes back a day later") {
  Installation bot;
  CHECK(bot.scout.reads == 0);
  bot.pass(hours(10) + minutes(59));
  CHECK(bot.scout.reads == 0);
  bot.pass(minutes(1));
  CHECK(bot.scout.reads == 2);
  CHECK(bot.checks.size() == 1);
  bot.pass(hours(23));
  CHECK(bot.scout.reads == 2);
  bot.pass(hours(1));
  CHECK(bot.scout.reads == 4);
}

TEST_CASE("a bot that was down at its hour catches up once and says so") {
  Installation bot;
  bot.pass(hours(11));
  CHECK(bot.checks.size() == 1);
  bot.clock.passed += hours(72);
  bot.start();
  CHECK(bot.checks.size() == 2);
  REQUIRE(bot.chat.texts.size() == 1);
  CHECK(bot.chat.texts.front().contains("3 runs of detection missed, the newest at 2026-11-23"));
  bot.start();
  CHECK(bot.checks.size() == 2);
}

TEST_CASE("a person's check happens at the next tick and answers in any case") {
  Installation bot;
  bot.detector->ask(false);
  bot.detector->tick();
  CHECK(bot.checks.size() == 1);
  REQUIRE(bot.chat.texts.size() == 1);
  CHECK(bot.chat.texts.front().contains("nothing newer than 1.34.2 is available"));
}

TEST_CASE("the same finding is not said every night, also not by a restarted bot") {
  Installation bot;
  bot.scout.versions = {"1.34.7"};
  bot.pass(hours(11));
  CHECK(bot.chat.texts.size() == 1);
  bot.start();
  bot.pass(hours(24));
  CHECK(bot.checks.size() == 2);
  CHECK(bot.chat.texts.size() == 1);
}

TEST_CASE("a withdrawn release is forgotten when a person says so") {
  Installation bot;
  bot.scout.versions = {"1.34.7"};
  bot.pass(hours(11));
  bot.scout.versions = {"1.34.5"};
  bot.pass(hours(24));
  CHECK(bot.checks.back().found.patch->version == test::kPatch);
  bot.detector->ask(true);
  bot.detector->tick();
  CHECK(to_string(bot.checks.back().found.patch->version) == "1.34.5");
  CHECK(bot.checks.back().found.doubts.empty());
}

TEST_CASE("compatibility is asked for when a minor is available, and only then") {
  Installation bot;
  bot.scout.versions = {"1.34.7"};
  bot.pass(hours(11));
  CHECK(bot.scout.surveys == 0);
  bot.scout.versions = {"1.34.7", "1.35.1"};
  bot.pass(hours(24));
  CHECK(bot.scout.surveys == 1);
  REQUIRE(bot.checks.back().compat.has_value());
}

TEST_CASE("a cluster that cannot be read is said once, and the next night tries again") {
  Installation bot;
  bot.world.facts = fail("connection refused");
  bot.pass(hours(11));
  bot.pass(hours(24));
  CHECK(bot.world.looks == 2);
  CHECK(bot.checks.empty());
  REQUIRE(bot.chat.texts.size() == 1);
  CHECK(bot.chat.texts.front().ends_with("detection fails: connection refused"));
  bot.world.facts = test::cluster();
  bot.pass(hours(24));
  CHECK(bot.checks.size() == 1);
}

TEST_CASE("a memory that cannot be read is said, and the check still happens") {
  Installation bot;
  bot.memory.text = std::string("{");
  bot.pass(hours(11));
  CHECK(bot.checks.size() == 1);
  REQUIRE(bot.chat.texts.size() == 1);
  CHECK(bot.chat.texts.front().contains("what detection remembers cannot be read"));
}

TEST_CASE("without a schedule nothing is due, and a person may still ask") {
  Installation bot;
  bot.settings.detection.schedule.reset();
  bot.start();
  bot.pass(hours(500));
  CHECK(bot.checks.empty());
  CHECK_FALSE(bot.detector->next().has_value());
  bot.detector->ask(false);
  bot.detector->tick();
  CHECK(bot.checks.size() == 1);
}

TEST_CASE("a look says and remembers nothing") {
  Installation bot;
  bot.scout.versions = {"1.34.7"};
  CHECK(bot.detector->look().value().found.patch.has_value());
  CHECK(bot.chat.texts.empty());
  CHECK(bot.memory.text.value().empty());
}

TEST_CASE("what may be started without a person: a patch, when told so, inside a window") {
  Check check;
  check.found.patch = Available{test::kPatch, UpgradeKind::patch};
  DetectionSettings settings;
  CHECK_FALSE(startable(check, settings, test::kNoon).has_value());
  settings.on_available = DetectionSettings::OnAvailable::start;
  CHECK(startable(check, settings, test::kNoon) == check.found.patch);
  Window night;
  std::tie(night.from, night.to) = parse_day_time("01:00-05:00").value();
  night.days.fill(true);
  settings.start_windows = {night};
  CHECK_FALSE(startable(check, settings, test::kNoon).has_value());
  CHECK(startable(check, settings, test::kNoon + hours(14)).has_value());
}

TEST_CASE("a minor is started without a person only when told so and nothing blocks it") {
  Check check;
  check.found.minor = Available{test::kMinor, UpgradeKind::minor};
  DetectionSettings settings;
  settings.on_available = DetectionSettings::OnAvailable::start;
  check.compat = CompatReport{};
  CHECK_FALSE(startable(check, settings, test::kNoon).has_value());
  settings.start_kind = DetectionSettings::StartKind::any;
  CHECK(startable(check, settings, test::kNoon) == check.found.minor);
  check.compat->rows = {{CompatAnswer::unknown, "calico", {}, {}, {}, {}, {}}};
  CHECK_FALSE(startable(check, settings, test::kNoon).has_value());
  check.compat.reset();
  CHECK_FALSE(startable(check, settings, test::kNoon).has_value());
}

}  // namespace lockkeeper
