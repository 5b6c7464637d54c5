// SPDX-License-Identifier: Apache-2.0

#include "bot/silences.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/unit/bot/small_cluster.h"

namespace lockkeeper::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

AlertmanagerSettings two_alerts() {
  AlertmanagerSettings settings;
  settings.silence_node = true;
  settings.silence_alerts = {"KubeNodeNotReady", "TargetDown"};
  return settings;
}

struct StoppedClock : Clock {
  Time time = kNoon;
  [[nodiscard]] Time now() const override { return time; }
  [[nodiscard]] Moment moment() const override { return {}; }
  void wait_until(Moment) override {}
};

struct Ear : Chat {
  std::vector<std::string> heard;
  void say(Message message) noexcept override { heard.push_back(message.text); }
};

/// An Alertmanager in memory that can go away.
struct Book : SilenceBook {
  const Clock& clock;
  std::vector<OwnSilence> silences;
  bool up = true;
  int asked = 0;
  explicit Book(const Clock& the_clock) : clock(the_clock) {}

  Result<std::vector<OwnSilence>> standing() override {
    ++asked;
    if (!up) return fail("Alertmanager http://a:9093: connection refused");
    std::erase_if(silences, [&](const auto& one) { return one.ends_at <= clock.now(); });
    return silences;
  }
  Status put(const OwnSilence& silence) override {
    const auto known = std::ranges::find(silences, silence.id, &OwnSilence::id);
    if (known != silences.end()) {
      known->ends_at = silence.ends_at;
    } else {
      silences.push_back(silence);
      silences.back().id = "s" + std::to_string(silences.size());
    }
    return {};
  }
  Status take_back(const std::string& id) override {
    std::erase_if(silences, [&](const auto& one) { return one.id == id; });
    return {};
  }
};

struct Desk {
  AlertmanagerSettings settings = two_alerts();
  StoppedClock clock;
  Ear chat;
  Book book{clock};
  NodeSilences silences{book, clock, chat, settings};

  void passes(Millis time, Millis every = minutes(2)) {
    for (Millis gone{}; gone < time; gone += every) {
      clock.time += every;
      silences.tend();
    }
  }
};

}  // namespace

TEST_CASE("for a node each listed alert is silenced by name, for one lease") {
  const auto changes = silence_changes(two_alerts(), {"r-1", "w1", kNoon}, {}, kNoon);
  CHECK(changes.take_back.empty());
  CHECK(changes.put ==
        std::vector<OwnSilence>{{"", "r-1", "w1", "KubeNodeNotReady", kNoon, kNoon + minutes(10)},
                                {"", "r-1", "w1", "TargetDown", kNoon, kNoon + minutes(10)}});
}

TEST_CASE("what stands is renewed in time, and what is not wanted is taken back") {
  const auto settings = two_alerts();
  const Cover cover{"r-1", "w1", kNoon};
  const std::vector<OwnSilence> standing = {
      {"a", "r-1", "w1", "KubeNodeNotReady", kNoon, kNoon + minutes(10)},
      {"b", "r-1", "w2", "TargetDown", kNoon, kNoon + minutes(10)},
      {"c", "r-0", "w1", "TargetDown", kNoon, kNoon + minutes(10)},
      {"d", "r-1", "w1", "KubeNodeNotReady", kNoon, kNoon + minutes(10)},
      {"e", "r-1", "w1", "NoLongerListed", kNoon, kNoon + minutes(10)}};
  const auto soon = silence_changes(settings, cover, standing, kNoon + minutes(3));
  REQUIRE(soon.put.size() == 1);
  CHECK(soon.put[0].alertname == "TargetDown");
  CHECK(soon.take_back == std::vector(standing.begin() + 1, standing.end()));
  const auto later = silence_changes(settings, cover, standing, kNoon + minutes(4));
  REQUIRE(later.put.size() == 2);
  CHECK(later.put[0].id == "a");
  CHECK(later.put[0].ends_at == kNoon + minutes(14));
}

TEST_CASE("no node is silenced for longer than the limit, however long the work takes") {
  Desk desk;
  desk.silences.cover({"r-1", "w1", kNoon});
  desk.passes(minutes(118));
  REQUIRE(desk.book.silences.size() == 2);
  CHECK(desk.book.silences[0].ends_at == kNoon + hours(2));
  desk.passes(minutes(4));
  CHECK(desk.book.silences.empty());
  // A restart in the middle does not begin the time anew: it comes from the journal.
  NodeSilences next(desk.book, desk.clock, desk.chat, desk.settings);
  next.cover({"r-1", "w1", kNoon});
  CHECK(desk.book.silences.empty());
}

TEST_CASE("nothing is asked before the runner has said what is at work, nor once all is settled") {
  Desk desk;
  desk.silences.tend();
  CHECK(desk.book.asked == 0);
  desk.silences.cover({"r-1", "", kNoon});
  CHECK(desk.book.asked == 1);
  desk.silences.tend();
  desk.silences.cover({"r-2", "", kNoon});
  CHECK(desk.book.asked == 1);
}

TEST_CASE("what a lost process has left is taken back") {
  Desk desk;
  desk.book.silences = {{"x", "r-0", "w9", "TargetDown", kNoon, kNoon + minutes(9)}};
  desk.silences.cover({"", "", kNoon});
  CHECK(desk.book.silences.empty());
}

TEST_CASE("a silence that a person has ended is not made again for this node") {
  Desk desk;
  desk.silences.cover({"r-1", "w1", kNoon});
  REQUIRE(desk.book.silences.size() == 2);
  std::erase_if(desk.book.silences, [](const auto& one) { return one.alertname == "TargetDown"; });
  desk.passes(minutes(6));
  CHECK(desk.book.silences.size() == 1);
  desk.silences.cover({"r-1", "w2", desk.clock.time});
  CHECK(desk.book.silences.size() == 2);
}

TEST_CASE("a failure is said once, until it works again") {
  Desk desk;
  desk.book.up = false;
  desk.silences.cover({"r-1", "w1", kNoon});
  desk.passes(minutes(10));
  CHECK(desk.chat.heard ==
        std::vector<std::string>{"[k8s-upgrade] w1 cannot be silenced: Alertmanager http://a:9093: "
                                 "connection refused; the run goes on all the same"});
  desk.book.up = true;
  desk.passes(minutes(2));
  CHECK(desk.book.silences.size() == 2);
  desk.book.up = false;
  desk.silences.cover({"r-1", "", kNoon});
  CHECK(desk.chat.heard.size() == 2);
}

}  // namespace lockkeeper::test
