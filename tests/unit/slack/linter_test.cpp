// SPDX-License-Identifier: Apache-2.0

#include "integrations/slack/linter.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace lockkeeper::slack {
namespace {

using nlohmann::json;

json plain(const std::string& text) {
  return {{"type", "plain_text"}, {"text", text}};
}
json mrkdwn(const std::string& text) {
  return {{"type", "mrkdwn"}, {"text", text}};
}
json section(const std::string& text) {
  return {{"type", "section"}, {"text", mrkdwn(text)}};
}
json button(const std::string& text, const std::string& id = "run.pause") {
  return {{"type", "button"}, {"text", plain(text)}, {"action_id", id}, {"value", "r-1:2"}};
}
json actions(const json& elements) {
  return {{"type", "actions"}, {"elements", elements}};
}
std::string x(std::size_t count) {
  return std::string(count, 'x');
}

/// The first finding about one block, "" for none.
std::string about(const json& block) {
  return described(lint_blocks(json::array({block}).dump()));
}

std::string about_view(const json& view) {
  return described(lint_view(view.dump()));
}

json modal() {
  return {{"type", "modal"}, {"title", plain("Start upgrade")}, {"blocks", {section("a")}}};
}

}  // namespace

TEST_CASE("what the bot usually sends is fine") {
  const json message = {
      {"text", "[k8s-upgrade] 7/14"},
      {"blocks",
       {{{"type", "header"}, {"text", plain("prod-eu")}},
        section("*7/14*"),
        {{"type", "section"}, {"fields", {mrkdwn("a"), mrkdwn("b")}}},
        {{"type", "divider"}},
        {{"type", "context"}, {"elements", {mrkdwn("r-7f3")}}},
        actions({button("Pause"), button("Abort", "run.abort")})}},
      {"metadata", {{"event_type", "lockkeeper_message"}, {"event_payload", {{"name", "r"}}}}}};
  CHECK(described(lint_message(message.dump())) == "");
  CHECK(about_view(modal()) == "");
}

TEST_CASE("every limit names the place that breaks it") {
  CHECK(about(section(x(3001))) == "/0/text/text: longer than 3000");
  CHECK(about(section(x(3000))) == "");
  CHECK(about(section("")) == "/0/text/text: shorter than 1");
  CHECK(about({{"type", "header"}, {"text", plain(x(151))}}) == "/0/text/text: longer than 150");
  CHECK(about(actions(json::array({button(x(76))}))) == "/0/elements/0/text/text: longer than 75");
  json big = button("a");
  big["value"] = x(2001);
  CHECK(about(actions(json::array({big}))) == "/0/elements/0/value: longer than 2000");
  json twice = section("a");
  twice["block_id"] = x(256);
  CHECK(about(twice) == "/0/block_id: longer than 255");
}

TEST_CASE("counts have limits, too") {
  json fields = json::array();
  for (int i = 0; i < 11; ++i)
    fields.push_back(mrkdwn("f"));
  CHECK(about({{"type", "section"}, {"fields", fields}}) == "/0/fields: more than 10");
  CHECK(about({{"type", "context"}, {"elements", fields}}) == "/0/elements: more than 10");
  json buttons = json::array();
  for (int i = 0; i < 26; ++i)
    buttons.push_back(button("b", "id" + std::to_string(i)));
  CHECK(about(actions(buttons)) == "/0/elements: more than 25");
  CHECK(about(actions(json::array())) == "/0/elements: must be a list with something in it");
  json blocks = json::array();
  for (int i = 0; i < 51; ++i)
    blocks.push_back({{"type", "divider"}});
  CHECK(described(lint_blocks(blocks.dump())) == ": more than 50 blocks");
}

TEST_CASE("all text together has a limit that nobody has written down") {
  json blocks = json::array();
  for (int i = 0; i < 5; ++i)
    blocks.push_back(section(x(2900)));
  CHECK(described(lint_blocks(blocks.dump())).find("all text together") != std::string::npos);
}

