// SPDX-License-Identifier: Apache-2.0

// What Slack refuses, and what is said instead.

#include <doctest/doctest.h>

#include "integrations/slack/out_queue.h"
#include "tests/unit/slack/out_story.h"

namespace lockkeeper::slack {

using Said = std::vector<std::string>;

TEST_CASE("a channel that refuses is left for the admin channel, with one notice") {
  for (const char* error : {"is_archived", "not_in_channel", "channel_not_found"}) {
    OutStory story;
    story.post("one");
    story.post("two");
    story.next();
    CHECK(story.refuse(error).problem.find("messages go to C0ADMIN") != std::string::npos);
    const Said said = story.all(Millis(10'000));
    REQUIRE(said.size() == 3);
    CHECK(said[0].starts_with("post [k8s-upgrade] <#C0OPS> refuses messages"));
    CHECK(said[1] == "post (for <#C0OPS>) one");
    CHECK(said[2] == "post (for <#C0OPS>) two");
    CHECK(story.last.channel == "C0ADMIN");
    story.now = story.now + kChannelRest;
    story.post("three");
    CHECK(story.all() == Said{"post three"});
  }
}

TEST_CASE("an admin channel that refuses as well ends the matter") {
  OutStory story;
  story.post("one");
  story.next();
  story.refuse("is_archived");
  while (!story.next().empty())
    story.refuse("is_archived");
  CHECK(story.queue.waiting() == 0);
  CHECK(story.queue.dropped() == 2);
}

TEST_CASE("a run's message follows it into the admin channel") {
  OutStory story;
  story.post("run", Urgency::news, "run:1");
  story.all();
  story.update("run:1", "run 1");
  CHECK(story.next() == "update run 1");
  story.refuse("is_archived");
  story.all(Millis(5'000));
  CHECK(story.queue.where("run:1")->channel == "C0ADMIN");
}

TEST_CASE("a message that can no longer be edited is posted anew under its name") {
  for (const char* error : {"message_not_found", "edit_window_closed", "cant_update_message"}) {
    OutStory story;
    story.post("run", Urgency::news, "run:1");
    story.all();
    story.update("run:1", "run 1");
    story.next();
    story.refuse(error);
    if (std::string_view(error) == "message_not_found") {
      CHECK(story.next() == "post run 1");
    } else {
      CHECK(story.next() == "link run 1");
      CHECK(story.last.earlier == MessageRef{"C0OPS", "1.1"});
      story.permalink("https://acme.slack.com/p1");
      CHECK(story.next() == "post run 1\nContinues <https://acme.slack.com/p1|an earlier message>");
    }
    CHECK(story.ok().placed == "run:1");
    story.post("reply", Urgency::news, "", "run:1");
    CHECK(story.all() == Said{"post reply"});
  }
}

TEST_CASE("no link to the earlier message is no reason to say nothing") {
  OutStory story;
  story.post("run", Urgency::news, "run:1");
  story.all();
  story.update("run:1", "run 1");
  story.next();
  story.refuse("edit_window_closed");
  CHECK(story.next() == "link run 1");
  story.end(Verdict::uncertain);
  story.now = story.now + Millis(1'000);
  CHECK(story.next() == "link run 1");
  story.refuse("message_not_found");
  CHECK(story.all() == Said{"post run 1"});
}

TEST_CASE("a change of state is never lost for its looks") {
  OutStory story;
  OutEntry entry;
  entry.channel = "C0OPS";
  entry.layout = {std::string(3000, 'x'), R"([{"type":"divider"}])"};
  story.queue.put(entry, story.now);
  story.next();
  CHECK(story.refuse("invalid_blocks").problem.find("invalid_blocks") != std::string::npos);
  story.next();
  CHECK(story.last.layout.blocks.empty());
  story.refuse("msg_too_long");
  CHECK(story.next().size() < 520);
  story.ok();
  CHECK(story.queue.waiting() == 0);
}

TEST_CASE("metadata that is too large is left out") {
  OutStory story;
  story.post("run", Urgency::news, "run:1");
  story.next();
  story.refuse("metadata_too_large");
  story.next();
  CHECK(story.last.bare);
}

TEST_CASE("a word to somebody who is not in the channel becomes a direct message") {
  OutStory story;
  OutEntry entry;
  entry.kind = OutEntry::Kind::whisper;
  entry.channel = "C0OPS";
  entry.user = "U0ANA";
  entry.layout = {"no", ""};
  story.queue.put(entry, story.now);
  CHECK(story.next() == "whisper no");
  story.refuse("user_not_in_channel");
  CHECK(story.next() == "post no");
  CHECK(story.last.channel == "U0ANA");
}

TEST_CASE("a refused token halts everything until there is another one") {
  for (const char* error : {"invalid_auth", "token_revoked", "account_inactive", "no_token"}) {
    OutStory story;
    story.post("one");
    story.next();
    CHECK(story.refuse(error).halted);
    CHECK(story.all(Millis(60'000)).empty());
    story.queue.resume();
    CHECK(story.all() == Said{"post one"});
  }
}

TEST_CASE("a missing scope stops what needs it and nothing else") {
  OutStory story;
  OutEntry file;
  file.kind = OutEntry::Kind::upload;
  file.channel = "C0OPS";
  file.content = "x";
  story.queue.put(file, story.now);
  story.post("one");
  story.next();
  CHECK_FALSE(story.refuse("missing_scope").halted);
  CHECK(story.all() == Said{"post one"});
}

TEST_CASE("what is refused again and again is dropped in the end") {
  OutStory story;
  story.post("one");
  int tries = 0;
  while (!story.next().empty() && tries < 50) {
    story.refuse(tries % 2 == 0 ? "metadata_too_large" : "invalid_blocks");
    ++tries;
  }
  CHECK(tries < 8);
  CHECK(story.queue.waiting() == 0);
}

TEST_CASE("an upload goes its three steps, is not shared twice, and is remembered") {
  OutStory story;
  OutEntry file;
  file.kind = OutEntry::Kind::upload;
  file.name = "file:1";
  file.channel = "C0OPS";
  file.layout.text = "Report";
  file.content = "x";
  for (const bool answered : {false, true}) {
    story.queue.put(file, story.now);
    story.now = story.now + Millis(60'000);
    for (int step = 0; step < 3; ++step) {
      CHECK(story.next() == "upload Report");
      CHECK(story.last.step == step);
      if (step < 2) CHECK(story.ok().placed.empty());
    }
    CHECK(!story.queue.knows("file:1"));
    CHECK((answered ? story.ok() : story.end(Verdict::uncertain)).placed ==
          (answered ? "file:1" : ""));
    CHECK(story.queue.waiting() == 0);
  }
  CHECK(story.queue.knows("file:1"));
  // Of an earlier process that had asked for it and died: nobody knows.
  story.queue.know("file:2", {"C0OPS", ""});
  CHECK(story.queue.knows("file:2"));
  CHECK(!story.queue.where("file:2"));
}

TEST_CASE("a file goes behind the last state of its message") {
  OutStory story;
  story.post("run", Urgency::news, "run:1");
  CHECK(story.next() == "post run");
  story.ok();
  OutEntry file;
  file.kind = OutEntry::Kind::upload;
  file.thread_of = "run:1";
  file.channel = "C0OPS";
  file.urgency = Urgency::alarm;
  file.layout.text = "Timeline";
  file.content = "x";
  story.queue.put(file, story.now);
  story.update("run:1", "done");
  CHECK(story.next() == "update done");
  CHECK(story.next().empty());
  story.end(Verdict::limited, Millis(5'000));
  CHECK(story.next().empty());
  story.now = story.now + Millis(5'000);
  CHECK(story.next() == "update done");
  story.ok();
  CHECK(story.next() == "upload Timeline");
}

}  // namespace lockkeeper::slack
