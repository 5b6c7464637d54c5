// SPDX-License-Identifier: Apache-2.0
#include "bot/morning.h"

#include <doctest/doctest.h>

#include "tests/unit/bot/small_cluster.h"

namespace lockkeeper {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class WallClock : public Clock {
 public:
  [[nodiscard]] Time now() const override { return at; }
  [[nodiscard]] Moment moment() const override { return {}; }
  void wait_until(Moment) override {}

  Time at = test::kNoon;
};

class OneText : public Memory {
 public:
  Result<std::string> recall(const std::string&) override { return text; }
  Status remember(Time, const std::string&, const std::string& now) override {
    if (full) return fail("disk full");
    text = now;
    return {};
  }

  std::string text;
  bool full = false;
};

class Heard : public Chat {
 public:
  void say(Message message) noexcept override { said.push_back(std::move(message)); }

  std::vector<Message> said;
};

/// A bot that starts at noon and reports at 06:07 UTC.
struct Installation {
  Installation() {
    settings.report.schedule = parse_cron("7 6 * * *").value();
    settings.report.zone = std::make_shared<const Zone>();
    start();
  }
  void start() {
    const auto make = [this](std::optional<Time> since) -> Result<Report> {
      asked_since = since;
      if (broken) return fail("no journal");
      Report report;
      report.outcome = ReportOutcome::nothing_to_do;
      report.headline = "all is well";
      return report;
    };
    morning = std::make_unique<MorningReport>(memory, clock, chat, settings, make);
    morning->tick();
  }
  void at(Time time) {
    clock.at = time;
    morning->tick();
  }

  Settings settings = test::settings();
  WallClock clock;
  OneText memory;
  Heard chat;
  bool broken = false;
  std::optional<Time> asked_since;
  std::unique_ptr<MorningReport> morning;
};

constexpr Time kSeven = test::kNoon + hours(18) + minutes(7);  // 06:07 of the next day

}  // namespace

TEST_CASE("the report is said once when it is due, and again a day later") {
  Installation bot;
  CHECK(bot.chat.said.empty());
  bot.at(kSeven - seconds(1));
  CHECK(bot.chat.said.empty());
  bot.at(kSeven + seconds(3));
  bot.at(kSeven + seconds(8));
  REQUIRE(bot.chat.said.size() == 1);
  CHECK(bot.chat.said[0].text.find("all is well") != std::string::npos);
  CHECK(bot.chat.said[0].tone == Tone::news);
  bot.at(kSeven + hours(24));
  CHECK(bot.chat.said.size() == 2);
  CHECK(bot.asked_since == kSeven);
}

TEST_CASE("a restart within the same minute says nothing twice") {
  Installation bot;
  bot.at(kSeven + seconds(3));
  bot.clock.at = kSeven + seconds(20);
  bot.start();
  bot.at(kSeven + seconds(30));
  CHECK(bot.chat.said.size() == 1);
}

TEST_CASE("what was missed is said once and shortly") {
  Installation bot;
  bot.at(kSeven);
  bot.clock.at = kSeven + hours(50);
  bot.start();
  REQUIRE(bot.chat.said.size() == 2);
  CHECK(bot.chat.said[1].text.find("2 reports were missed while the bot was away") !=
        std::string::npos);
  CHECK(bot.asked_since == kSeven);
  bot.clock.at += hours(20);
  bot.start();
  REQUIRE(bot.chat.said.size() == 2);
  bot.at(kSeven + hours(72));
  REQUIRE(bot.chat.said.size() == 3);
  CHECK(bot.chat.said[2].text.find("missed") == std::string::npos);
}

TEST_CASE("a clock that is set back brings no old report again") {
  Installation bot;
  bot.at(kSeven + minutes(1));
  bot.clock.at = kSeven - minutes(30);
  bot.start();
  bot.at(kSeven + seconds(5));
  CHECK(bot.chat.said.size() == 1);
}

TEST_CASE("no report, and one that cannot be remembered, are said, too") {
  Installation bot;
  bot.broken = true;
  bot.memory.full = true;
  bot.at(kSeven);
  REQUIRE(bot.chat.said.size() == 1);
  CHECK(bot.chat.said[0].text.find("no report: no journal") != std::string::npos);
  CHECK(bot.chat.said[0].text.find("disk full") != std::string::npos);
  CHECK(bot.chat.said[0].tone == Tone::needs_you);
}

TEST_CASE("without a schedule nothing is said") {
  Installation bot;
  bot.settings.report.schedule.reset();
  bot.start();
  bot.at(kSeven + hours(100));
  CHECK(bot.chat.said.empty());
  CHECK_FALSE(bot.morning->next());
}

}  // namespace lockkeeper
