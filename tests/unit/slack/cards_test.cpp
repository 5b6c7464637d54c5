// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/cards.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "bot/command.h"
#include "bot/request.h"
#include "integrations/slack/linter.h"
#include "tests/unit/bot/story.h"

namespace lockkeeper::slack {
namespace {

using nlohmann::json;
using test::Story;

constexpr std::string_view kPlan =
    "[k8s-upgrade] lab: 1.34.2 -> 1.34.7 (patch), plan 1e48f532\npreflight\n   1  check\n"
    "nothing has started; repeat with --confirm 1e48f532 to start it";

Reply reply(std::string text, std::string confirm = {}) {
  return {Reply::Code::ok, std::move(text), std::move(confirm)};
}

/// The value of the only button of a card, or "".
std::string value_of(const Layout& layout) {
  if (layout.blocks.empty()) return {};
  CHECK(described(lint_blocks(layout.blocks)) == described({}));
  for (const auto& block : json::parse(layout.blocks))
    if (block["type"] == "actions") return block["elements"][0]["value"];
  return {};
}

/// The order that the desk reads from a line of `start`.
UpgradeRequest request_of(std::string_view line) {
  const auto command = parse_command(line);
  REQUIRE(command);
  REQUIRE(command->verb->name == "start");
  const auto request = parse_request_json(command->rest);
  REQUIRE_MESSAGE(request, request.error().what);
  return *request;
}

const Time kNow = test::kNoon;

}  // namespace

TEST_CASE("what is typed never confirms") {
  CHECK(request_of(command_line("start v1.34.7 --confirm 1e48f532")).confirm.empty());
  CHECK(request_of(command_line(R"(start {"target_version":"1.34.7","confirm":"1e48f532"})"))
            .confirm.empty());
  CHECK(request_of(command_line(R"({"target_version":"1.34.7","confirm":"1e48f532"})"))
            .confirm.empty());
  CHECK(command_line("abort not today \u2014confirm 1e48f532") == "abort \"not today\"");
  CHECK(command_line("resume --confirm x") == "resume");
  CHECK(command_line("pause lunch") == "pause lunch");
  // What cannot be read is for the desk to refuse, and starts nothing.
  CHECK(command_line("start --confirm 1e48f532") == "start --confirm 1e48f532");
}

TEST_CASE("a request keeps all of its words on the way through a card and a form") {
  const std::string_view typed =
      "start 1.34.7 --kind patch --stages preflight,snapshot,workers --ignore-alert 'A b,C' "
      "--ignore-for 1h30m --reason \"the \u201cmonthly\u201d patch\"";
  const auto line = command_line(typed);
  const auto value = value_of(answer_layout(reply(std::string(kPlan), "1e48f532"), line, nullptr));
  const auto modal = start_modal(value, "C0OPS", kNow);
  REQUIRE(modal);
  CHECK(described(lint_view(*modal)) == described({}));
  const auto view = json::parse(*modal);
  CHECK(view["blocks"][1]["element"]["initial_value"] == "the monthly patch");
  const auto order = start_order(view["private_metadata"].get<std::string>(),
                                 " because \"so\" \u201dx ", kNow + Millis(60'000));
  CHECK(order.complaint.empty());
  CHECK(order.channel == "C0OPS");
  const auto sent = request_of(order.line);
  auto wanted = request_of(line);
  wanted.reason = "because \"so\" \u201dx";
  wanted.confirm = "1e48f532";
  CHECK(sent == wanted);
  CHECK(sent.ignore_for == Millis(5'400'000));
}

TEST_CASE("a form that is late, foreign or without a reason starts nothing") {
  const auto line = command_line("start 1.34.7");
  const auto value = value_of(answer_layout(reply(std::string(kPlan), "1e48f532"), line, nullptr));
  const auto modal = start_modal(value, "C0OPS", kNow);
  REQUIRE(modal);
  const auto metadata = json::parse(*modal)["private_metadata"].get<std::string>();
  const auto refused = [&](std::string_view kept, std::string_view reason, Time now) {
    const auto order = start_order(kept, reason, now);
    return order.line.empty() && !order.complaint.empty();
  };
  CHECK(refused(metadata, "monthly patch", kNow + kModalKept + Millis(1)));
  CHECK(refused(metadata, "monthly patch", kNow - Millis(600'000)));
  CHECK(refused(metadata, "    a    ", kNow));
  CHECK(refused("{}", "monthly patch", kNow));
  CHECK(refused("nonsense", "monthly patch", kNow));
  CHECK_FALSE(refused(metadata, "monthly patch", kNow));
  CHECK_FALSE(start_modal("nonsense", "C0OPS", kNow));
  CHECK(start_line("nonsense").empty());
}

TEST_CASE("an order's card carries the verb, the digest, the run's state and the reason") {
  const Story story;
  const auto open = picture_of(story.records(), {}, "idle");
  REQUIRE(open);
  const auto line = command_line("abort it's \"enough\"");
  const auto layout = answer_layout(
      reply("abort run r-test? repeat with --confirm 1e48f532", "1e48f532"), line, &*open);
  CHECK(layout.text == "abort run r-test?");
  const auto order = card_order(value_of(layout));
  REQUIRE(order);
  CHECK(order->verb == "abort");
  CHECK(order->mark == "r-test:" + std::to_string(open->seq));
  const auto command = parse_command(order->line);
  REQUIRE(command);
  CHECK(command->words == std::vector<std::string>{"it's enough", "--confirm", "1e48f532"});
  CHECK_FALSE(card_order(R"({"verb":"start","digest":"x"})"));
  CHECK_FALSE(card_order(R"({"verb":"abort"})"));
  CHECK_FALSE(card_order("[]"));
}

TEST_CASE("a plan has a way on, and a refusal has none") {
  const auto line = command_line("plan 1.34.7");
  const auto value = value_of(answer_layout(reply(std::string(kPlan)), line, nullptr));
  CHECK(request_of(start_line(value)).target == test::kPatch);
  CHECK(value_of(answer_layout(reply("every node is on 1.34.7"), line, nullptr)).empty());
  const Reply denied{Reply::Code::denied, "slack:U0EVE may not do this", {}};
  CHECK(value_of(answer_layout(denied, line, nullptr)).empty());
}

TEST_CASE("long answers stay within Slack's limits and call nobody") {
  std::string text = "plan of 500 nodes";
  for (int i = 0; i < 500; ++i)
    text += "\n  node-" + std::to_string(i) + " <!channel> ```x``` " + std::string(80, '&');
  const auto layout = answer_layout(reply(text), "nodes", nullptr);
  CHECK(described(lint_blocks(layout.blocks)) == described({}));
  CHECK(fit(layout).layout == layout);
  CHECK(layout.blocks.find("<!channel") == std::string::npos);
  CHECK(layout.blocks.find("lines more") != std::string::npos);
  CHECK(described(lint_message(slash_ack(layout))) == described({}));
  CHECK(ack_frame("id", slash_ack(layout)).size() <= kAckBytesMax);
}

}  // namespace lockkeeper::slack
