// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/request_card.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "bot/command.h"
#include "integrations/slack/cards.h"
#include "integrations/slack/linter.h"
#include "tests/unit/slack/request_story.h"

namespace lockkeeper::slack {
namespace {

using nlohmann::json;
using std::chrono::hours;
using test::kNoon;

/// "request.approve=17:4be1c2d3 request.decline=17:4be1c2d3 ".
std::string buttons(const Layout& layout) {
  CHECK(described(lint_blocks(layout.blocks)) == described({}));
  std::string found;
  for (const auto& block : json::parse(layout.blocks))
    if (block["type"] == "actions")
      for (const auto& button : block["elements"]) {
        CHECK(button.contains("confirm"));
        found +=
            button["action_id"].get<std::string>() + "=" + button["value"].get<std::string>() + " ";
      }
  return found;
}

Layout card_of(const StartRequest& request) {
  return request_layout(request, "lab", "/upgrade");
}

/// A channel that notes what is done to it.
struct Channel {
  std::vector<std::string> done;
  bool known = false;  // by an earlier process
  RequestCards cards{{[this](const Note& note) {
                        done.push_back("post " + (note.name.empty() ? note.channel : note.name));
                      },
                      [this](const std::string& name, const Layout& layout) {
                        done.push_back("update " + name);
                        text = layout.text;
                      },
                      [this](const std::string&) { return known; }},
                     "lab",
                     "/upgrade"};
  std::string text;

  std::vector<std::string> look(std::vector<StartRequest> requests, Time now = kNoon) {
    cards.look(requests, now);
    return std::exchange(done, {});
  }
};

using Done = std::vector<std::string>;

}  // namespace

TEST_CASE("a start that waits has buttons, and one that is decided says what became of it") {
  CHECK(buttons(card_of(waiting_request())) ==
        "request.approve=17:4be1c2d3 request.decline=17:4be1c2d3 ");
  const auto ends = [](Ruling ruling, Actor by = "slack:U0BOB", std::string why = {}) {
    const auto card = card_of(decided(waiting_request(), ruling, std::move(by), std::move(why)));
    CHECK(buttons(card).empty());
    return card.text;
  };
  CHECK(ends(Ruling::declined, "slack:U0BOB", "not today") ==
        "[k8s-upgrade] lab: a start is declined: plan 4be1c2d3 was declined by slack:U0BOB at "
        "2026-11-20T12:10:00Z: not today");
  CHECK(ends(Ruling::withdrawn, "slack:U0ANA").find("a start is withdrawn") != std::string::npos);
  CHECK(ends(Ruling::expired, "").find("a start has expired") != std::string::npos);
  CHECK(ends(Ruling::changed).find("a start is void") != std::string::npos);
}

TEST_CASE("a request's message names the command as the workspace knows it") {
  const auto waiting = request_layout(waiting_request(), "lab", "/k8s");
  CHECK(waiting.blocks.find("/k8s withdraw 4be1c2d3") != std::string::npos);
  const auto over = decided(waiting_request(), Ruling::changed, "slack:U0BOB", "/upgrade clear");
  const auto card = request_layout(over, "lab", "/k8s");
  CHECK(card.text.find("/k8s clear") != std::string::npos);
  CHECK(card.blocks.find("/upgrade") == std::string::npos);
}

TEST_CASE("a button of a request is a command that names the request, and nothing else is one") {
  for (const auto* verb : {"approve", "decline", "withdraw"}) {
    const auto line = request_line("request." + std::string(verb), "17:4be1c2d3");
    CHECK(line == std::string(verb) + " 4be1c2d3 --request 17");
    const auto command = parse_command(line);
    REQUIRE(command);
    CHECK(command->verb->name == verb);
  }
  for (const auto* value :
       {"", ":", "17", "17:", ":4be1c2d3", "17:4be1c2d", "17:4BE1C2D3", "x:4be1c2d3", "-1:4be1c2d3",
        "17 :4be1c2d3", "17:4be1c2d3 --show", "99999999999999999999:4be1c2d3"})
    CHECK_MESSAGE(request_line("request.approve", value).empty(), value);
  CHECK(request_line("request.abort", "17:4be1c2d3").empty());
  CHECK(request_line("run.pause", "17:4be1c2d3").empty());
}

TEST_CASE("a typed approval is a card with a fresh button, and approves nothing") {
  const auto line = command_line("approve 4be1c2d3 \u2014request 17");
  CHECK(line == "approve \"4be1c2d3 --request 17\" --show");
  const auto shown = command_line("approve 4be1c2d3");
  CHECK(shown == "approve \"4be1c2d3\" --show");
  const auto card =
      answer_layout({Reply::Code::ok, "1.34.2 -> 1.34.7", "4be1c2d3"}, shown, nullptr);
  CHECK(buttons(card) == "request.approve=0:4be1c2d3 ");
  const Reply denied{Reply::Code::denied, "slack:U0EVE may not do this", {}};
  CHECK(buttons(answer_layout(denied, shown, nullptr)).empty());
}

TEST_CASE("a request is posted once and edited when it is over") {
  Channel channel;
  CHECK(channel.look({waiting_request()}) == Done{"post request:17"});
  CHECK(channel.look({waiting_request()}).empty());
  CHECK(channel.look({waiting_request(), waiting_request(18)}) == Done{"post request:18"});
  const auto over = decided(waiting_request(), Ruling::approved, "slack:U0BOB", {}, "r-test");
  CHECK(channel.look({over, waiting_request(18)}) == Done{"post U0ANA", "update request:17"});
  CHECK(channel.text.find("is approved") != std::string::npos);
  CHECK(channel.look({over, waiting_request(18)}).empty());
}

TEST_CASE("who asked in Slack is told what became of it, unless he knows") {
  const auto told = [](StartRequest request, Ruling ruling, const Actor& by) {
    Channel channel;
    channel.look({request});
    return channel.look({decided(std::move(request), ruling, by)}).front();
  };
  CHECK(told(waiting_request(), Ruling::declined, "slack:U0BOB") == "post U0ANA");
  CHECK(told(waiting_request(), Ruling::expired, "") == "post U0ANA");
  CHECK(told(waiting_request(), Ruling::withdrawn, "slack:U0ANA") == "update request:17");
  auto elsewhere = waiting_request();
  elsewhere.what.by = "http:ana";
  CHECK(told(elsewhere, Ruling::declined, "slack:U0BOB") == "update request:17");
}

TEST_CASE("a restarted bot corrects what an earlier one has posted, and posts nothing old") {
  const auto over = decided(waiting_request(), Ruling::expired, "");
  Channel channel;
  CHECK(channel.look({over}).empty());
  Channel restarted;
  restarted.known = true;
  CHECK(restarted.look({over}) == Done{"update request:17"});
  CHECK(restarted.look({over}).empty());
  Channel later;
  later.known = true;
  CHECK(later.look({over}, kNoon + hours(30)).empty());
}

}  // namespace lockkeeper::slack
