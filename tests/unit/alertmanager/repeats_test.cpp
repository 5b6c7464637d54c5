// SPDX-License-Identifier: Apache-2.0
#include "integrations/alertmanager/repeats.h"

#include <doctest/doctest.h>

#include "corpus.h"

using namespace lockkeeper;
using namespace lockkeeper::alertmanager;

namespace {

constexpr Millis kWindow{30'000};

Moment at(int seconds) {
  return {Millis(seconds * 1000)};
}

/// Takes a message in as the web server does: how many of its events were repeats.
std::size_t take(Repeats& repeats, const std::string& body, Moment now) {
  auto message = read_webhook(body);
  REQUIRE(message);
  const std::size_t removed = repeats.remove_repeats(*message, now);
  repeats.remember(events_of(*message), now);
  return removed;
}

}  // namespace

TEST_CASE("the same message from the second peer of a pair is one event") {
  Repeats repeats(kWindow);
  std::string from_peer = captured("c_mixed");
  CHECK(take(repeats, from_peer, at(0)) == 0);
  from_peer.replace(from_peer.find("http://vm:19093"), 15, "http://other:9093");
  CHECK(take(repeats, from_peer, at(15)) == 2);
}

TEST_CASE("a group that grows repeats only what was in it before") {
  Repeats repeats(kWindow);
  CHECK(take(repeats, captured("a_first_firing"), at(0)) == 0);
  auto grown = read_webhook(captured("b_second_joins"));
  REQUIRE(grown);
  CHECK(repeats.remove_repeats(*grown, at(5)) == 1);
  REQUIRE(grown->firing.size() == 1);
  CHECK(grown->firing[0].labels.get("instance") == "10.0.0.4:9100");
}

TEST_CASE("an event counts as new again when the window has passed") {
  Repeats repeats(kWindow);
  CHECK(take(repeats, captured("a_first_firing"), at(0)) == 0);
  CHECK(take(repeats, captured("a_first_firing"), at(29)) == 1);
  CHECK(take(repeats, captured("a_first_firing"), at(30)) == 0);
}

TEST_CASE("a message that was refused comes again as new") {
  Repeats repeats(kWindow);
  auto refused = read_webhook(captured("a_first_firing"));
  REQUIRE(refused);
  CHECK(repeats.remove_repeats(*refused, at(0)) == 0);
  CHECK(take(repeats, captured("a_first_firing"), at(1)) == 0);
}

TEST_CASE("firing, resolved and firing again are three events") {
  Repeats repeats(kWindow);
  const std::string labels = R"({"alertname":"X"})";
  CHECK(take(repeats, message(alert("firing", labels)), at(0)) == 0);
  CHECK(take(repeats, message(alert("resolved", labels)), at(1)) == 0);
  CHECK(take(repeats, message(alert("firing", labels, "2026-11-20T17:40:00Z")), at(2)) == 0);
}

TEST_CASE("memory is bounded: the oldest events are forgotten first") {
  Repeats repeats(kWindow, 2);
  const auto numbered = [](int i) {
    return message(alert("firing", "{\"i\":\"" + std::to_string(i) + "\"}"));
  };
  for (int i = 0; i < 3; ++i)
    CHECK(take(repeats, numbered(i), at(0)) == 0);
  CHECK(take(repeats, numbered(2), at(1)) == 1);
  CHECK(take(repeats, numbered(0), at(1)) == 0);
}
