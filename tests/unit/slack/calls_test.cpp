// SPDX-License-Identifier: Apache-2.0

#include "integrations/slack/calls.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "integrations/slack/linter.h"

namespace lockkeeper::slack {
namespace {

using nlohmann::json;

const Posting kPosting{.channel = "C0OPS",
                       .thread = {},
                       .broadcast = false,
                       .name = "run:r-1",
                       .layout = {"text", R"([{"type":"divider"}])"}};

}  // namespace

TEST_CASE("the socket's ticket is asked for with the app's token and an empty body") {
  const Call call = open_connection();
  CHECK(call.method == "apps.connections.open");
  CHECK(call.token == TokenKind::app);
  CHECK(call.body.empty());
  CHECK(call.content_type == "application/x-www-form-urlencoded");
  CHECK(call.once);
}

TEST_CASE("a post carries its name, unfurls nothing, and has its channel's lane") {
  const Call call = post_message(kPosting, Urgency::news);
  const json body = json::parse(call.body);
  CHECK(body["metadata"]["event_payload"]["name"] == "run:r-1");
  CHECK(body["unfurl_links"] == false);
  CHECK_FALSE(body.contains("thread_ts"));
  CHECK(call.lane == "chat.postMessage C0OPS");
  CHECK_FALSE(call.idempotent);
  CHECK(described(lint_message(call.body)) == "");
}

TEST_CASE("only a reply is broadcast") {
  Posting posting = kPosting;
  posting.broadcast = true;
  CHECK_FALSE(json::parse(post_message(posting, Urgency::news).body).contains("reply_broadcast"));
  posting.thread = "1.2";
  const json body = json::parse(post_message(posting, Urgency::news).body);
  CHECK(body["reply_broadcast"] == true);
  CHECK(body["thread_ts"] == "1.2");
}

TEST_CASE("an update always says its blocks, so that old buttons go") {
  const json body = json::parse(update_message({"C0OPS", "1.2"}, {"done", ""}, Urgency::news).body);
  CHECK(body["blocks"] == json::array());
  CHECK(body["ts"] == "1.2");
}

TEST_CASE("an answer always says what becomes of the original") {
  const Call call = respond("https://hooks/x", {"no", ""}, false, false);
  const json body = json::parse(call.body);
  CHECK(body["replace_original"] == false);
  CHECK(body["delete_original"] == false);
  CHECK(body["response_type"] == "ephemeral");
  CHECK(call.token == TokenKind::none);
  CHECK(call.url == "https://hooks/x");
  CHECK(json::parse(respond_delete("https://hooks/x").body)["delete_original"] == true);
}

TEST_CASE("a modal is opened once, within the life of its trigger") {
  const Call call = open_view("1.2", R"({"type":"modal"})");
  CHECK(call.give_up < Millis(3'000));
  CHECK_FALSE(call.idempotent);
  CHECK(json::parse(call.body)["view"]["type"] == "modal");
}

TEST_CASE("forms are encoded, and empty fields left out") {
  CHECK(group_members("S0&x=1").body == "usergroup=S0%26x%3D1");
  CHECK(upload_address("r ö.md", 12).body == "filename=r%20%C3%B6.md&length=12");
  CHECK(read_history("C1", "", "").body == "channel=C1&limit=100&include_all_metadata=true");
  CHECK(read_history("C1", "1.2", "").method == "conversations.replies");
  const Call share = complete_upload(
      {.file = "F1", .title = "T", .channel = "C1", .thread = {}, .comment = {}}, Urgency::news);
  CHECK(share.body.starts_with("files=%5B%7B%22id%22%3A%22F1%22"));
  CHECK(share.body.find("thread_ts") == std::string::npos);
}

TEST_CASE("what Slack would refuse is found before it leaves") {
  CHECK(objections_to(post_message(kPosting, Urgency::news)) == "");
  Posting broken = kPosting;
  broken.layout.blocks = R"([{"type":"carousel"}])";
  CHECK(objections_to(post_message(broken, Urgency::news)) ==
        R"(/blocks/0/type: "carousel" is no block for this)");
  CHECK(objections_to(open_view("1.2", R"({"type":"modal"})")).starts_with("/title"));
  CHECK(objections_to(group_members("S1")) == "");
  CHECK(objections_to(respond_delete("https://hooks/x")) == "");
}

TEST_CASE("an acknowledgement's payload is looked at as well") {
  CHECK(objections_to_ack(R"({"response_type":"ephemeral","text":"hello"})") == "");
  CHECK(objections_to_ack("{}") == "");
  CHECK(objections_to_ack(R"({"response_action":"errors","errors":{"b":"no"}})") == "");
  CHECK(objections_to_ack(R"({"response_action":"update","view":{"type":"modal"}})") != "");
  CHECK(objections_to_ack(R"({"text":"a","blocks":[{"type":"header"}]})") != "");
  CHECK(objections_to_ack("[]") == "no JSON object");
}

}  // namespace lockkeeper::slack
