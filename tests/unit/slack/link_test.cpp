// SPDX-License-Identifier: Apache-2.0

// The usual life of a connection, and its expected ends.

#include "integrations/slack/link.h"

#include <doctest/doctest.h>

#include "tests/unit/slack/link_story.h"

namespace lockkeeper::slack {

TEST_CASE("a start asks for a ticket, dials it once, and waits for hello") {
  LinkStory story;
  story.start();
  CHECK(story.orders() == "ask");
  story.ticket();
  CHECK(story.orders() == "dial:1");
  story.upgraded(1);
  CHECK_FALSE(story.link.health().connected);
  CHECK_FALSE(story.link.voice(1));
  story.hello(1);
  CHECK(story.orders().empty());
  CHECK(story.link.health().connected);
  CHECK(story.link.voice(1) == 1);
}

TEST_CASE("a connection that is heard from is pinged every 10 s and otherwise left alone") {
  LinkStory story;
  story.start();
  const int id = story.connect();
  story.orders();
  story.wait(Millis(35'000), {id});
  CHECK(story.orders() == "ping:1 ping:1 ping:1");
}

TEST_CASE("a renewal makes the new connection before it closes the old one") {
  for (const char* reason : {"refresh_requested", "warning"}) {
    LinkStory story;
    story.start();
    story.connect();
    story.orders();
    story.goodbye(1, reason);
    CHECK(story.orders() == "ask");
    CHECK(story.link.health().connected);
    CHECK(story.link.voice(1) == 1);
    story.connect();
    CHECK(story.orders() == "dial:2");
    // Both speak for a moment: acknowledgements that are on their way leave on their own socket.
    CHECK(story.link.voice(1) == 1);
    CHECK(story.link.voice(2) == 2);
    story.wait(Millis(600), {1, 2});
    CHECK(story.orders() == "close:1");
    CHECK(story.link.voice(1) == 2);
    story.ended(1);
    story.wait(Millis(5'000), {2});
    CHECK(story.orders().empty());
  }
}

TEST_CASE("an old connection that does not answer its close is abandoned after a second") {
  LinkStory story;
  story.start();
  story.connect();
  story.goodbye(1, "refresh_requested");
  story.connect();
  story.orders();
  story.wait(Millis(2'000), {1, 2});
  CHECK(story.orders() == "close:1 abandon:1");
}

TEST_CASE("a renewal of the renewed waits until there are no more than two sockets") {
  LinkStory story;
  story.start();
  story.connect();
  story.goodbye(1, "refresh_requested");
  story.connect();
  story.orders();
  story.goodbye(2, "refresh_requested");
  CHECK(story.orders() == "close:1");
  story.ended(1);
  CHECK(story.orders() == "ask");
}

TEST_CASE("a cut behind a warning is no failure: the dial is under way already") {
  LinkStory story;
  story.start();
  story.connect();
  story.goodbye(1, "warning");
  story.orders();
  story.ended(1);
  CHECK_FALSE(story.link.health().connected);
  story.connect();
  CHECK(story.link.health().connected);
  CHECK(story.orders() == "dial:2");
}

TEST_CASE("a reason of the future is a renewal, with a short delay") {
  LinkStory story;
  story.start();
  story.connect();
  story.orders();
  story.goodbye(1, "solar_flare");
  CHECK(story.until_ticket() <= Millis(1'010));
  CHECK(story.link.voice(1) == 1);
}

TEST_CASE("renewals every two seconds keep at most two sockets and one dial") {
  LinkStory story;
  story.start();
  int current = story.connect();
  for (int round = 0; round < 15; ++round) {
    story.orders();
    story.goodbye(current, "refresh_requested");
    CHECK(story.orders() == "ask");
    const int next = story.connect();
    story.wait(Millis(700), {current, next});
    story.ended(current);
    story.wait(Millis(1'300), {next});
    current = next;
    CHECK(story.link.health().connected);
  }
}

TEST_CASE("other instances and ghosts are told of") {
  LinkStory story;
  story.start();
  story.ticket();
  story.upgraded(1);
  story.hello(1, 3);
  CHECK(story.told("Slack counts 3 sockets of this app, 1 of them ours"));
  CHECK(story.link.health().connections == 3);
}

TEST_CASE("a stop says goodbye on every socket, and waits a second at most") {
  LinkStory story;
  story.start();
  story.connect();
  story.orders();
  story.stop();
  CHECK(story.orders() == "close:1");
  CHECK_FALSE(story.link.at_rest());
  story.wait(Millis(1'000));
  CHECK(story.orders() == "abandon:1");
  CHECK(story.link.at_rest());
  story.wait(Millis(60'000));
  CHECK(story.orders().empty());
}

TEST_CASE("a stop while dialling leaves nothing behind, and a late ticket is not used") {
  LinkStory story;
  story.start();
  story.ticket();
  story.orders();
  story.stop();
  CHECK(story.orders().starts_with("abandon:1"));
  CHECK(story.link.at_rest());
  LinkStory late;
  late.start();
  late.stop();
  late.orders();
  late.ticket();
  CHECK(late.orders().empty());
  CHECK(late.link.at_rest());
}

TEST_CASE("after a stop it can be started again") {
  LinkStory story;
  story.start();
  story.connect();
  story.stop();
  story.ended(1);
  story.orders();
  story.start();
  CHECK(story.orders() == "ask");
}

TEST_CASE("what happens on a socket that is gone is ignored") {
  LinkStory story;
  story.start();
  story.orders();
  story.upgraded(9);
  story.hello(9);
  story.goodbye(9, "warning");
  story.ended(9);
  story.heard(9);
  CHECK(story.orders().empty());
}

}  // namespace lockkeeper::slack
