// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/home.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "integrations/slack/linter.h"
#include "tests/unit/slack/request_story.h"

namespace lockkeeper::slack {
namespace {

using nlohmann::json;

json view_of(const HomePicture& picture, const HomePerson& person) {
  const auto view = home_view(picture, person, test::kNoon);
  CHECK(described(lint_view(view)) == described({}));
  return json::parse(view);
}

bool has(const json& view, std::string_view words) {
  return view.dump().find(words) != std::string::npos;
}

/// "home.18: request.approve request.decline; ".
std::string buttons(const json& view) {
  std::string found;
  for (const auto& block : view["blocks"]) {
    if (block["type"] != "actions") continue;
    found += block["block_id"].get<std::string>() + ":";
    for (const auto& button : block["elements"])
      found += " " + button["action_id"].get<std::string>();
    found += "; ";
  }
  return found;
}

}  // namespace

TEST_CASE("the home shows the run, what waits, the gate, the connections and the reader") {
  const auto view = view_of(home_picture(), operator_ana());
  CHECK(has(view,
            "The open run*\\n`r-test` 1.34.2 -&gt; 1.34.7: running, 1 of 3 nodes, 11 of 24 steps"));
  CHECK(has(view, "paused, 0 alerts firing, 0 blocking: KubeAPIDown firing 2m"));
  CHECK(has(view, "\u2022 Slack: connected"));
  CHECK(has(view, "\u2716 Prometheus: connection refused"));
  CHECK(has(view, "`slack:U0ANA`, operator: you may look, start"));
}

TEST_CASE("the home has the buttons that its reader may press, and no others") {
  CHECK(buttons(view_of(home_picture(), operator_ana())) ==
        "home.18: request.approve request.decline; home.19: request.withdraw; ");
}

TEST_CASE("who may not look sees who he is, and nothing of the cluster") {
  const HomePerson eve{.user = "U0EVE",
                       .roles = {},
                       .may = {},
                       .problems = {"the members of user group S0SRE cannot be told"}};
  const auto view = view_of(home_picture(), eve);
  CHECK(has(view, "`slack:U0EVE`, without a role in [authority]"));
  CHECK(has(view, "user group S0SRE cannot be told"));
  CHECK(buttons(view).empty());
  for (const auto* word : {"r-test", "1.34.7", "KubeAPIDown", "Prometheus", "CVE-2026-1111"})
    CHECK_FALSE_MESSAGE(has(view, word), word);
}

TEST_CASE("the answer to a button of the home stands at its top") {
  auto ana = operator_ana();
  ana.said = "slack:U0ANA asked for plan 4be1c2d3: another person has to approve it";
  const auto view = view_of(home_picture(), ana);
  CHECK(view["blocks"][1]["text"]["text"] == ana.said);
}

TEST_CASE("a bot that has nothing to show shows that") {
  const HomePicture empty{
      .cluster = "lab", .version = "0.1.0", .run = {}, .waiting = {}, .gate = {}, .links = {}};
  const auto view = view_of(empty, operator_ana());
  CHECK(has(view, "There has been no run yet."));
  CHECK(has(view, "not known yet"));
}

TEST_CASE("a run that has ended says how") {
  test::Story story;
  story.comes_to_its_end().add(Closed{Ending::done, {}});
  auto picture = home_picture();
  picture.run = *picture_of(story.records(), {}, "idle");
  const auto view = view_of(picture, operator_ana());
  CHECK(has(view, "The newest run*\\n`r-test` 1.34.2 -&gt; 1.34.7: done, 3 of 3 nodes"));
  CHECK(has(view, ", ended <!date^"));
}

TEST_CASE("only the time is different when nothing has changed") {
  const auto view = home_view(home_picture(), operator_ana(), std::nullopt);
  CHECK(view == home_view(home_picture(), operator_ana(), std::nullopt));
  CHECK(view.find("As of") == std::string::npos);
  const auto shown = view_of(home_picture(), operator_ana());
  CHECK(has(shown, "As of <!date^1795176000^"));
  CHECK(has(shown, ", lockkeeper 0.1.0"));
}

TEST_CASE("a home of everything at its longest stays within Slack's limits") {
  const std::string lengthy(4000, '&');
  auto picture = home_picture();
  picture.cluster = lengthy;
  picture.gate.reasons.assign(40, lengthy);
  picture.links.assign(40, HomeLink{lengthy, false, lengthy});
  picture.waiting.clear();
  for (std::size_t i = 0; i < kRequestsMax; ++i) {
    auto request = waiting_request(static_cast<std::int64_t>(i), lengthy);
    request.what.summary = lengthy;
    request.what.by = lengthy;
    picture.waiting.push_back({request, HomeRequest::May::decide});
  }
  auto ana = operator_ana();
  ana.roles.assign(30, lengthy);
  ana.problems.assign(30, lengthy);
  ana.said = std::string(9000, 'x');
  view_of(picture, ana);
}

}  // namespace lockkeeper::slack
