// SPDX-License-Identifier: Apache-2.0

// The journal's codec: what is written reads back, and what is off is refused by its name.

#include "bot/record.h"

#include <doctest/doctest.h>

#include <array>
#include <nlohmann/json.hpp>

#include "bot/plan_json.h"
#include "tests/unit/bot/small_cluster.h"

namespace lockkeeper::test {
namespace {

using Json = nlohmann::ordered_json;

/// One body of each kind, with every member filled.
std::vector<Body> one_of_each() {
  return {
      Opened{small_plan(), "console:ana", "the monthly patch"},
      Intent{7},
      Outcome{7, StepResult::failed, "exit 1", {{"snapshot", "/backups/a.db"}}},
      Held{Holder::gate, {"KubeAPIDown firing 2m"}, {{"quiet_needed_ms", "120000"}}},
      Released{Holder::doubt, "it can be told again"},
      Ordered{Verb::abort, "http:ops", "enough"},
      Latched{"rule", {"Fatal", "Other"}},
      Closed{Ending::aborted, {"enough"}},
  };
}

std::string refused(std::string_view kind, const std::string& json) {
  const auto body = decode(kind, json);
  return body ? "accepted" : body.error().what;
}

}  // namespace

TEST_CASE("a body of each kind is written so that it reads back as the same") {
  for (const auto& body : one_of_each()) {
    const auto again = decode(kind_of(body), encode(body));
    REQUIRE_MESSAGE(again.has_value(), kind_of(body));
    CHECK(*again == body);
  }
}

TEST_CASE("kinds have the names that the journal's column shows") {
  std::vector<std::string_view> kinds;
  for (const auto& body : one_of_each())
    kinds.push_back(kind_of(body));
  CHECK(kinds == std::vector<std::string_view>{"opened", "intent", "outcome", "held", "released",
                                               "ordered", "latched", "closed"});
}

TEST_CASE("every word of every enumeration reads back") {
  for (const auto result :
       {StepResult::done, StepResult::skipped, StepResult::failed, StepResult::interrupted}) {
    const Body body = Outcome{1, result, {}, {}};
    CHECK(decode("outcome", encode(body)) == body);
  }
  for (const auto holder : {Holder::gate, Holder::person, Holder::doubt}) {
    const Body body = Released{holder, {}};
    CHECK(decode("released", encode(body)) == body);
  }
  for (const auto verb : {Verb::pause, Verb::resume, Verb::abort, Verb::clear}) {
    const Body body = Ordered{verb, {}, {}};
    CHECK(decode("ordered", encode(body)) == body);
  }
  for (const auto ending : {Ending::done, Ending::dry, Ending::partial, Ending::refused,
                            Ending::failed, Ending::aborted, Ending::cleared}) {
    const Body body = Closed{ending, {}};
    CHECK(decode("closed", encode(body)) == body);
  }
}

TEST_CASE("what a newer bot added is tolerated") {
  for (const auto& body : one_of_each()) {
    auto json = Json::parse(encode(body));
    json["added_later"] = {{"deep", {1, 2, 3}}};
    CHECK(decode(kind_of(body), json.dump()) == body);
  }
}

TEST_CASE("each missing member is named") {
  for (const auto& body : one_of_each()) {
    const auto whole = Json::parse(encode(body));
    for (const auto& [name, value] : whole.items()) {
      auto json = whole;
      json.erase(name);
      const auto kind = std::string(kind_of(body));
      CHECK(refused(kind, json.dump()) ==
            "the journal's " + kind + " record is malformed: \"" + name + "\" is missing");
    }
  }
}

TEST_CASE("each member of another type is named") {
  for (const auto& body : one_of_each()) {
    const auto whole = Json::parse(encode(body));
    for (const auto& [name, value] : whole.items()) {
      for (const auto& wrong : {Json(), Json(true), Json(1.5), Json::array({1})}) {
        auto json = whole;
        json[name] = wrong;
        const auto why = refused(kind_of(body), json.dump());
        CHECK_MESSAGE(why.starts_with("the journal's "), json.dump());
        if (name != "plan") CHECK(why.ends_with("\"" + name + "\" has the wrong type"));
      }
    }
  }
}

TEST_CASE("a number that does not fit is refused, not wrapped into another step") {
  CHECK(refused("intent", R"({"step":4294967297})") ==
        "the journal's intent record is malformed: \"step\" has the wrong type");
  CHECK(refused("intent", R"({"step":-9223372036854775808})").ends_with("wrong type"));
  CHECK(refused("intent", R"({"step":18446744073709551615})").ends_with("wrong type"));
  CHECK(refused("intent", R"({"step":7.0})").ends_with("wrong type"));
  CHECK(refused("intent", R"({"step":2147483647})") == "accepted");
}

TEST_CASE("a word that no enumeration has is quoted") {
  CHECK(refused("outcome", R"({"step":1,"result":"great","detail":"","notes":{}})") ==
        "the journal's outcome record is malformed: \"result\" is 'great', which is unknown");
  CHECK(refused("closed", R"({"ending":"","reasons":[]})") ==
        "the journal's closed record is malformed: \"ending\" is '', which is unknown");
}

TEST_CASE("notes are names with texts, reasons are texts") {
  CHECK(refused("outcome", R"({"step":1,"result":"done","detail":"","notes":{"a":1}})")
            .ends_with("\"notes\" has the wrong type"));
  CHECK(refused("outcome", R"({"step":1,"result":"done","detail":"","notes":[["a","b"]]})")
            .ends_with("\"notes\" has the wrong type"));
  CHECK(refused("latched", R"({"by":"rule","reasons":["a",7]})")
            .ends_with("\"reasons\" has the wrong type"));
}

TEST_CASE("what is no JSON, no object, or of no known kind is refused") {
  CHECK(refused("intent", "") == "the journal's intent record is not JSON");
  CHECK(refused("intent", "{\"step\":1") == "the journal's intent record is not JSON");
  CHECK(refused("intent", "{\"step\":1}x") == "the journal's intent record is not JSON");
  CHECK(refused("intent", "[1]") ==
        "the journal's intent record is malformed: \"step\" is missing");
  CHECK(refused("rebooted", "{}") ==
        "the journal's rebooted record is malformed: a record of kind 'rebooted' is unknown");
}

TEST_CASE("each missing or wrong member of a plan, its nodes and its steps is named") {
  const auto whole = Json::parse(encode_plan(small_plan()));
  const auto check_members = [&](const Json::json_pointer& at) {
    for (const auto& [name, value] : whole[at].items()) {
      auto without = whole;
      without[at].erase(name);
      CHECK(decode_plan(without.dump()).error().what ==
            "the plan is malformed: \"" + name + "\" is missing");
      auto wrong = whole;
      wrong[at][name] = nullptr;
      CHECK(decode_plan(wrong.dump()).error().what ==
            "the plan is malformed: \"" + name + "\" has the wrong type");
    }
  };
  check_members(Json::json_pointer(""));
  check_members(Json::json_pointer("/nodes/0"));
  check_members(Json::json_pointer("/steps/3"));
}

TEST_CASE("a plan with nodes or steps that are no list, or out of order, is refused") {
  const auto whole = Json::parse(encode_plan(small_plan()));
  const auto with = [&](const std::string& pointer, Json value) {
    auto json = whole;
    json[Json::json_pointer(pointer)] = std::move(value);
    const auto plan = decode_plan(json.dump());
    return plan ? "accepted" : plan.error().what;
  };
  CHECK(with("/steps", Json::object()) == "the plan is malformed: \"steps\" has the wrong type");
  CHECK(with("/nodes", Json::object({{"a", whole["nodes"][0]}})) ==
        "the plan is malformed: \"nodes\" has the wrong type");
  CHECK(with("/nodes", 5) == "the plan is malformed: \"nodes\" has the wrong type");
  CHECK(with("/steps/2/number", 2) == "the plan is malformed: steps are out of order");
  CHECK(with("/steps/2/action", "reboot") ==
        "the plan is malformed: \"action\" is 'reboot', which is unknown");
  CHECK(with("/nodes/0/role", "boss") ==
        "the plan is malformed: \"role\" is 'boss', which is unknown");
  CHECK(with("/kind", "major") == "the plan is malformed: \"kind\" is 'major', which is unknown");
  CHECK(with("/target", "1.34") == "the plan is malformed: '1.34' is not a version like v1.34.2");
  CHECK(decode_plan("{").error().what == "the plan is not JSON");
}

TEST_CASE("what fired when a run was opened is kept, and need not be there") {
  const Opened with{small_plan(), "console:ana", "", {{"aside/0123456789abcdef", "DiskFull"}}};
  CHECK(std::get<Opened>(decode("opened", encode(with)).value()) == with);
  const Opened without{small_plan(), "console:ana", "", {}};
  CHECK(encode(without).find("baseline") == std::string::npos);
  CHECK(std::get<Opened>(decode("opened", encode(without)).value()) == without);
}

}  // namespace lockkeeper::test
