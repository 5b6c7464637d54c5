// SPDX-License-Identifier: Apache-2.0
#include "config/difference.h"

#include <doctest/doctest.h>

#include "tests/unit/config/loading.h"

using namespace lockkeeper;
using namespace lockkeeper::testing;
using Lines = std::vector<std::string>;

namespace {

const std::string kStorage = "[rule storage]\nmatch = team=\"storage\"\naction = pause\n";
const std::string kNetwork = "[rule network]\nmatch = team=\"network\"\naction = notify\n";

Difference between(const std::string& before, const std::string& after) {
  // In one folder, at which relative paths start.
  const TemporaryFolder folder;
  return difference(loaded(folder, kRequired + before), loaded(folder, kRequired + after));
}

}  // namespace

TEST_CASE("the same text makes no difference, wherever it stands") {
  CHECK(between(kStorage + kNetwork, "\n\n" + kStorage + "# a comment\n" + kNetwork).none());
}

TEST_CASE("rules that come, go and change are told by name and key") {
  const auto found = between(kStorage + kNetwork,
                             "[rule storage]\nmatch = team=\"storage\"\n"
                             "action = pause\nresume_after = 5m\n"
                             "[rule new]\nmatch = a=\"b\"\naction = ignore\n");
  CHECK(found.now == Lines{"rule network removed", "rule storage: resume_after 2m -> 5m",
                           "rule new added: ignore"});
  CHECK(found.later.empty());
}

TEST_CASE("the order of rules is a difference of its own") {
  const auto found = between(kStorage + kNetwork, kNetwork + kStorage);
  CHECK(found.now == Lines{"the rules are tried in another order"});
}

TEST_CASE("a key that was not there is told as none") {
  const auto found = between(kStorage, kStorage + "reason = call ${labels.team}\n");
  CHECK(found.now == Lines{"rule storage: reason (none) -> call ${labels.team}"});
}

TEST_CASE("what a window does at its end is told, though its words do not say it") {
  const std::string rule = kStorage +
                           "active = night\n[window night]\ndays = any\ntime = 22:00-06:00\n"
                           "zone = UTC\n";
  const auto found = between(rule, rule + "end_action = pause\n");
  REQUIRE(found.now.size() == 1);
  CHECK(found.now[0].ends_with(", end_action pause"));
}

TEST_CASE("of [gate], what weighs alerts is taken over, and the rest waits for a start") {
  const auto found = between(kStorage, kStorage +
                                           "[gate]\nresume_after = 5m\npoll_interval = 30s\n"
                                           "blind_after = 2m\nignore_labels = replica\n");
  CHECK(found.now == Lines{"rule storage: resume_after 2m -> 5m", "[gate]: blind_after 45s -> 2m",
                           "[gate]: resume_after 2m -> 5m"});
  CHECK(found.later ==
        Lines{"[gate]: ignore_labels (none) -> replica", "[gate]: poll_interval 15s -> 30s"});
}

TEST_CASE("every other section waits for a start, and a secret is told by its source") {
  const auto found = between(kStorage, kStorage +
                                           "[http]\nport = 9000\nwebhook_token_file = t\n"
                                           "[client ops]\ntoken_env = OPS\n");
  REQUIRE(found.later.size() == 3);
  CHECK(found.later[0] == "[http]: port 8099 -> 9000");
  CHECK(found.later[1].starts_with("[http]: webhook_token_file (none) -> "));
  CHECK(found.later[2] == "[client ops] is new or changed");
  CHECK(found.now.empty());
}

TEST_CASE("what is taken over leaves the rest as it was") {
  const auto before = loaded(kRequired + kStorage);
  const auto after = loaded(kRequired + kNetwork +
                            "[gate]\ndefault_action = abort\nresume_after = 9m\n"
                            "poll_interval = 30s\nblind_after = 2m\nignore_labels = replica\n");
  const auto settings = reloaded(before, after);
  CHECK(settings.rules.rules.back().name == "network");
  CHECK(settings.rules.fallback.action == RuleAction::abort);
  CHECK(settings.gate.resume_after == std::chrono::minutes(9));
  CHECK(settings.gate.blind_after == std::chrono::minutes(2));
  CHECK(settings.gate.poll_interval == before.gate.poll_interval);
  CHECK(settings.rules.ignore_labels.empty());
}

TEST_CASE("a digest tells rules apart by what they say, not by where they stand") {
  const auto of = [](const std::string& text) { return digest(loaded(kRequired + text).rules); };
  CHECK(of(kStorage + kNetwork) == of("\n# moved\n" + kStorage + "\n" + kNetwork));
  CHECK(of(kStorage + kNetwork) != of(kNetwork + kStorage));
  CHECK(of(kStorage) != of(kStorage + "sticky = yes\n"));
  CHECK(of(kStorage) != of(kStorage + "[gate]\ndefault_action = abort\n"));
  CHECK(of(kStorage).size() == 8);
}
