// SPDX-License-Identifier: Apache-2.0

// What goes wrong with connections: limits, delays, and what no delay mends.

#include <doctest/doctest.h>

#include "integrations/slack/link.h"
#include "integrations/slack/socket_mode.h"
#include "tests/unit/slack/link_story.h"

namespace lockkeeper::slack {
namespace {

Answer refusal(const std::string& error) {
  Answer answer;
  answer.verdict = Verdict::refused;
  answer.error = error;
  return answer;
}

}  // namespace

TEST_CASE("no upgrade within 10 s is a failure, and every dial has a fresh ticket") {
  LinkStory story;
  story.start();
  story.ticket();
  story.orders();
  story.wait(Millis(9'990));
  CHECK(story.orders().empty());
  story.wait(Millis(10));
  CHECK(story.orders().starts_with("abandon:1"));
  CHECK(story.until_ticket() <= Millis(1'010));
}

TEST_CASE("no hello within 10 s of the upgrade is a failure") {
  LinkStory story;
  story.start();
  story.ticket();
  story.upgraded(1);
  story.orders();
  story.wait(Millis(10'000), {1});
  CHECK(story.orders().find("abandon:1") != std::string::npos);
  CHECK(story.told("said no hello in time"));
}

TEST_CASE("a half-open connection is found within 30 s and abandoned at once") {
  LinkStory story;
  story.start();
  story.connect();
  story.wait(Millis(20'000), {1});
  story.orders();
  story.wait(Millis(29'000));
  CHECK(story.orders().find("abandon") == std::string::npos);
  story.wait(Millis(1'000));
  CHECK(story.orders().find("abandon:1") != std::string::npos);
  CHECK_FALSE(story.link.health().connected);
  CHECK(story.until_ticket() <= Millis(1'010));
}

TEST_CASE("delays grow with every failure, are drawn by lot, and end at 30 s") {
  Millis longest{};
  for (std::uint64_t seed = 1; seed < 20; ++seed) {
    LinkStory story(seed * 7919);
    story.start();
    Millis most{1'000};
    for (int failure = 0; failure < 9; ++failure) {
      story.ticket();
      story.ended(failure + 1);
      const Millis waited = story.until_ticket();
      CHECK(waited <= most + Millis(20));
      longest = std::max(longest, waited);
      most = std::min(most * 2, Millis(30'000));
    }
  }
  CHECK(longest > Millis(15'000));
}

TEST_CASE("a hello alone does not start the delays over, thirty good seconds do") {
  LinkStory story(3);
  story.start();
  Millis longest{};
  for (int round = 1; round <= 12; ++round) {
    CHECK(story.connect() == round);
    story.ended(round);
    longest = std::max(longest, story.until_ticket());
  }
  CHECK(longest > Millis(4'000));
  story.connect();
  story.wait(Millis(30'000), {13});
  story.ended(13);
  CHECK(story.until_ticket() <= Millis(1'010));
}

TEST_CASE("too many sockets: ours are closed first, and the delays grow from 10 s") {
  LinkStory story;
  story.start();
  Millis before{};
  for (int round = 1; round <= 5; ++round) {
    story.ticket();
    story.upgraded(round);
    story.orders();
    story.goodbye(round, "too_many_websockets");
    CHECK(story.orders() == "close:" + std::to_string(round));
    story.ended(round);
    const Millis waited = story.until_ticket();
    CHECK(waited >= Millis(9'900));
    CHECK(waited > before);
    before = waited;
  }
  CHECK(before <= Millis(375'010));
  CHECK(story.told("another instance, or ghosts"));
  CHECK(story.link.health().problem.find("too many sockets") != std::string::npos);
}

TEST_CASE("during a renewal, too many sockets closes the old one as well") {
  LinkStory story;
  story.start();
  story.connect();
  story.goodbye(1, "refresh_requested");
  story.ticket();
  story.upgraded(2);
  story.orders();
  story.goodbye(2, "too_many_websockets");
  CHECK(story.orders() == "close:1 close:2");
}

TEST_CASE("Socket Mode switched off is tried again once a minute at first") {
  LinkStory story;
  story.start();
  story.connect();
  story.goodbye(1, "link_disabled");
  story.ended(1);
  const Millis waited = story.until_ticket();
  CHECK(waited >= Millis(60'000));
  CHECK(waited <= Millis(75'010));
  CHECK(story.link.health().problem == "Socket Mode is switched off in the app's settings");
}

TEST_CASE("sent away before hello is a failure like others") {
  LinkStory story;
  story.start();
  story.ticket();
  story.upgraded(1);
  story.orders();
  story.goodbye(1, "warning");
  CHECK(story.orders().starts_with("close:1"));
  story.ended(1);
  CHECK(story.until_ticket() <= Millis(1'010));
}

TEST_CASE("a 429 is waited for as long as it says, or half a minute") {
  LinkStory story;
  story.start();
  story.refused(Refusal::Kind::limited, Millis(7'000));
  CHECK(story.until_ticket() == Millis(7'000));
  story.refused(Refusal::Kind::limited);
  CHECK(story.until_ticket() == Millis(30'000));
}

TEST_CASE("a fatal refusal ends the tries until there is another token") {
  LinkStory story;
  story.start();
  story.orders();
  story.refused(Refusal::Kind::fatal);
  CHECK(story.until_ticket(Millis(7'200'000)) == Millis(7'200'000));
  CHECK(story.link.health().fatal);
  story.start();
  CHECK(story.orders() == "ask");
  CHECK_FALSE(story.link.health().fatal);
}

TEST_CASE("a fatal refusal during a renewal leaves the old connection alone") {
  LinkStory story;
  story.start();
  story.connect();
  story.goodbye(1, "refresh_requested");
  story.refused(Refusal::Kind::fatal);
  CHECK(story.link.health().connected);
  CHECK(story.link.voice(1) == 1);
}

TEST_CASE("tickets are asked for once in 5 s in the long run") {
  LinkStory story;
  story.start();
  int asked = 1;
  const Moment from = story.now;
  int id = story.connect();
  while (story.now - from < Millis(120'000)) {
    story.goodbye(id, "refresh_requested");
    asked += 1;
    story.until_ticket(Millis(0));
    const Moment before = story.now;
    while (story.orders().find("ask") == std::string::npos && story.now - before < Millis(6'000)) {
      if (!story.link.voice(id)) break;
      story.wait(Millis(100), {id});
    }
    const int next = story.connect();
    story.wait(Millis(600), {id, next});
    story.ended(id);
    id = next;
  }
  CHECK(asked <= 20 + 120 / 5 + 1);
}

TEST_CASE("what a refusal means is told with the token, the scope and Slack's own word") {
  for (const char* error :
       {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired",
        "not_allowed_token_type", "missing_scope", "user_removed_from_team", "team_disabled",
        "forbidden_team", "insecure_request", "missing_args", "invalid_form_data", "HTTP 404"}) {
    CAPTURE(error);
    CHECK(refusal_of(refusal(error)).kind == Refusal::Kind::fatal);
    CHECK(refusal_of(refusal(error)).why.starts_with("[slack] app_token: apps.connections.open"));
  }
  for (const char* error : {"internal_error", "fatal_error", "service_unavailable",
                            "request_timeout", "team_added_to_org", "HTTP 503", "new_error"}) {
    CAPTURE(error);
    CHECK(refusal_of(refusal(error)).kind == Refusal::Kind::passing);
  }
  CHECK(refusal_of(refusal("missing_scope")).why.find("connections:write") != std::string::npos);
  CHECK(refusal_of(refusal("not_allowed_token_type")).why.find("xapp-") != std::string::npos);
  Answer limited;
  limited.verdict = Verdict::limited;
  limited.retry_after = Millis(9'000);
  CHECK(refusal_of(limited).retry_after == Millis(9'000));
}

}  // namespace lockkeeper::slack
