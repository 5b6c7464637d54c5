// SPDX-License-Identifier: Apache-2.0

// Nights of detection as a transcript: tests/golden/detection/nights.txt says what the feeds say,
// and behind each night stands exactly what chat hears.

#include <doctest/doctest.h>

#include <fstream>

#include "bot/detection.h"
#include "tests/unit/bot/small_cluster.h"

namespace lockkeeper {
namespace {

/// The bot's side of the story.
class Story {
 public:
  /// What a line "night ..." or "asked ..." makes the bot say, each line indented.
  std::string play(const std::string& line) {
    now_ += std::chrono::hours(24);
    const bool asked = line.starts_with("asked ");
    first_.clear();
    second_.clear();
    blocked_.clear();
    for (const auto item : split(std::string_view(line).substr(6), ';'))
      take(item);
    auto found = judge_feeds(facts_, first_, second_, memory_, now_);
    std::optional<CompatReport> compat;
    if (found.minor) compat = report();
    std::string said;
    for (const auto& message : announcements(found, compat, "prod", asked, memory_)) {
      std::string_view rest = message.text;
      while (!rest.empty()) {
        const auto end = std::min(rest.find('\n'), rest.size());
        said += "  " + std::string(rest.substr(0, end)) + "\n";
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
    }
    return said;
  }

 private:
  void take(std::string_view item) {
    const auto word = item.substr(0, item.find(' '));
    const auto rest = trimmed(item.substr(word.size()));
    if (word == "forget") memory_.highest.clear();
    if (word == "runs") facts_ = test::cluster(1, 2, parse_version(rest).value());
    if (word == "blocked") blocked_ = rest;
    if (word != "apt" && word != "repository") return;
    const auto then = rest.find(" then ");
    first_.push_back(read(word, rest.substr(0, then)));
    second_.push_back(then == rest.npos ? first_.back() : read(word, rest.substr(then + 6)));
  }

  static FeedRead read(std::string_view feed, std::string_view text) {
    FeedRead made{
        feed == "apt" ? "apt on cp-1" : "repository v1.35", fail(""), feed == "repository", {}};
    if (text.starts_with("fails ")) {
      made.versions = fail(std::string(text.substr(6)));
      return made;
    }
    std::vector<std::string> versions;
    if (text != "absent")
      for (const auto version : split(text, ' '))
        versions.emplace_back(version);
    made.versions = std::move(versions);
    return made;
  }

  [[nodiscard]] CompatReport report() const {
    CompatReport made;
    made.minor_jump = true;
    if (!blocked_.empty())
      made.rows = {{CompatAnswer::blocked, blocked_, "old", {}, "too old", {}, {}}};
    return made;
  }

  ClusterFacts facts_ = test::cluster();
  DetectionMemory memory_;
  Time now_ = test::kNoon;
  std::vector<FeedRead> first_;
  std::vector<FeedRead> second_;
  std::string blocked_;
};

}  // namespace

TEST_CASE("what is said over some weeks of feeds, word by word") {
  std::ifstream file(LOCKKEEPER_GOLDEN "/detection/nights.txt");
  REQUIRE(file);
  Story story;
  std::string expected;
  std::string told;
  for (std::string line; std::getline(file, line);) {
    expected += line + "\n";
    if (line.starts_with("  ")) continue;
    told += line + "\n";
    if (line.starts_with("night ") || line.starts_with("asked ")) told += story.play(line);
  }
  CHECK(told == expected);
}

}  // namespace lockkeeper
