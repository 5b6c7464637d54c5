// SPDX-License-Identifier: Apache-2.0

// Whatever strangers write (labels, node names, reasons, names of groups, texts of errors), no
// message calls anybody, forges a link or confuses a reader.

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "bot/messages.h"
#include "integrations/slack/cards.h"
#include "integrations/slack/text.h"
#include "tests/unit/bot/story.h"
#include "tests/unit/slack/hostile.h"
#include "tests/unit/slack/out_story.h"
#include "tests/unit/slack/request_story.h"

namespace lockkeeper::slack {
namespace {

using nlohmann::json;
using Handler = json::error_handler_t;
using test::Story;

constexpr std::size_t kStrings = 300;

/// The first complaint about what `say` says with any of the strings, or "".
template <class Say>
std::string complaint_about(Say say) {
  for (const auto& text : hostile_strings(kStrings)) {
    Reader reader;
    say(text, reader);
    if (!reader.complaints.empty()) return reader.complaints.front() + " for " + text.substr(0, 60);
  }
  return {};
}

RunPicture picture(const Story& story, const std::string& activity) {
  GateView gate;
  gate.state = GateState::clear;
  auto picture = picture_of(story.records(), gate, activity);
  REQUIRE(picture);
  return *picture;
}

Reply reply(std::string text, std::string confirm = {}) {
  return {Reply::Code::ok, std::move(text), std::move(confirm)};
}

}  // namespace

TEST_CASE("the judge of hostile texts finds what is hostile") {
  const auto finds = [](const std::string& text) {
    Reader reader;
    reader.mrkdwn("", text);
    return !reader.complaints.empty();
  };
  CHECK(finds("<!channel>"));
  CHECK(finds("a & b"));
  CHECK(finds("<!date^1^{date}|x>"));
  CHECK(finds("x\u202ey"));
  CHECK_FALSE(finds("&lt;!channel&gt; &amp; `x` https://x.example"));
  CHECK_FALSE(finds("<!date^1795176000^{date_short_pretty} {time}|12:00 UTC>"));
  Reader reader;
  reader.objects("", json{{"type", "mrkdwn"}, {"text", "@here"}});
  CHECK(reader.complaints.size() == 1);
}

TEST_CASE("a run's message calls nobody in any state, whatever is in it") {
  CHECK(complaint_about([](const std::string& text, Reader& reader) {
          auto plan = test::small_plan();
          plan.cluster = text;
          const auto named = plan.nodes.front().name;
          for (auto& node : plan.nodes)
            if (node.name == named) node.name = text;
          for (auto& step : plan.steps)
            if (step.node == named) step.node = text;
          Story story(plan);
          const auto see = [&] {
            reader.layout(run_layout(picture(story, text)));
            reader.layout(plain_layout(where_it_is(picture(story, text))));
          };
          see();
          story.add(Held{Holder::gate, {text, "KubeAPIDown{instance=\"" + text + "\"}"}, {}});
          see();
          story.add(Ordered{Verb::pause, "slack:" + text, text});
          see();
          story.add(Held{Holder::doubt, {text}, {}});
          see();
          story.add(Latched{text, std::vector<std::string>(12, text)});
          see();
          story.add(Closed{Ending::failed, {text, text}});
          see();
          reader.letters("timeline", clean(messages::timeline(story.progress())));
        }) == "");
}

TEST_CASE("answers, cards and forms call nobody, whatever is in them") {
  const Story story;
  const auto open = picture(story, "idle");
  const auto seal = digest(story.plan());
  CHECK(complaint_about([&](const std::string& text, Reader& reader) {
          // One line (a refusal, an error, a group that cannot be looked up) and several.
          for (const auto& answer : {text, "the members of user group " + text + " cannot be told",
                                     "nodes:\n  " + text + "\n  " + text})
            for (const auto code : {Reply::Code::ok, Reply::Code::denied, Reply::Code::failed})
              reader.layout(answer_layout({code, answer, {}}, "nodes", nullptr));
          reader.layout(plain_layout(text));
          for (const auto* verb : {"abort ", "resume "})
            reader.layout(answer_layout(reply(text, seal), command_line(verb + text), &open));
          const json request = {{"target_version", "1.34.7"}, {"reason", text}};
          const auto line = "start " + request.dump(-1, ' ', true, Handler::replace);
          const auto card = answer_layout(reply(text + "\n" + text, seal), line, nullptr);
          reader.layout(card);
          const json value = {{"digest", text}, {"request", request}};
          const auto modal =
              start_modal(value.dump(-1, ' ', true, Handler::replace), "C0OPS", test::kNoon);
          if (!modal) return;
          if (const auto found = lint_view(*modal); !found.empty())
            reader.complaints.push_back(described(found));
          reader.objects("/view", json::parse(*modal));
        }) == "");
}

TEST_CASE("starts that wait and the App Home call nobody, whatever is in them") {
  CHECK(complaint_about([](const std::string& text, Reader& reader) {
          auto request = waiting_request(17, text);
          request.what.by = "slack:" + text;
          request.what.summary = text;
          reader.layout(request_layout(request, text, "/upgrade"));
          const auto over = decided(request, Ruling::declined, text, text);
          reader.layout(request_layout(over, text, "/upgrade"));
          reader.layout(approval_layout(reply(waiting_line(request), "4be1c2d3")));
          auto picture = home_picture();
          picture.cluster = text;
          picture.run->progress.opened_by = text;
          picture.run->progress.approved_by = text;
          picture.gate.reasons.assign(5, text);
          picture.links = {{text, false, text}};
          picture.waiting = {{request, HomeRequest::May::decide}};
          const HomePerson person{.user = text, .roles = {text}, .may = {text}, .problems = {text}};
          const auto view = home_view(picture, person, test::kNoon);
          if (const auto found = lint_view(view); !found.empty())
            reader.complaints.push_back(described(found));
          reader.objects("/view", json::parse(view));
        }) == "");
}

TEST_CASE("threads, summaries and notices call nobody, whatever is in them") {
  CHECK(complaint_about([](const std::string& text, Reader& reader) {
          OutStory slack;
          slack.post(cut(escaped(text), 400) + "\n" + escaped(text));
          slack.post(escaped("[k8s-upgrade] " + text));
          if (slack.next().empty()) return;
          slack.end(Verdict::unreached);
          slack.now = slack.now + Millis(60'000);
          slack.next();
          reader.layout(slack.last.layout);
        }) == "");
}

}  // namespace lockkeeper::slack
