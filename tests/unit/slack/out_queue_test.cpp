// SPDX-License-Identifier: Apache-2.0

// Order, coalescing, lost answers and outages.

#include "integrations/slack/out_queue.h"

#include <doctest/doctest.h>

#include "tests/unit/slack/out_story.h"

namespace lockkeeper::slack {

using Said = std::vector<std::string>;

TEST_CASE("messages leave in order, but for what is more urgent") {
  OutStory story;
  story.post("one", Urgency::progress);
  story.post("two");
  story.post("abort", Urgency::alarm);
  story.post("three");
  CHECK(story.all() == Said{"post abort", "post two", "post three", "post one"});
}

TEST_CASE("a reply waits for its message, and lends it its urgency") {
  OutStory story;
  story.post("other");
  story.post("run", Urgency::progress, "run:1");
  story.post("aborted", Urgency::alarm, "", "run:1");
  CHECK(story.next() == "post run");
  CHECK(story.next() == "");
  CHECK(story.ok().placed == "run:1");
  CHECK(story.all() == Said{"post aborted", "post other"});
}

TEST_CASE("the latest state wins, and updates of one message keep their distance") {
  OutStory story;
  story.post("run 0", Urgency::news, "run:1");
  story.all();
  for (int i = 1; i <= 5; ++i)
    story.update("run:1", "run " + std::to_string(i));
  CHECK(story.all() == Said{"update run 5"});
  story.update("run:1", "run 6");
  CHECK(story.all(Millis(2'900)).empty());
  CHECK(story.all(Millis(100)) == Said{"update run 6"});
  story.update("run:1", "failed", Urgency::alarm);
  CHECK(story.all() == Said{"update failed"});
}

TEST_CASE("after ten minutes updates keep a longer distance") {
  OutStory story;
  story.post("run", Urgency::news, "run:1");
  story.update("run:1", "a");
  story.all();
  story.update("run:1", "b");
  story.all();
  story.now = story.now + Millis(601'000);
  story.update("run:1", "c");
  CHECK(story.all() == Said{"update c"});
  story.update("run:1", "d");
  CHECK(story.all(Millis(9'900)).empty());
  CHECK(story.all(Millis(100)) == Said{"update d"});
}

TEST_CASE("an update of what is not posted yet is the post, and one of nothing is a new message") {
  OutStory story;
  story.post("run 0", Urgency::news, "run:1");
  story.update("run:1", "run 1");
  story.update("run:2", "other run");
  CHECK(story.all() == Said{"post run 1", "post other run"});
}

TEST_CASE("an update while the post is under way waits for it") {
  OutStory story;
  story.post("run 0", Urgency::news, "run:1");
  CHECK(story.next() == "post run 0");
  const OutEntry posted = story.last;
  story.update("run:1", "run 1");
  CHECK(story.next() == "");
  story.last = posted;
  story.ok();
  CHECK(story.all() == Said{"update run 1"});
}

TEST_CASE("a 429 on updates delays neither an abort notice nor the final state") {
  OutStory story;
  story.post("run 0", Urgency::news, "run:1");
  story.all();
  story.update("run:1", "run 1");
  CHECK(story.next() == "update run 1");
  story.end(Verdict::limited, Millis(30'000));
  for (int i = 2; i < 9; ++i)
    story.update("run:1", "run " + std::to_string(i));
  story.post("aborted", Urgency::alarm, "", "run:1");
  CHECK(story.all() == Said{"post aborted"});
  CHECK(story.all(Millis(29'900)).empty());
  CHECK(story.all(Millis(5'000)) == Said{"update run 8"});
}

TEST_CASE("a lost answer is looked for in the channel before the message is posted again") {
  OutStory story;
  story.post("run", Urgency::news, "run:1");
  CHECK(story.next() == "post run");
  story.end(Verdict::uncertain);
  story.now = story.now + Millis(1'000);
  CHECK(story.next() == "look run");
  const OutNews news = story.found("7.7");
  CHECK(news.placed == "run:1");
  CHECK(news.at == MessageRef{"C0OPS", "7.7"});
  // What it shows may be old by now.
  CHECK(story.all() == Said{"update run"});
}

TEST_CASE("what is not found after two looks is posted again") {
  OutStory story;
  story.post("news");
  story.next();
  story.end(Verdict::uncertain);
  story.now = story.now + Millis(1'000);
  CHECK(story.next() == "look news");
  story.not_found();
  CHECK(story.next() == "");
  story.now = story.now + Millis(2'000);
  CHECK(story.next() == "look news");
  story.not_found();
  CHECK(story.all() == Said{"post news"});
}

TEST_CASE("without the right to look, a lost post is repeated, and said to be") {
  OutStory story;
  story.post("news");
  story.next();
  story.end(Verdict::uncertain);
  story.now = story.now + Millis(1'000);
  CHECK(story.next() == "look news");
  CHECK(story.refuse("missing_scope").problem.find("may appear twice") != std::string::npos);
  CHECK(story.all() == Said{"post news"});
}

TEST_CASE("a message whose post was interrupted by a crash is looked for first") {
  OutStory story;
  story.queue.know("run:1", {"C0OPS", ""});
  story.queue.know("run:2", {"C0OPS", "5.5"});
  story.post("run", Urgency::news, "run:1");
  CHECK(story.next() == "look run");
  story.found("3.3");
  CHECK(story.queue.where("run:1") == MessageRef{"C0OPS", "3.3"});
  story.update("run:2", "other");
  CHECK(story.all() == Said{"update run", "update other"});
}

TEST_CASE("a short outage is caught up with, message by message") {
  OutStory story;
  story.post("one");
  story.post("two");
  CHECK(story.next() == "post one");
  story.end(Verdict::unreached);
  CHECK(story.next() == "");
  CHECK(story.queue.down_since().has_value());
  CHECK(story.all(Millis(2'000)) == Said{"post one", "post two"});
  CHECK_FALSE(story.queue.down_since());
}

TEST_CASE("a long outage becomes one summary and the latest state, in that order or another") {
  OutStory story;
  story.post("run 0", Urgency::news, "run:1");
  story.all();
  const Moment from = story.now;
  for (int minute = 0; minute < 20; ++minute) {
    story.post("[k8s-upgrade] apps-" + std::to_string(minute) + " upgraded", Urgency::progress, "",
               "run:1");
    story.update("run:1", "run " + std::to_string(minute));
    while (story.now - from < std::chrono::minutes(minute + 1)) {
      if (!story.next().empty()) story.end(Verdict::unreached);
      story.now = story.now + Millis(500);
    }
  }
  CHECK(story.queue.waiting() == 2);
  const Said said = story.all(Millis(60'000));
  REQUIRE(said.size() == 2);
  const std::string summary = said[0].starts_with("post") ? said[0] : said[1];
  CHECK(summary.starts_with("post [k8s-upgrade] Slack could not be reached from 12:16 to 12:3"));
  CHECK(summary.find("• 5 earlier messages\n• apps-5 upgraded") != std::string::npos);
  CHECK(summary.ends_with("apps-19 upgraded"));
  CHECK((said[0] == "update run 19" || said[1] == "update run 19"));
}

TEST_CASE("Slack away for an hour: bounded, one summary, and what is urgent stands first") {
  OutStory story;
  story.post("run 0", Urgency::news, "run:1");
  story.all();
  story.post("[k8s-upgrade] lost", Urgency::news);
  story.next();
  story.end(Verdict::unreached);
  std::size_t most = 0;
  for (int i = 0; i < 720; ++i) {
    story.post("[k8s-upgrade] word " + std::to_string(i), Urgency::progress, "", "run:1");
    if (i == 60) story.post("[k8s-upgrade] aborted", Urgency::alarm, "", "run:1");
    story.update("run:1", "run " + std::to_string(i));
    if (!story.next().empty()) story.end(Verdict::unreached);
    story.now = story.now + Millis(5'000);
    most = std::max(most, story.queue.waiting());
  }
  CHECK(most < 30);
  CHECK(story.queue.dropped() == 0);
  const Said said = story.all(Millis(120'000));
  REQUIRE(said.size() == 2);
  CHECK(said[0].starts_with("post [k8s-upgrade] Slack could not be reached from 12:16 to 13:1"));
  CHECK(said[0].find("Meanwhile:\n• aborted\n• 706 earlier messages\n• word 705\n• word 706") !=
        std::string::npos);
  CHECK(said[0].ends_with("word 719"));
  CHECK(said[1] == "update run 719");
}

TEST_CASE("while Slack is away it is tried less and less, one thing at a time") {
  OutStory story;
  for (int i = 0; i < 5; ++i)
    story.post("m", Urgency::news, "name" + std::to_string(i));
  int tries = 0;
  for (int i = 0; i < 6'000; ++i) {
    if (!story.next().empty()) {
      ++tries;
      story.end(Verdict::unreached);
    }
    story.now = story.now + Millis(100);
  }
  CHECK(tries < 30);
  CHECK(tries > 15);
}

TEST_CASE("the queue is bounded, and the least important goes first") {
  OutStory story;
  story.post("abort", Urgency::alarm);
  for (std::size_t i = 0; i < kOutMax + 50; ++i)
    story.post("progress", Urgency::progress);
  CHECK(story.queue.waiting() == kOutMax);
  CHECK(story.queue.dropped() == 51);
  CHECK(story.next() == "post abort");
}

}  // namespace lockkeeper::slack
