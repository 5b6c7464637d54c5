// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "fake_alertmanager.h"
#include "integrations/alertmanager/silence_list.h"
#include "integrations/alertmanager/silences_answer.h"

using namespace lockkeeper;
using namespace lockkeeper::alertmanager;

namespace {

const OwnSilence kSilence{"",
                          "r-1",
                          "wörker \"1\"",
                          "TargetDown",
                          parse_time("2026-11-20T12:00:00Z").value(),
                          parse_time("2026-11-20T12:10:00Z").value()};

/// What an Alertmanager lists when it was given this body.
std::string listed(const std::string& body) {
  auto silence = nlohmann::json::parse(body);
  silence["id"] = "aa-1";
  silence["status"] = {{"state", "active"}};
  return nlohmann::json::array({silence}).dump();
}

}  // namespace

TEST_CASE("a silence of ours has two equalities, an end, and is found again by its comment") {
  const auto body = silence_body(kSilence, "prod");
  const auto json = nlohmann::json::parse(body);
  CHECK(json["createdBy"] == "lockkeeper");
  REQUIRE(json["matchers"].size() == 2);
  for (const auto& matcher : json["matchers"]) {
    CHECK(matcher["isRegex"] == false);
    CHECK(matcher["isEqual"] == true);
  }
  CHECK(json["startsAt"] == "2026-11-20T12:00:00Z");
  CHECK(json["endsAt"] == "2026-11-20T12:10:00Z");
  CHECK_FALSE(json.contains("id"));
  const auto read = read_silences_answer(listed(body));
  REQUIRE(read);
  auto expected = kSilence;
  expected.id = "aa-1";
  CHECK(own_silence(read->at(0), "prod") == expected);
  CHECK_FALSE(own_silence(read->at(0), "staging"));
}

TEST_CASE("what a person has made, or made wider, is not ours") {
  auto known = read_silences_answer(listed(silence_body(kSilence, "prod"))).value().at(0);
  auto by_ana = known;
  by_ana.created_by = "ana";
  CHECK_FALSE(own_silence(by_ana, "prod"));
  auto wider = known;
  wider.matchers.pop_back();
  CHECK_FALSE(own_silence(wider, "prod"));
  auto pattern = known;
  pattern.matchers[1].regex = true;
  CHECK_FALSE(own_silence(pattern, "prod"));
  auto other_words = known;
  other_words.comment += ", and longer";
  CHECK_FALSE(own_silence(other_words, "prod"));
}

TEST_CASE("only what has not expired stands") {
  FakeAlertmanager manager;
  const std::string comment =
      "run r-1 of prod works on w1; renewed meanwhile, taken back at the end";
  manager.answers("silences", {.body = "[" + silence_json("a", "lockkeeper", comment, "expired") +
                                       "," + silence_json("b", "lockkeeper", comment) + "," +
                                       silence_json("c", "ana") + "]"});
  SilenceList list(settings_of({manager.url()}), "prod");
  const auto standing = list.standing();
  REQUIRE(standing);
  REQUIRE(standing->size() == 1);
  CHECK(standing->at(0).id == "b");
  CHECK(standing->at(0).run == "r-1");
  CHECK(standing->at(0).node == "w1");
}

TEST_CASE("silences are posted, and taken back by their id, which must be one") {
  FakeAlertmanager manager;
  manager.answers("silences", {.body = R"({"silenceID":"aa-1"})"});
  manager.answers("aa-1", {.body = ""});
  SilenceList list(settings_of({manager.url() + "/"}), "prod");
  CHECK(list.put(kSilence));
  CHECK(list.take_back("aa-1"));
  CHECK_FALSE(list.take_back("../alerts"));
  CHECK_FALSE(list.take_back(""));
  const auto requests = manager.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].method == "POST");
  CHECK(requests[0].path == "/api/v2/silences");
  CHECK(requests[1].method == "DELETE");
  CHECK(requests[1].path == "/api/v2/silence/aa-1");
}

TEST_CASE("the next member is asked when one does not answer, and then first") {
  FakeAlertmanager manager;
  SilenceList list(settings_of({"http://127.0.0.1:1", manager.url()}), "prod");
  CHECK(list.standing());
  CHECK(list.standing());
  CHECK(manager.requests().size() == 2);
  manager.answers("silences", {.status = 500, .body = "\"broken\""});
  const auto failed = list.standing();
  REQUIRE_FALSE(failed);
  CHECK(failed.error().what == "Alertmanager http://127.0.0.1:1: connection refused");
}
