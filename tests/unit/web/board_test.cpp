// SPDX-License-Identifier: Apache-2.0
#include "integrations/web/board.h"

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

#include "integrations/system/real_clock.h"

using namespace lockkeeper;
using namespace lockkeeper::web;

namespace {

Message message(const std::string& text) {
  return {.tone = Tone::news, .run = "", .text = text};
}

}  // namespace

TEST_CASE("messages are numbered from one and read from any number on") {
  const system::RealClock clock;
  Board board(clock);
  CHECK(board.last() == 0);
  CHECK(board.after(0).empty());
  board.say(message("one"));
  board.say(message("two"));
  CHECK(board.last() == 2);
  REQUIRE(board.after(1).size() == 1);
  CHECK(board.after(1)[0].number == 2);
  CHECK(board.after(1)[0].message.text == "two");
  CHECK(board.after(1)[0].at >= board.started());
  CHECK(board.after(9).empty());
}

TEST_CASE("only the newest are kept, under their own numbers") {
  const system::RealClock clock;
  Board board(clock);
  for (std::size_t i = 0; i < Board::kMessagesMax + 10; ++i)
    board.say(message(std::string(100'000, 'x')));
  const auto kept = board.after(0);
  REQUIRE(kept.size() == Board::kMessagesMax);
  CHECK(kept.front().number == 11);
  CHECK(kept.back().number == board.last());
  CHECK(kept.front().message.text.size() < 17'000);
}

TEST_CASE("many speak at once, and no number is missing") {
  const system::RealClock clock;
  Board board(clock);
  std::vector<std::thread> speakers;
  for (int t = 0; t < 4; ++t) {
    speakers.emplace_back([&board] {
      for (int i = 0; i < 100; ++i)
        board.say(message("x"));
    });
  }
  for (auto& speaker : speakers)
    speaker.join();
  const auto all = board.after(0);
  REQUIRE(all.size() == 400);
  for (std::size_t i = 0; i < all.size(); ++i)
    CHECK(all[i].number == i + 1);
}
