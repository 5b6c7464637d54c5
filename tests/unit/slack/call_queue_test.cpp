// SPDX-License-Identifier: Apache-2.0

#include "integrations/slack/call_queue.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace lockkeeper::slack {
namespace {

constexpr Moment kStart{Millis(1'000'000)};

Call call(const std::string& method, Urgency urgency = Urgency::news) {
  Call made;
  made.method = method;
  made.lane = method;
  made.urgency = urgency;
  return made;
}

Answer answer(Verdict verdict, Millis retry_after = {}) {
  Answer made;
  made.verdict = verdict;
  made.retry_after = retry_after;
  return made;
}

std::string taken(CallQueue& queue, Moment now, CallQueue::Id* id = nullptr) {
  const auto next = queue.take(now);
  if (next && id != nullptr) *id = next->id;
  return next ? next->call->method : "";
}

}  // namespace

TEST_CASE("the most urgent call goes first, and equals in order") {
  CallQueue queue;
  CHECK(queue.put(call("a", Urgency::progress), {}, kStart));
  CHECK(queue.put(call("b"), {}, kStart));
  CHECK(queue.put(call("c", Urgency::alarm), {}, kStart));
  CHECK(queue.put(call("d"), {}, kStart));
  CHECK(taken(queue, kStart) == "c");
  CHECK(taken(queue, kStart) == "b");
  CHECK(taken(queue, kStart) == "d");
  CHECK(taken(queue, kStart) == "a");
  CHECK(taken(queue, kStart) == "");
}

TEST_CASE("a 429 holds up its own lane for as long as it says, and no other") {
  CallQueue queue;
  queue.put(call("chat.update"), {}, kStart);
  CallQueue::Id id = 0;
  CHECK(taken(queue, kStart, &id) == "chat.update");
  CHECK_FALSE(queue.answered(id, answer(Verdict::limited, Millis(20'000)), kStart));
  queue.put(call("chat.update", Urgency::alarm), {}, kStart);
  queue.put(call("views.open"), {}, kStart);
  CHECK(taken(queue, kStart) == "views.open");
  CHECK(taken(queue, kStart + Millis(19'999)) == "");
  CHECK(queue.next_look(kStart) == kStart + Millis(20'000));
  CHECK(taken(queue, kStart + Millis(20'000)) == "chat.update");
}

TEST_CASE("a 429 without a time is waited for half a minute, or given up") {
  CallQueue queue;
  Call patient = call("a");
  patient.give_up = Millis(60'000);
  queue.put(std::move(patient), {}, kStart);
  CallQueue::Id id = 0;
  taken(queue, kStart, &id);
  CHECK_FALSE(queue.answered(id, answer(Verdict::limited), kStart));
  CHECK(taken(queue, kStart + Millis(29'999)) == "");
  CHECK(taken(queue, kStart + Millis(30'000), &id) == "a");
  const auto final = queue.answered(id, answer(Verdict::limited), kStart + Millis(30'000));
  REQUIRE(final);
  CHECK(final->answer.verdict == Verdict::limited);
}

TEST_CASE("what may have been done is repeated only when that does no harm") {
  for (const bool idempotent : {true, false}) {
    CallQueue queue;
    Call made = call("a");
    made.idempotent = idempotent;
    queue.put(std::move(made), {}, kStart);
    CallQueue::Id id = 0;
    taken(queue, kStart, &id);
    CHECK(queue.answered(id, answer(Verdict::uncertain), kStart).has_value() != idempotent);
  }
  CallQueue queue;
  Call post = call("a");
  post.idempotent = false;
  queue.put(std::move(post), {}, kStart);
  CallQueue::Id id = 0;
  taken(queue, kStart, &id);
  CHECK_FALSE(queue.answered(id, answer(Verdict::unreached), kStart));
  CHECK(taken(queue, kStart + Millis(500)) == "a");
}

TEST_CASE("a call whose owner repeats it himself is answered at once") {
  CallQueue queue;
  Call made = call("a");
  made.once = true;
  queue.put(std::move(made), {}, kStart);
  CallQueue::Id id = 0;
  taken(queue, kStart, &id);
  CHECK(queue.answered(id, answer(Verdict::unreached), kStart).has_value());
}

TEST_CASE("a refusal is final") {
  CallQueue queue;
  queue.put(call("a"), {}, kStart);
  CallQueue::Id id = 0;
  taken(queue, kStart, &id);
  CHECK(queue.answered(id, answer(Verdict::refused), kStart).has_value());
  CHECK_FALSE(queue.answered(id, answer(Verdict::refused), kStart));
}

TEST_CASE("a call that waits too long is told so") {
  CallQueue queue;
  Call made = call("a");
  made.give_up = Millis(100);
  queue.put(std::move(made), {}, kStart);
  CHECK_FALSE(queue.expired(kStart + Millis(99)));
  const auto late = queue.expired(kStart + Millis(100));
  REQUIRE(late);
  CHECK(late->answer.verdict == Verdict::unsent);
  CHECK(queue.waiting() == 0);
}

TEST_CASE("the queue and what is under way are bounded") {
  CallQueue queue;
  for (std::size_t i = 0; i < kCallsMax; ++i)
    CHECK(queue.put(call("m" + std::to_string(i)), {}, kStart));
  CHECK_FALSE(queue.put(call("more"), {}, kStart));
  for (std::size_t i = 0; i < kCallsUnderWayMax; ++i)
    CHECK(taken(queue, kStart) != "");
  CHECK(taken(queue, kStart) == "");
  CHECK(queue.given_up().has_value());
}

TEST_CASE("posts to one channel keep to Slack's rate after a short burst") {
  CallQueue queue;
  std::vector<Millis> sent;
  for (int i = 0; i < 10; ++i)
    queue.put(call("chat.postMessage C1"), {}, kStart);
  for (Millis at{}; at < Millis(20'000); at += Millis(100)) {
    CallQueue::Id id = 0;
    while (taken(queue, kStart + at, &id) != "") {
      sent.push_back(at);
      static_cast<void>(queue.answered(id, answer(Verdict::ok), kStart + at));
    }
  }
  REQUIRE(sent.size() == 10);
  CHECK(sent[3] == Millis(0));
  CHECK(sent[4] == Millis(1'000));
  CHECK(sent[9] == Millis(6'000));
}

}  // namespace lockkeeper::slack