TEST_CASE("a text of the wrong kind is found") {
  json wrong = button("a");
  wrong["text"] = mrkdwn("a");
  CHECK(about(actions(json::array({wrong}))) == "/0/elements/0/text/type: must be plain_text");
  CHECK(about({{"type", "header"}, {"text", mrkdwn("a")}}) == "/0/text/type: must be plain_text");
  CHECK(about({{"type", "section"}, {"text", {{"type", "markdown"}, {"text", "a"}}}}) ==
        "/0/text/type: must be plain_text or mrkdwn");
  CHECK(about({{"type", "section"}, {"fields", {7}}}) == "/0/fields/0: must be an object");
}

TEST_CASE("unknown members, types and styles are found") {
  json styled = button("a");
  styled["style"] = "warning";
  CHECK(about(actions(json::array({styled}))) == "/0/elements/0/style: not one of primary, danger");
  json more = section("a");
  more["colour"] = "red";
  CHECK(about(more) == "/0/colour: unknown member");
  CHECK(about({{"type", "carousel"}}) == "/0/type: \"carousel\" is no block for this");
  CHECK(about(actions(json::array({{{"type", "plain_text_input"}}}))) ==
        "/0/elements/0/type: \"plain_text_input\" does not belong here");
}

TEST_CASE("ids are used once") {
  json one = section("a");
  one["block_id"] = "b";
  CHECK(described(lint_blocks(json::array({one, one}).dump())) == "/1/block_id: used twice");
  CHECK(about(actions({button("a"), button("b")})) == "/0/elements/1/action_id: used twice");
}

TEST_CASE("a confirmation has limits of its own") {
  json asks = button("Abort");
  asks["confirm"] = {{"title", plain("Abort?")},
                     {"text", mrkdwn(x(301))},
                     {"confirm", plain(x(31))},
                     {"deny", plain("No")}};
  CHECK(described(lint_blocks(json::array({actions(json::array({asks}))}).dump())) ==
        "/0/elements/0/confirm/text/text: longer than 300 (and 1 more)");
  asks["confirm"] = {{"text", mrkdwn("a")}};
  CHECK(about(actions(json::array({asks})))
            .starts_with("/0/elements/0/confirm/title: must be an object"));
}

TEST_CASE("options have limits") {
  json options = json::array();
  for (int i = 0; i < 11; ++i)
    options.push_back({{"text", plain("o")}, {"value", "v"}});
  json element = {{"type", "checkboxes"}, {"action_id", "a"}, {"options", options}};
  CHECK(about(actions(json::array({element}))) == "/0/elements/0/options: more than 10");
  element["options"] = {{{"text", plain(x(76))}, {"value", x(76)}}};
  CHECK(about(actions(json::array({element})))
            .starts_with("/0/elements/0/options/0/text/text: longer than 75"));
}

TEST_CASE("a modal with inputs needs a submit, and short titles") {
  json view = modal();
  view["title"] = plain(x(25));
  CHECK(about_view(view) == "/title/text: longer than 24");
  view = modal();
  view["blocks"] = {{{"type", "input"},
                     {"block_id", "reason"},
                     {"label", plain("Reason")},
                     {"element", {{"type", "plain_text_input"}, {"action_id", "in"}}}}};
  CHECK(about_view(view) == "/submit: a modal with inputs needs it");
  view["submit"] = plain("Start");
  CHECK(about_view(view) == "");
  view["private_metadata"] = x(3001);
  CHECK(about_view(view) == "/private_metadata: longer than 3000");
}

TEST_CASE("a home has no title, and up to 100 blocks") {
  json blocks = json::array();
  for (int i = 0; i < 100; ++i)
    blocks.push_back({{"type", "divider"}});
  CHECK(about_view({{"type", "home"}, {"blocks", blocks}}) == "");
  blocks.push_back({{"type", "divider"}});
  CHECK(about_view({{"type", "home"}, {"blocks", blocks}}) == "/blocks: more than 100 blocks");
}

TEST_CASE("a message says something, and its text is not too long to be updated") {
  CHECK(described(lint_message(R"({"text":""})")) == "/text: there is no text");
  CHECK(described(lint_message(json{{"text", x(4001)}}.dump())) == "/text: longer than 4000");
  CHECK(described(lint_message("{")) == ": no JSON");
  CHECK(described(lint_message(R"({"text":"a","metadata":{"event_type":"x"}})")) ==
        "/metadata/event_payload: must be an object");
}

}  // namespace lockkeeper::slack
