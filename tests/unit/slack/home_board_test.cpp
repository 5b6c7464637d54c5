// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/home_board.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tests/unit/slack/request_story.h"

namespace lockkeeper::slack {
namespace {

class StillClock : public Clock {
 public:
  [[nodiscard]] Time now() const override { return test::kNoon + at_.since_start; }
  [[nodiscard]] Moment moment() const override { return at_; }
  void wait_until(Moment until) override { at_ = until; }

 private:
  Moment at_{Millis(1'000)};
};

/// A Slack that answers when it is told to.
struct Workspace {
  StillClock clock;
  HomePicture picture = home_picture();
  std::vector<std::string> published;  // whose tabs
  std::vector<std::function<void(const Answer&)>> waiting;
  int pictures = 0;
  std::function<void()> meanwhile;  // once, while a picture is made
  HomeBoard board{{[this](const HomePerson&) {
                     ++pictures;
                     if (meanwhile) std::exchange(meanwhile, {})();
                     return picture;
                   },
                   [this](const Call& call, std::function<void(const Answer&)> done) {
                     CHECK(call.method == "views.publish");
                     CHECK(objections_to(call).empty());
                     const auto body = nlohmann::json::parse(call.body);
                     published.push_back(body["user_id"]);
                     waiting.push_back(std::move(done));
                   }},
                  clock};

  void open(const std::string& user) {
    auto person = operator_ana();
    person.user = user;
    board.opened(person);
  }
  void answer(Verdict verdict = Verdict::ok, const std::string& error = {}) {
    Answer answer;
    answer.verdict = verdict;
    answer.error = error;
    for (const auto& done : std::exchange(waiting, {}))
      done(answer);
  }
  void pass(Millis time) { clock.wait_until(clock.moment() + time); }
  void change() { picture.links.front().text += "x"; }
  /// One look, and whose tabs were published in it.
  std::vector<std::string> look() {
    board.look();
    return std::exchange(published, {});
  }
};

using Users = std::vector<std::string>;
constexpr Millis kSecond{1'000};

}  // namespace

TEST_CASE("a tab is published when it is opened, and again when something has changed") {
  Workspace slack;
  CHECK(slack.look().empty());
  slack.open("U0ANA");
  CHECK(slack.look() == Users{"U0ANA"});
  slack.answer();
  slack.pass(kHomeEvery);
  CHECK(slack.look().empty());
  slack.change();
  CHECK(slack.look() == Users{"U0ANA"});
  slack.answer();
  slack.open("U0ANA");
  CHECK(slack.look() == Users{"U0ANA"});
}

TEST_CASE("many changes are one, and none leaves while another is under way") {
  Workspace slack;
  slack.open("U0ANA");
  CHECK(slack.look().size() == 1);
  slack.pass(10 * kHomeEvery);
  slack.change();
  CHECK(slack.look().empty());
  slack.answer();
  CHECK(slack.look().size() == 1);
  slack.answer();
  for (int i = 0; i < 14; ++i) {
    slack.pass(kSecond);
    slack.change();
    CHECK(slack.look().empty());
  }
  slack.pass(kSecond);
  CHECK(slack.look().size() == 1);
}

TEST_CASE("what Slack did not take is tried again, what it refuses is not") {
  Workspace slack;
  slack.open("U0ANA");
  CHECK(slack.look().size() == 1);
  slack.answer(Verdict::unreached, "connection refused");
  CHECK(slack.look().empty());
  slack.pass(kHomeEvery);
  CHECK(slack.look().size() == 1);
  slack.answer(Verdict::refused, "not_enabled");
  slack.pass(kHomeEvery);
  slack.change();
  CHECK(slack.look().empty());
  slack.open("U0ANA");
  CHECK(slack.look().size() == 1);
}

TEST_CASE("a workspace of many readers costs a bounded number of calls and looks") {
  Workspace slack;
  for (int i = 0; i < 30; ++i) {
    slack.open(fmt::format("U{:02}", i));
    slack.pass(Millis(1));
  }
  std::map<std::string, int> shown;
  std::size_t calls = 0;
  for (int second = 0; second < 60; ++second) {
    slack.change();
    const int before = slack.pictures;
    for (const auto& user : slack.look()) {
      ++shown[user];
      ++calls;
    }
    CHECK(slack.pictures - before <= static_cast<int>(kHomesOfOneLook));
    slack.answer();
    slack.pass(kSecond);
  }
  CHECK(shown.size() == kHomesMax);
  CHECK_FALSE(shown.contains("U09"));
  CHECK(calls < 100);
  for (const auto& [user, times] : shown)
    CHECK_MESSAGE(times >= 3, user);
}

TEST_CASE("who opens the tab again while it is being looked at gets the newer one at once") {
  Workspace slack;
  slack.open("U0ANA");
  slack.meanwhile = [&slack] {
    slack.pass(Millis(1));
    slack.open("U0ANA");
  };
  CHECK(slack.look().empty());
  CHECK(slack.look() == Users{"U0ANA"});
}

TEST_CASE("a tab that was opened long ago is forgotten") {
  Workspace slack;
  slack.open("U0ANA");
  CHECK(slack.look().size() == 1);
  slack.answer();
  slack.pass(kHomeKept + kSecond);
  slack.change();
  CHECK(slack.look().empty());
  CHECK(slack.pictures == 1);
}

}  // namespace lockkeeper::slack
