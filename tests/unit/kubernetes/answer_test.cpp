// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/answer.h"

#include <doctest/doctest.h>

#include "fake_api.h"

using namespace lockkeeper;
using namespace lockkeeper::kubernetes;
using namespace lockkeeper::kubernetes::test;

namespace {

ApiRequest reading() {
  ApiRequest request;
  request.path = "/api/v1/nodes/worker-1?x=secret";
  return request;
}

ApiFailure failure(http::Answered answer) {
  auto reply = judged(reading(), std::move(answer));
  REQUIRE_FALSE(reply.has_value());
  return reply.error();
}

Trouble trouble(http::Answered answer) {
  return failure(std::move(answer)).trouble;
}

}  // namespace

TEST_CASE("a success is the reply itself, whatever 2xx it is") {
  CHECK(judged(reading(), json_reply({{"kind", "Node"}})).has_value());
  CHECK(judged(reading(), status_reply(201, "", "")).has_value());
  CHECK(judged(reading(), text_reply(200, "")).has_value());
}

TEST_CASE("a failure inside a 200 is a failure with its own code") {
  auto reply = status_reply(409, "Conflict", "changed");
  reply->status = 200;
  const auto wrong = failure(reply);
  CHECK(wrong.trouble == Trouble::conflict);
  CHECK(wrong.code == 409);
}

TEST_CASE("a page instead of JSON is somebody in between, not the server") {
  CHECK(trouble(text_reply(200, "<html>maintenance</html>")) == Trouble::away);
  CHECK(failure(text_reply(200, "<html>maintenance</html>")).what ==
        "GET /api/v1/nodes/worker-1: answered with something that is not Kubernetes' JSON");
  CHECK(trouble(text_reply(503, "<html>bad gateway</html>")) == Trouble::away);
}

TEST_CASE("each code has its meaning, and 404 has two") {
  CHECK(trouble(status_reply(401, "Unauthorized", "Unauthorized")) == Trouble::unauthorized);
  CHECK(trouble(status_reply(403, "Forbidden", "no")) == Trouble::forbidden);
  CHECK(trouble(status_reply(404, "NotFound", "no", {{"name", "worker-1"}, {"kind", "nodes"}})) ==
        Trouble::not_found);
  CHECK(trouble(text_reply(404, "404 page not found\n")) == Trouble::away);
  CHECK(trouble(status_reply(409, "Conflict", "x")) == Trouble::conflict);
  CHECK(trouble(status_reply(409, "AlreadyExists", "x")) == Trouble::exists);
  CHECK(trouble(status_reply(410, "Expired", "x")) == Trouble::expired);
  CHECK(trouble(status_reply(422, "Invalid", "x")) == Trouble::invalid);
  CHECK(trouble(text_reply(415, "")) == Trouble::invalid);
  CHECK(trouble(text_reply(500, "")) == Trouble::away);
  CHECK(trouble(text_reply(504, "")) == Trouble::away);
  CHECK(trouble(text_reply(302, "")) == Trouble::invalid);
}

TEST_CASE("429 is a budget only when its cause says so") {
  const Json causes = {{"causes", {{{"reason", "DisruptionBudget"}, {"message", "needs 3"}}}}};
  CHECK(trouble(status_reply(429, "TooManyRequests", "x", causes)) == Trouble::budget);
  CHECK(trouble(status_reply(429, "TooManyRequests", "x")) == Trouble::away);
  const auto throttled = failure(
      text_reply(429, "Too many requests, please try again later.", {{"Retry-After", "7"}}));
  CHECK(throttled.trouble == Trouble::away);
  CHECK(throttled.retry_after == Millis{7'000});
  CHECK_FALSE(throttled.maybe_done);
}

TEST_CASE("Retry-After is bounded, and nonsense in it counts as nothing") {
  CHECK(failure(text_reply(503, "", {{"Retry-After", "86400"}})).retry_after == Millis{60'000});
  CHECK(failure(text_reply(503, "", {{"Retry-After", "-5"}})).retry_after == Millis{0});
  CHECK(failure(text_reply(503, "", {{"Retry-After", "soon"}})).retry_after == Millis{0});
}

TEST_CASE("a lost answer may have been acted upon, a refused connection was not") {
  for (const auto kind : {http::FaultKind::timeout, http::FaultKind::reset, http::FaultKind::tls}) {
    CHECK(trouble(no_reply(kind)) == Trouble::unreachable);
    CHECK(failure(no_reply(kind)).maybe_done);
  }
  for (const auto kind : {http::FaultKind::refused, http::FaultKind::unresolved})
    CHECK_FALSE(failure(no_reply(kind)).maybe_done);
  CHECK(trouble(no_reply(http::FaultKind::untrusted)) == Trouble::untrusted);
  CHECK(trouble(no_reply(http::FaultKind::cancelled)) == Trouble::stopped);
  CHECK(trouble(no_reply(http::FaultKind::too_large)) == Trouble::invalid);
}

TEST_CASE("texts name the call without its query, and quote the server") {
  CHECK(failure(status_reply(403, "Forbidden", "nodes is forbidden: User \"bot\" cannot list"))
            .what == "not allowed (403): nodes is forbidden: User \"bot\" cannot list");
  CHECK(failure(status_reply(409, "Conflict", "the object has been modified")).what ==
        "GET /api/v1/nodes/worker-1: 409 the object has been modified");
  CHECK(failure(text_reply(503, "apiserver is shutting down\n")).what ==
        "GET /api/v1/nodes/worker-1: 503 apiserver is shutting down");
  CHECK(failure(text_reply(502, "<html>")).what == "GET /api/v1/nodes/worker-1: 502 Bad Gateway");
}

TEST_CASE("any body is survived: cut, empty, nested, of wrong types") {
  for (const std::string body :
       {"", "{", "[1,2", "{\"kind\":\"Status\"", "{\"kind\":3}", "null",
        "{\"kind\":\"Status\",\"details\":[],\"code\":\"x\",\"message\":{}}"}) {
    const auto status = status_object(body);
    CHECK(status.message.empty());
    CHECK(status.causes.empty());
  }
}
