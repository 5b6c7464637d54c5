// SPDX-License-Identifier: Apache-2.0
#include "bot/authority.h"

#include <doctest/doctest.h>

#include <array>

namespace lockkeeper {
namespace {

/// One person of each role.
AuthoritySettings everybody() {
  AuthoritySettings settings;
  settings.viewer = {"console:viewer"};
  settings.operators = {"console:operator"};
  settings.approver = {"console:approver"};
  settings.admin = {"console:admin"};
  return settings;
}

constexpr std::array kActs = {Act::help, Act::view, Act::operate, Act::administer};

}  // namespace

TEST_CASE("nobody may do anything but ask for help where nothing is configured") {
  const AuthoritySettings nobody;
  CHECK(authorise("console:root", Act::help, nobody).allowed);
  CHECK_FALSE(authorise("console:root", Act::view, nobody).allowed);
  CHECK_FALSE(authorise("console:root", Act::operate, nobody).allowed);
  CHECK_FALSE(authorise("console:root", Act::administer, nobody).allowed);
  CHECK_FALSE(authorise("", Act::view, nobody).allowed);
}

TEST_CASE("each role may do what it is for, and nothing above it") {
  const auto settings = everybody();
  const auto may = [&](const Actor& actor) {
    std::array<bool, 4> answers{};
    for (std::size_t i = 0; i < kActs.size(); ++i)
      answers.at(i) = authorise(actor, kActs.at(i), settings).allowed;
    return answers;
  };
  CHECK(may("console:stranger") == std::array{true, false, false, false});
  CHECK(may("console:viewer") == std::array{true, true, false, false});
  CHECK(may("console:approver") == std::array{true, true, false, false});
  CHECK(may("console:operator") == std::array{true, true, true, false});
  CHECK(may("console:admin") == std::array{true, true, true, true});
}

TEST_CASE("a refusal says who it was and which role it takes") {
  const auto settings = everybody();
  CHECK(authorise("http:ops", Act::view, settings).why ==
        "http:ops may not do this: it needs the role viewer in [authority] (who may: "
        "console:viewer, console:approver, console:operator, console:admin)");
  CHECK(authorise("console:viewer", Act::operate, settings).why ==
        "console:viewer may not do this: it needs the role operator in [authority] "
        "(who may: console:operator, console:admin)");
  CHECK(authorise("console:operator", Act::administer, settings).why ==
        "console:operator may not do this: it needs the role admin in [authority] (who may: "
        "console:admin)");
  CHECK(authorise("console:admin", Act::administer, settings).why.empty());
}

TEST_CASE("a whole kind of actors is named with a star, and only that kind") {
  AuthoritySettings settings;
  settings.operators = {"http:*"};
  CHECK(authorise("http:ops", Act::operate, settings).allowed);
  CHECK(authorise("http:a:b", Act::operate, settings).allowed);
  CHECK_FALSE(authorise("https:ops", Act::operate, settings).allowed);
  CHECK_FALSE(authorise("console:ops", Act::operate, settings).allowed);
  CHECK_FALSE(authorise("ops", Act::operate, settings).allowed);
}

TEST_CASE("a name is compared whole: no part, no case, no pattern") {
  AuthoritySettings settings;
  settings.admin = {"console:ana", "*", "console:b*"};
  CHECK(authorise("console:ana", Act::administer, settings).allowed);
  for (const auto* other : {"console:an", "console:anaa", "console:Ana", "http:ana", "ana",
                            "console:", "console:bob", "anything:else"}) {
    CHECK_FALSE_MESSAGE(authorise(other, Act::administer, settings).allowed, other);
  }
}

TEST_CASE("roles are listed by name, several may be had at once") {
  auto settings = everybody();
  settings.viewer = {"console:*"};
  CHECK(roles_of("console:admin", settings) == std::vector<std::string>{"viewer", "admin"});
  CHECK(roles_of("console:operator", settings) == std::vector<std::string>{"viewer", "operator"});
  CHECK(roles_of("console:approver", settings) == std::vector<std::string>{"viewer", "approver"});
  CHECK(roles_of("http:ops", settings).empty());
}

TEST_CASE("a group counts for people of Slack who are in it, and only when it can be looked up") {
  AuthoritySettings settings;
  settings.operators = {"slack-group:S0SRE"};
  settings.admin = {"slack:U0EVE"};
  int asked = 0;
  const GroupCheck check = [&](const std::string& group, const Actor& actor) -> Result<bool> {
    ++asked;
    return group == "slack-group:S0SRE" && actor == "slack:U0BOB";
  };
  CHECK(authorise("slack:U0BOB", Act::operate, settings, check).allowed);
  CHECK(authorise("slack:U0BOB", Act::view, settings, check).allowed);
  CHECK_FALSE(authorise("slack:U0BOB", Act::administer, settings, check).allowed);
  CHECK_FALSE(authorise("slack:U0ANA", Act::operate, settings, check).allowed);
  CHECK_FALSE(authorise("slack:U0BOB", Act::operate, settings).allowed);
  asked = 0;
  CHECK_FALSE(authorise("http:U0BOB", Act::operate, settings, check).allowed);
  CHECK_FALSE(authorise("slack-group:S0SRE", Act::help, settings, check).why.size() > 0);
  CHECK(authorise("slack:U0EVE", Act::operate, settings, check).allowed);
  CHECK(asked == 0);
  const GroupCheck away = [](const std::string&, const Actor&) -> Result<bool> {
    return fail("Slack is away");
  };
  const auto refused = authorise("slack:U0BOB", Act::operate, settings, away);
  CHECK_FALSE(refused.allowed);
  CHECK(refused.why ==
        "slack:U0BOB may not do this: it needs the role operator in [authority] (who may: "
        "slack-group:S0SRE, slack:U0EVE); Slack is away");
  std::vector<std::string> problems;
  CHECK(roles_of("slack:U0BOB", settings, check) == std::vector<std::string>{"operator"});
  CHECK(roles_of("slack:U0BOB", settings, away, &problems).empty());
  CHECK(problems == std::vector<std::string>{"Slack is away"});
}

TEST_CASE("the bot's own watch over its chat may operate, and nothing more") {
  const AuthoritySettings nobody;
  CHECK(authorise(std::string(kChatLoss), Act::operate, nobody).allowed);
  CHECK_FALSE(authorise(std::string(kChatLoss), Act::administer, nobody).allowed);
  CHECK_FALSE(authorise("slack-loss:*", Act::operate, nobody).allowed);
}

}  // namespace lockkeeper
