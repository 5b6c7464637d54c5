// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/eviction.h"

#include <doctest/doctest.h>

#include "fake_api.h"

using namespace lockkeeper;
using namespace lockkeeper::kubernetes;
using namespace lockkeeper::kubernetes::test;

namespace {

Pod web() {
  Pod pod;
  pod.space = "shop";
  pod.name = "web-1";
  pod.uid = "u1";
  pod.node = "worker-1";
  return pod;
}

EvictionVerdict verdict(http::Answered answer) {
  return judge_eviction(judged(eviction_request(web(), Millis{1'000}), std::move(answer)));
}

EvictionAnswer answer(http::Answered got) {
  return verdict(std::move(got)).answer;
}

Json cause(const std::string& reason, const std::string& message = "") {
  return {{"name", "web-1"}, {"causes", {{{"reason", reason}, {"message", message}}}}};
}

}  // namespace

TEST_CASE("an eviction names the pod twice and holds for this uid only") {
  const auto request = eviction_request(web(), Millis{1'000});
  CHECK(request.method == "POST");
  CHECK(request.path == "/api/v1/namespaces/shop/pods/web-1/eviction");
  const auto body = parse_json(request.body);
  CHECK(text_at(body, {"apiVersion"}) == "policy/v1");
  CHECK(text_at(body, {"metadata", "name"}) == "web-1");
  CHECK(text_at(body, {"deleteOptions", "preconditions", "uid"}) == "u1");
  CHECK_FALSE(members_at(body, {"deleteOptions"}).contains("gracePeriodSeconds"));
}

TEST_CASE("every answer of the table has its meaning") {
  CHECK(answer(status_reply(201, "", "")) == EvictionAnswer::accepted);
  CHECK(answer(status_reply(200, "", "")) == EvictionAnswer::accepted);
  CHECK(answer(status_reply(404, "NotFound", "no", {{"name", "web-1"}, {"kind", "pods"}})) ==
        EvictionAnswer::gone);
  CHECK(answer(status_reply(404, "NotFound", "no", {{"kind", "pods/eviction"}})) ==
        EvictionAnswer::busy);
  CHECK(answer(text_reply(404, "404 page not found")) == EvictionAnswer::busy);
  CHECK(answer(status_reply(409, "Conflict", "uid")) == EvictionAnswer::look);
  CHECK(answer(status_reply(429, "TooManyRequests", "x", cause("DisruptionBudget", "needs 3"))) ==
        EvictionAnswer::full);
  CHECK(answer(text_reply(429, "Too many requests")) == EvictionAnswer::busy);
  CHECK(answer(status_reply(403, "Forbidden", "ns", cause("NamespaceTerminating"))) ==
        EvictionAnswer::ending);
  CHECK(answer(status_reply(403, "Forbidden", "rbac")) == EvictionAnswer::impossible);
  CHECK(answer(status_reply(422, "Invalid", "x")) == EvictionAnswer::impossible);
  CHECK(answer(status_reply(400, "BadRequest", "x")) == EvictionAnswer::impossible);
}

TEST_CASE("a 500 is about the pod when it says so, else its outcome is unknown") {
  CHECK(answer(status_reply(500, "",
                            "This pod has more than one PodDisruptionBudget, which the eviction "
                            "subresource does not support.")) == EvictionAnswer::impossible);
  CHECK(answer(status_reply(500, "InternalError",
                            "Internal error occurred: failed calling webhook \"x\": timeout")) ==
        EvictionAnswer::impossible);
  CHECK(answer(status_reply(403, "Forbidden", "admission webhook \"x\" denied the request")) ==
        EvictionAnswer::impossible);
  const auto etcd = verdict(status_reply(500, "", "etcdserver: request timed out"));
  CHECK(etcd.answer == EvictionAnswer::look);
  CHECK(etcd.outage);
  CHECK(answer(text_reply(503, "shutting down")) == EvictionAnswer::look);
  CHECK(answer(text_reply(504, "")) == EvictionAnswer::look);
}

TEST_CASE("a lost answer is looked into, a refused connection is merely repeated") {
  CHECK(answer(no_reply(http::FaultKind::timeout)) == EvictionAnswer::look);
  CHECK(answer(no_reply(http::FaultKind::reset)) == EvictionAnswer::look);
  CHECK(answer(no_reply(http::FaultKind::refused)) == EvictionAnswer::busy);
  CHECK(verdict(no_reply(http::FaultKind::refused)).outage);
}

TEST_CASE("Retry-After reaches the caller") {
  auto reply = status_reply(429, "TooManyRequests", "busy", cause("DisruptionBudget"));
  reply->headers.add("Retry-After", "10");
  CHECK(verdict(reply).retry_after == Millis{10'000});
}

TEST_CASE("looking at a pod tells whether it is still the one that was meant") {
  const auto look = [](http::Answered got) {
    ApiRequest request;
    return judge_look(web(), judged(request, std::move(got)));
  };
  const auto pod = [](const std::string& uid, const std::string& node, bool leaving) {
    Json json = {{"metadata", {{"uid", uid}}}, {"spec", {{"nodeName", node}}}};
    if (leaving) json["metadata"]["deletionTimestamp"] = "2026-11-20T18:41:00Z";
    return json_reply(json);
  };
  CHECK(look(pod("u1", "worker-1", false)) == PodLook::unchanged);
  CHECK(look(pod("u1", "worker-1", true)) == PodLook::leaving);
  CHECK(look(pod("u2", "worker-1", false)) == PodLook::gone);  // re-created under its name
  CHECK(look(pod("u1", "worker-2", false)) == PodLook::gone);
  CHECK(look(status_reply(404, "NotFound", "x", {{"kind", "pods"}})) == PodLook::gone);
  CHECK(look(text_reply(404, "404 page not found")) == PodLook::unknown);
  CHECK(look(text_reply(503, "")) == PodLook::unknown);
  CHECK(look(text_reply(200, "")) == PodLook::unknown);
}
