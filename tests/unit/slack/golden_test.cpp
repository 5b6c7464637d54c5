// SPDX-License-Identifier: Apache-2.0

// The bot's messages as files, TYPE.NAME.json, which the conformance tests hold against Slack's own
// types. With LOCKKEEPER_WRITE_GOLDEN set, the files are written and not compared.

#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "bot/messages.h"
#include "integrations/slack/cards.h"
#include "tests/unit/bot/story.h"
#include "tests/unit/golden_file.h"
#include "tests/unit/slack/request_story.h"

namespace lockkeeper::slack {
namespace {

using json = nlohmann::ordered_json;
using test::Story;

void compare(const std::string& name, const json& message) {
  test::compare_with_file(std::filesystem::path(SLACK_GOLDEN) / (name + ".json"),
                          message.dump(1) + "\n");
}

json message_of(const Layout& layout) {
  json message = {{"channel", "C0OPS"}, {"text", layout.text}};
  if (!layout.blocks.empty()) message["blocks"] = json::parse(layout.blocks);
  return message;
}

void compare_run(const std::string& state, const Story& story) {
  GateView gate;
  gate.state = GateState::clear;
  const auto picture = picture_of(story.records(), gate, "step 9: drain worker-2: 3 pods left");
  REQUIRE(picture);
  compare("ChatPostMessageArguments.run-" + state, message_of(run_layout(*picture)));
}

}  // namespace

TEST_CASE("golden: a run's message in each of its states") {
  Story story;
  compare_run("running", story.comes_to(Action::drain, "worker-2"));
  Story held = story;
  compare_run("held-by-the-gate", held.add(Held{Holder::gate, {"KubeAPIDown firing 2m"}, {}}));
  Story paused = story;
  compare_run("paused", paused.add(Ordered{Verb::pause, "slack:U0ANA", "lunch <!here>"}));
  Story doubt = story;
  compare_run("in-doubt", doubt.add(Held{Holder::doubt, {"the script's traces are gone"}, {}}));
  Story ending = story;
  compare_run("aborting", ending.add(Ordered{Verb::abort, "slack:U0BOB", "not today"}));
  compare_run("aborted", ending.add(Closed{Ending::aborted, {"slack:U0BOB: not today"}}));
  compare_run("done", story.comes_to_its_end().add(Closed{Ending::done, {}}));
}

TEST_CASE("golden: cards and the form") {
  const Story story;
  const auto open = picture_of(story.records(), {}, "idle");
  REQUIRE(open);
  const auto seal = digest(story.plan());
  const auto text = messages::plan_text(story.plan());
  const auto plan = answer_layout({Reply::Code::ok, text, {}}, "plan 1.34.7", nullptr);
  compare("ChatPostMessageArguments.plan", message_of(plan));
  const auto card = answer_layout(
      {Reply::Code::ok, text + "\nnothing has started; repeat with --confirm " + seal, seal},
      "start 1.34.7", nullptr);
  const auto message = message_of(card);
  compare("ChatPostMessageArguments.start", message);
  const std::string value = message["blocks"].back()["elements"][0]["value"];
  const auto view = start_modal(value, "C0OPS", test::kNoon);
  REQUIRE(view);
  compare("ViewsOpenArguments.start", {{"trigger_id", "111.222.aa"}, {"view", json::parse(*view)}});
  const auto abort = answer_layout(
      {Reply::Code::ok, "abort run r-test? repeat with --confirm " + seal, seal}, "abort", &*open);
  compare("ChatPostMessageArguments.abort", message_of(abort));
}

TEST_CASE("golden: a start that waits for another person, and what becomes of it") {
  const auto card = [](const std::string& state, const StartRequest& request) {
    compare("ChatPostMessageArguments.request-" + state,
            message_of(request_layout(request, "lab", "/upgrade")));
  };
  const auto waits = waiting_request(17, "CVE-2026-1111 <!here>");
  card("waits", waits);
  card("approved", decided(waits, Ruling::approved, "slack:U0BOB", {}, "r-test"));
  card("declined", decided(waits, Ruling::declined, "slack:U0BOB", "not on a friday"));
  card("withdrawn", decided(waits, Ruling::withdrawn, "slack:U0ANA"));
  card("expired", decided(waits, Ruling::expired, ""));
  card("void", decided(waits, Ruling::changed, "slack:U0BOB",
                       "the plan would be another one now (e1d3ba16): node worker-1: containerd "
                       "1.7.28, was containerd 1.7.27"));
  const auto typed = answer_layout({Reply::Code::ok, waiting_line(waits), "4be1c2d3"},
                                   "approve 4be1c2d3 --show", nullptr);
  compare("ChatPostMessageArguments.approve", message_of(typed));
}

TEST_CASE("golden: the App Home of who may, and of who may not") {
  const auto home = [](const std::string& whose, const HomePerson& person) {
    const auto view = home_view(home_picture(), person, test::kNoon);
    compare("ViewsPublishArguments." + whose,
            {{"user_id", person.user}, {"view", json::parse(view)}});
  };
  auto ana = operator_ana();
  home("operator", ana);
  ana.said = "plan 4be1c2d3 was declined by slack:U0BOB at 2026-11-20T12:10:00Z";
  home("answered", ana);
  home("stranger", {.user = "U0EVE", .roles = {}, .may = {}, .problems = {}});
}

}  // namespace lockkeeper::slack
