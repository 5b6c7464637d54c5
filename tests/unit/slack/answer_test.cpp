// SPDX-License-Identifier: Apache-2.0

#include "integrations/slack/answer.h"

#include <doctest/doctest.h>

#include <string>

namespace lockkeeper::slack {
namespace {

Answer read(int status, std::string body, http::Headers headers = {}) {
  return read_answer(http::Reply{status, std::move(headers), std::move(body), {}});
}

Answer lost(http::FaultKind kind) {
  return read_answer(std::unexpected(http::Fault{kind, "why"}));
}

}  // namespace

TEST_CASE("only ok is success") {
  const auto answer = read(200, R"({"ok":true,"url":"wss:\/\/h\/","message":{"ts":"1.2"}})",
                           {{"x-oauth-scopes", "chat:write,commands"}});
  CHECK(answer.ok());
  CHECK(answer.at("/url") == "wss://h/");
  CHECK(answer.at("/message/ts") == "1.2");
  CHECK(answer.at("/message/none").empty());
  CHECK(answer.scopes == "chat:write,commands");
  CHECK(read(200, "{}").verdict == Verdict::uncertain);
  CHECK(read(200, R"({"ok":"true"})").verdict == Verdict::uncertain);
}

TEST_CASE("a refusal has Slack's word, the missing scope and the place in the blocks") {
  const auto answer = read(200, R"({"ok":false,"error":"invalid_blocks","needed":"chat:write",
    "response_metadata":{"messages":["[ERROR] bad [json-pointer:/blocks/3/text]",7]}})");
  CHECK(answer.verdict == Verdict::refused);
  CHECK(answer.error == "invalid_blocks");
  CHECK(
      answer.described("chat.update") ==
      "chat.update: invalid_blocks (needs chat:write) ([ERROR] bad [json-pointer:/blocks/3/text])");
}

TEST_CASE("a limit is a limit, with its time or without, by status or by word") {
  CHECK(read(429, "", {{"Retry-After", "30"}}).retry_after == Millis(30'000));
  CHECK(read(429, "").retry_after == Millis{});
  CHECK(read(429, "", {{"Retry-After", "soon"}}).retry_after == Millis{});
  CHECK(read(429, "", {{"Retry-After", "999999999"}}).retry_after == Millis(3'600'000));
  CHECK(read(429, "").verdict == Verdict::limited);
  CHECK(read(200, R"({"ok":false,"error":"ratelimited"})").verdict == Verdict::limited);
}

TEST_CASE("what may have been done is told from what has not") {
  for (const auto kind : {http::FaultKind::refused, http::FaultKind::unresolved,
                          http::FaultKind::tls, http::FaultKind::untrusted})
    CHECK(lost(kind).verdict == Verdict::unreached);
  for (const auto kind :
       {http::FaultKind::timeout, http::FaultKind::reset, http::FaultKind::too_large})
    CHECK(lost(kind).verdict == Verdict::uncertain);
  CHECK(lost(http::FaultKind::cancelled).verdict == Verdict::unsent);
  CHECK(read(500, "oops").verdict == Verdict::uncertain);
  CHECK(read(503, R"({"ok":true})").verdict == Verdict::uncertain);
  CHECK(read(200, "<html>").verdict == Verdict::uncertain);
  CHECK(read(200, R"({"ok":false,"error":"internal_error"})").verdict == Verdict::uncertain);
}

TEST_CASE("other answers are refusals, redirects included") {
  CHECK(read(302, "").error == "HTTP 302");
  CHECK(read(302, "").verdict == Verdict::refused);
  CHECK(read(404, "<html>").error == "HTTP 404");
  CHECK(read(404, "<html>").verdict == Verdict::refused);
  CHECK(read(401, R"({"ok":false,"error":"invalid_auth"})").error == "invalid_auth");
}

TEST_CASE("a response URL answers with a word, not with JSON") {
  CHECK(read_answer(http::Reply{200, {}, "ok", {}}, false).ok());
  CHECK(read_answer(http::Reply{404, {}, "expired_url", {}}, false).verdict == Verdict::refused);
  CHECK(read_answer(http::Reply{500, {}, "", {}}, false).verdict == Verdict::uncertain);
}

TEST_CASE("each error that matters has its reaction") {
  CHECK(reaction_to("token_revoked") == Reaction::halt);
  CHECK(reaction_to("missing_scope") == Reaction::scope);
  CHECK(reaction_to("is_archived") == Reaction::elsewhere);
  CHECK(reaction_to("not_in_channel") == Reaction::elsewhere);
  CHECK(reaction_to("edit_window_closed") == Reaction::fresh);
  CHECK(reaction_to("invalid_blocks") == Reaction::plain);
  CHECK(reaction_to("msg_too_long") == Reaction::shorter);
  CHECK(reaction_to("metadata_too_large") == Reaction::bare);
  CHECK(reaction_to("user_not_in_channel") == Reaction::direct);
  CHECK(reaction_to("expired_trigger_id") == Reaction::late);
  CHECK(reaction_to("no_such_subteam") == Reaction::closed);
  CHECK(reaction_to("no_text") == Reaction::drop);
  CHECK(reaction_to("") == Reaction::drop);
}

}  // namespace lockkeeper::slack
