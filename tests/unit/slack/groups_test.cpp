// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/groups.h"

#include <doctest/doctest.h>

namespace lockkeeper::slack {
namespace {

class StillClock : public Clock {
 public:
  [[nodiscard]] Time now() const override { return Time(at_.since_start); }
  [[nodiscard]] Moment moment() const override { return at_; }
  void wait_until(Moment until) override { at_ = until; }

 private:
  Moment at_{Millis(1'000)};
};

/// A Slack with one group, S0SRE, of bob.
struct Directory {
  StillClock clock;
  int asked = 0;
  std::string error;
  Groups groups{[this](const Call& call) { return answer(call); }, clock};

  Answer answer(const Call& call) {
    ++asked;
    CHECK(call.method == "usergroups.users.list");
    Answer said;
    said.verdict = error.empty() ? Verdict::ok : Verdict::refused;
    said.error = error;
    said.body = R"({"ok":true,"users":["U0BOB",7]})";
    return said;
  }
};

}  // namespace

TEST_CASE("who is in a group is asked once a minute") {
  Directory slack;
  CHECK(slack.groups.holds("S0SRE", "U0BOB") == Result<bool>(true));
  CHECK(slack.groups.holds("S0SRE", "U0EVE") == Result<bool>(false));
  CHECK(slack.asked == 1);
  slack.clock.wait_until(slack.clock.moment() + kMembersKept);
  CHECK(slack.groups.holds("S0SRE", "U0BOB") == Result<bool>(true));
  CHECK(slack.asked == 2);
}

TEST_CASE("a group that cannot be looked up is a failure each time") {
  Directory slack;
  slack.error = "no_such_subteam";
  for (int i = 0; i < 2; ++i) {
    const auto held = slack.groups.holds("S0SRE", "U0BOB");
    REQUIRE_FALSE(held);
    CHECK(held.error().what ==
          "the members of user group S0SRE cannot be told (usergroups.users.list: "
          "no_such_subteam)");
  }
  CHECK(slack.asked == 2);
}

}  // namespace lockkeeper::slack
