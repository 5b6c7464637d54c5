// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/run_message.h"

#include <doctest/doctest.h>

#include "integrations/slack/linter.h"
#include "tests/unit/bot/story.h"

namespace lockkeeper::slack {
namespace {

using test::Story;

RunPicture picture(const Story& story) {
  GateView gate;
  gate.state = GateState::clear;
  auto picture = picture_of(story.records(), gate, "step 9: drain worker-2");
  REQUIRE(picture);
  return *picture;
}

bool has(const Layout& layout, std::string_view text) {
  return layout.blocks.find(text) != std::string::npos;
}

/// Which buttons the message has, in their order.
std::string buttons(const Layout& layout) {
  std::string found;
  for (const auto* action : {"run.pause", "run.resume", "run.abort", "run.why"})
    if (has(layout, std::string("\"") + action + "\"")) found += std::string(action + 4) + " ";
  return found;
}

}  // namespace

TEST_CASE("a run's message has the buttons that make sense in its state") {
  Story story;
  CHECK(buttons(run_layout(picture(story))) == "pause abort why ");
  story.add(Held{Holder::gate, {"CephOSDDown firing 9s"}, {}});
  CHECK(state_of(story.progress()) == RunState::paused);
  CHECK(buttons(run_layout(picture(story))) == "pause resume abort why ");
  story.add(Ordered{Verb::pause, "slack:U0ANA", "lunch"});
  CHECK(buttons(run_layout(picture(story))) == "resume abort why ");
  story.add(Held{Holder::doubt, {"nobody knows"}, {}});
  CHECK(state_of(story.progress()) == RunState::needs_you);
  story.add(Ordered{Verb::abort, "slack:U0ANA", "enough"});
  CHECK(state_of(story.progress()) == RunState::ending);
  CHECK(buttons(run_layout(picture(story))) == "why ");
  story.add(Closed{Ending::aborted, {"slack:U0ANA: enough"}});
  CHECK(state_of(story.progress()) == RunState::ended);
  CHECK(buttons(run_layout(picture(story))).empty());
  CHECK(has(run_layout(picture(story)), "ABORTED"));
}

TEST_CASE("a button keeps its meaning while steps go by, and loses it with the state") {
  Story story;
  const auto opened = picture(story).seq;
  story.does(Action::check).does(Action::claim);
  CHECK(picture(story).seq == opened);
  story.add(Ordered{Verb::pause, "slack:U0ANA", ""});
  const auto paused = picture(story).seq;
  CHECK(paused > opened);
  CHECK(has(run_layout(picture(story)), "\"r-test:" + std::to_string(paused) + "\""));
  story.add(Held{Holder::gate, {"CephOSDDown"}, {}});
  CHECK(picture(story).mark("abort") == "r-test:" + std::to_string(paused));
  CHECK(picture(story).mark("resume") != "r-test:" + std::to_string(paused));
  story.add(Released{Holder::person, "resumed"});
  CHECK(picture(story).mark("abort") != "r-test:" + std::to_string(paused));
}

TEST_CASE("each state of a run's message is one that Slack takes") {
  Story story;
  const auto fine = [&] {
    const auto layout = run_layout(picture(story));
    CHECK(described(lint_blocks(layout.blocks)) == described({}));
    CHECK(layout.text.starts_with("[k8s-upgrade] "));
    CHECK(fit(layout).layout == layout);
  };
  fine();
  const std::vector<std::string> many(60, std::string(700, 'x') + "<!channel>");
  story.add(Held{Holder::gate, many, {}});
  fine();
  story.add(Ordered{Verb::pause, "slack:U0ANA", std::string(500, '&')});
  fine();
  story.add(Latched{"rule", many});
  fine();
  story.add(Closed{Ending::failed, many});
  fine();
}

TEST_CASE("what strangers wrote calls nobody and forges nothing") {
  Story story;
  story.add(Held{Holder::gate, {"<!channel> <@U0BOB> `x` \u202e"}, {}});
  story.add(Ordered{Verb::pause, "slack:U0ANA", "<!here> <https://x.example|y>"});
  auto seen = picture(story);
  seen.activity = "<!everyone> *bold*";
  const auto layout = run_layout(seen);
  for (const auto* call : {"<!channel", "<!here", "<!everyone", "<@U", "<https"}) {
    CHECK_FALSE(has(layout, call));
    CHECK(layout.text.find(call) == std::string::npos);
  }
  CHECK(has(layout, "&lt;!channel&gt;"));
}

TEST_CASE("nodes count when they are proven to run the target") {
  Story story;
  CHECK(tally_of(story.progress()).all == 3);
  CHECK(tally_of(story.progress()).done == 0);
  story.comes_to(Action::await_ready, "cp-1").does(Action::await_ready, "cp-1");
  CHECK(tally_of(story.progress()).done == 1);
  CHECK(where_it_is(picture(story)) == "running, 1 of 3 nodes, now: step 9: drain worker-2");
}

TEST_CASE("a run's message names the command as the workspace knows it") {
  Story story;
  story.add(Held{Holder::gate, {"CephOSDDown; ends with /upgrade resume"}, {}});
  story.add(Held{Holder::doubt, {"mend that, then /upgrade resume"}, {}});
  const auto layout = run_layout(naming(picture(story), "/k8s"));
  CHECK(has(layout, "ends with /k8s resume"));
  CHECK(has(layout, "then /k8s resume"));
  CHECK_FALSE(has(layout, "/upgrade"));
}

TEST_CASE("a journal that makes no sense gives no picture") {
  CHECK_FALSE(picture_of({}, {}, ""));
  Story story;
  const std::vector<Record> torn(story.records().begin() + 1, story.records().end());
  CHECK_FALSE(picture_of(torn, {}, ""));
}

}  // namespace lockkeeper::slack
