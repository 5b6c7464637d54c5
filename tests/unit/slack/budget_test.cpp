// SPDX-License-Identifier: Apache-2.0

#include "integrations/slack/budget.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "integrations/slack/linter.h"
#include "integrations/slack/text.h"

namespace lockkeeper::slack {
namespace {

using nlohmann::json;

json section(const std::string& text) {
  return {{"type", "section"}, {"text", {{"type", "mrkdwn"}, {"text", text}}}};
}

json actions() {
  return {{"type", "actions"},
          {"elements",
           {{{"type", "button"},
             {"action_id", "run.pause"},
             {"text", {{"type", "plain_text"}, {"text", "Pause"}}}}}}};
}

}  // namespace

TEST_CASE("what fits is not touched") {
  const std::string blocks = json::array({section("a"), actions()}).dump();
  const auto fitted = fit({"text", blocks});
  CHECK(json::parse(fitted.layout.blocks) == json::parse(blocks));
  CHECK(fitted.layout.text == "text");
  CHECK(fitted.rest.empty());
}

TEST_CASE("five hundred nodes fit, their buttons stay, and the rest is for a file") {
  json blocks =
      json::array({{{"type", "header"}, {"text", {{"type", "plain_text"}, {"text", "prod-eu"}}}}});
  for (int i = 0; i < 500; ++i)
    blocks.push_back(section("node-" + std::to_string(i) + std::string(60, 'x')));
  blocks.push_back(actions());
  const auto fitted = fit({std::string(5000, 't'), blocks.dump()});
  const json left = json::parse(fitted.layout.blocks);
  CHECK(left.size() <= kBlocksBudget);
  CHECK(left.front()["type"] == "header");
  CHECK(left.back() == actions());
  CHECK(left[left.size() - 2]["elements"][0]["text"] == "483 more blocks are in the file");
  CHECK(length(fitted.layout.text) <= kTextBudget);
  CHECK(length(fitted.layout.text) + length(plain_text(fitted.layout.blocks)) <= kLetterBudget);
  CHECK(described(lint_blocks(fitted.layout.blocks)) == "");
  CHECK(fitted.rest.find("node-499") != std::string::npos);
  CHECK(fitted.rest.find("node-3x") == std::string::npos);
}

TEST_CASE("few but long blocks are left out for their letters") {
  json blocks = json::array();
  for (int i = 0; i < 6; ++i)
    blocks.push_back(section(std::string(2000, static_cast<char>('a' + i))));
  const auto fitted = fit({"text", blocks.dump()});
  CHECK(json::parse(fitted.layout.blocks).size() == 5);
  CHECK(fitted.rest.find("ffff") != std::string::npos);
}

TEST_CASE("more buttons than can ever fit leave the text alone") {
  json blocks = json::array();
  for (int i = 0; i < 30; ++i)
    blocks.push_back(actions());
  const auto fitted = fit({"text", blocks.dump()});
  CHECK(fitted.layout.blocks.empty());
  CHECK(fitted.layout.text == "text");
}

TEST_CASE("blocks that cannot be read are left out") {
  CHECK(fit({"text", "["}).layout == Layout{"text", ""});
}

TEST_CASE("an acknowledgement is small, whatever it was to carry") {
  CHECK(ack_frame("e1", "") == R"({"envelope_id":"e1"})");
  CHECK(ack_frame("e1", R"({"response_action":"clear"})") ==
        R"({"envelope_id":"e1","payload":{"response_action":"clear"}})");
  CHECK(ack_frame("e1", "not JSON") == R"({"envelope_id":"e1"})");
  json payload = {{"response_type", "ephemeral"}, {"text", "hello"}, {"blocks", json::array()}};
  for (int i = 0; i < 30; ++i)
    payload["blocks"].push_back(section(std::string(1000, 'x')));
  const json cut_down = json::parse(ack_frame("e1", payload.dump()));
  CHECK(cut_down["payload"] == json{{"response_type", "ephemeral"},
                                    {"text", "hello"},
                                    {"parse", "none"},
                                    {"link_names", false}});
  payload.erase("text");
  CHECK(ack_frame("e1", payload.dump()) == R"({"envelope_id":"e1"})");
}

TEST_CASE("an acknowledgement is small in bytes, not only in letters") {
  for (const char* letter : {"🚀", "\x01", "\"", "ö"}) {
    std::string text;
    for (int i = 0; i < 20'000; ++i)
      text += letter;
    const json payload = {{"response_type", "ephemeral"}, {"text", text}};
    CHECK(ack_frame("e1", payload.dump()).size() <= kAckBytesMax);
  }
}

}  // namespace lockkeeper::slack
