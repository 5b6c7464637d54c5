// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/evacuation.h"

#include <doctest/doctest.h>

using namespace lockkeeper;
using namespace lockkeeper::kubernetes;
using namespace std::chrono_literals;

namespace {

Pod pod(const std::string& name, std::int64_t priority = 0, const std::string& owner = "web") {
  Pod made;
  made.space = "shop";
  made.name = name;
  made.uid = "uid-" + name;
  made.phase = "Running";
  made.ready = true;
  made.priority = priority;
  made.labels = {{"app", owner}};
  made.controller = Controller{"apps/v1", "ReplicaSet", owner, "rs-" + owner};
  return made;
}

Budget budget(const std::string& app, std::int64_t allowed) {
  Budget made;
  made.space = "shop";
  made.name = app;
  made.selector.given = true;
  made.selector.labels = {{"app", app}};
  made.allowed = allowed;
  made.current = true;
  return made;
}

Moment at(Millis since) {
  return {since};
}

EvictionVerdict said(EvictionAnswer answer, Millis retry_after = {}) {
  return {answer, "needs 3", retry_after, false};
}

/// Everything that is to be asked now, by name.
std::vector<std::string> asked(Evacuation& evacuation, Moment now) {
  std::vector<std::string> names;
  while (auto task = evacuation.next(now))
    names.push_back((task->kind == Task::Kind::look ? "look " : "") + task->pod.name);
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("the least critical pods are asked first, and only so many at once") {
  Evacuation evacuation({.parallel = 2});
  for (const auto& each : {pod("dns", 2'000'000), pod("web-2"), pod("web-1"), pod("batch", -5)})
    evacuation.seen(each, at(0s));
  CHECK(asked(evacuation, at(0s)) == Names{"batch", "web-1"});
  evacuation.answered("uid-batch", said(EvictionAnswer::accepted), at(1s));
  CHECK(asked(evacuation, at(1s)) == Names{"web-2"});
  evacuation.answered("uid-web-1", said(EvictionAnswer::gone), at(2s));
  CHECK(asked(evacuation, at(2s)) == Names{"dns"});
  CHECK(evacuation.gone() == 1);
  CHECK(evacuation.in_flight() == 2);
}

TEST_CASE("a pod that is leaving already is waited for, not asked") {
  Evacuation evacuation({});
  auto leaving = pod("web-1");
  leaving.deleted_at = "2026-11-20T18:41:00Z";
  evacuation.seen(leaving, at(0s));
  CHECK(asked(evacuation, at(0s)).empty());
  CHECK_FALSE(evacuation.empty());
  CHECK(evacuation.remaining()[0].state == Remaining::State::leaving);
  evacuation.vanished("uid-web-1");
  CHECK(evacuation.empty());
}

TEST_CASE("an unknown outcome is looked into before anything is repeated") {
  Evacuation evacuation({});
  evacuation.seen(pod("web-1"), at(0s));
  CHECK(asked(evacuation, at(0s)) == Names{"web-1"});
  evacuation.answered("uid-web-1", said(EvictionAnswer::look), at(1s));
  CHECK(asked(evacuation, at(1s)) == Names{"look web-1"});
  SUBCASE("it had been accepted") {
    evacuation.looked("uid-web-1", PodLook::leaving, at(2s));
    CHECK(asked(evacuation, at(60s)).empty());
  }
  SUBCASE("it is gone, or another pod of the same name") {
    evacuation.looked("uid-web-1", PodLook::gone, at(2s));
    CHECK(evacuation.empty());
  }
  SUBCASE("nothing had happened: it is asked again, later") {
    evacuation.looked("uid-web-1", PodLook::unchanged, at(2s));
    CHECK(asked(evacuation, at(2s)).empty());
    CHECK(asked(evacuation, at(3s)) == Names{"web-1"});
  }
  SUBCASE("it cannot be read: it is looked at again, later and later") {
    evacuation.looked("uid-web-1", PodLook::unknown, at(2s));
    CHECK(asked(evacuation, at(3s)) == Names{"look web-1"});
    evacuation.looked("uid-web-1", PodLook::unknown, at(3s));
    CHECK(asked(evacuation, at(4s)).empty());
    CHECK(asked(evacuation, at(5s)) == Names{"look web-1"});
  }
}

TEST_CASE("without news of its budget a held pod knocks every five seconds") {
  Evacuation evacuation({});
  evacuation.seen(pod("web-1"), at(0s));
  static_cast<void>(asked(evacuation, at(0s)));
  CHECK_FALSE(evacuation.met_budget());
  evacuation.answered("uid-web-1", said(EvictionAnswer::full), at(1s));
  CHECK(evacuation.met_budget());
  CHECK(evacuation.remaining()[0].state == Remaining::State::held);
  CHECK(evacuation.remaining()[0].why == "needs 3");
  CHECK(asked(evacuation, at(5s)).empty());
  CHECK(asked(evacuation, at(6s)) == Names{"web-1"});
}

TEST_CASE("with news of it, many pods behind one budget knock as one") {
  Evacuation evacuation({.parallel = 10});
  for (int i = 0; i < 8; ++i)
    evacuation.seen(pod("web-" + std::to_string(i)), at(0s));
  evacuation.budgets({budget("web", 0)});
  CHECK(asked(evacuation, at(0s)) == Names{"web-0"});
  evacuation.answered("uid-web-0", said(EvictionAnswer::full), at(0s));
  CHECK(asked(evacuation, at(4s)).empty());
  CHECK(asked(evacuation, at(5s)).size() == 1);
}

TEST_CASE("as soon as a budget allows three, three go") {
  Evacuation evacuation({.parallel = 10});
  for (int i = 0; i < 8; ++i)
    evacuation.seen(pod("web-" + std::to_string(i)), at(0s));
  evacuation.seen(pod("api-1", 0, "api"), at(0s));
  evacuation.budgets({budget("web", 0)});
  CHECK(asked(evacuation, at(0s)) == Names{"api-1", "web-0"});
  evacuation.answered("uid-web-0", said(EvictionAnswer::full), at(0s));
  evacuation.budget(budget("web", 3));
  CHECK(asked(evacuation, at(1s)).size() == 3);
  CHECK(asked(evacuation, at(1s)).empty());
}

TEST_CASE("when the server refuses although the news allowed it, the server is believed") {
  Evacuation evacuation({.parallel = 4});
  evacuation.seen(pod("web-1"), at(0s));
  evacuation.budgets({budget("web", 5)});
  int requests = 0;
  for (int tick = 0; tick < 40; ++tick) {
    const auto now = at(100ms * tick);
    for (const auto& name : asked(evacuation, now)) {
      ++requests;
      evacuation.answered("uid-" + name, said(EvictionAnswer::full), now);
    }
  }
  CHECK(requests == 1);
}

TEST_CASE("a finished pod is asked whatever its budget says") {
  Evacuation evacuation({});
  auto over = pod("job-1");
  over.phase = "Succeeded";
  evacuation.budgets({budget("web", 0)});
  evacuation.seen(pod("web-1"), at(0s));
  evacuation.seen(over, at(0s));
  CHECK(asked(evacuation, at(0s)) == Names{"job-1", "web-1"});
}

TEST_CASE("pods that are not Ready are asked each for itself, because budgets may let them go") {
  Evacuation evacuation({});
  evacuation.budgets({budget("web", 0)});
  for (int i = 0; i < 3; ++i) {
    auto sick = pod("web-" + std::to_string(i));
    sick.ready = false;
    evacuation.seen(sick, at(0s));
  }
  CHECK(asked(evacuation, at(0s)).size() == 3);
}

TEST_CASE("a budget that is deleted or changes its selector holds nobody any more") {
  Evacuation evacuation({});
  evacuation.budgets({budget("web", 0)});
  evacuation.seen(pod("web-1"), at(0s));
  static_cast<void>(asked(evacuation, at(0s)));
  evacuation.answered("uid-web-1", said(EvictionAnswer::full), at(0s));
  SUBCASE("deleted") {
    evacuation.budget_deleted("shop/web");
  }
  SUBCASE("of other pods now") {
    auto other = budget("web", 0);
    other.selector.labels = {{"app", "api"}};
    evacuation.budget(other);
  }
  SUBCASE("not in the list any more") {
    evacuation.budgets({budget("api", 0)});
  }
  CHECK(asked(evacuation, at(6s)) == Names{"web-1"});
}

TEST_CASE("a list that lacks a pod means it is gone, with its answer still to come") {
  Evacuation evacuation({.parallel = 1});
  evacuation.seen(pod("web-1"), at(0s));
  evacuation.seen(pod("web-2"), at(0s));
  static_cast<void>(asked(evacuation, at(0s)));
  evacuation.listed({"uid-web-2"});
  CHECK(evacuation.in_flight() == 0);
  evacuation.answered("uid-web-1", said(EvictionAnswer::accepted), at(1s));
  CHECK(evacuation.in_flight() == 0);
  CHECK(asked(evacuation, at(1s)) == Names{"web-2"});
}

TEST_CASE("a controller that keeps putting pods back is named") {
  Evacuation evacuation({.returns_max = 3});
  for (int i = 0; i < 5; ++i) {
    evacuation.seen(pod("web-" + std::to_string(i)), at(1s * i));
    CHECK(evacuation.hopeless().has_value() == (i > 3));
    evacuation.vanished("uid-web-" + std::to_string(i));
  }
  REQUIRE(evacuation.hopeless().has_value());
  CHECK(*evacuation.hopeless() ==
        "ReplicaSet shop/web puts pods back onto the cordoned node (now web-4, 4 times)");
}

TEST_CASE("many pods of one controller on the node are no return") {
  Evacuation evacuation({.returns_max = 3});
  for (int i = 0; i < 50; ++i)
    evacuation.seen(pod("web-" + std::to_string(i)), at(0s));
  for (int i = 0; i < 50; ++i)
    evacuation.vanished("uid-web-" + std::to_string(i));
  evacuation.seen(pod("web-late"), at(9s));
  CHECK_FALSE(evacuation.hopeless().has_value());
}

TEST_CASE("a pod that can never be evicted ends the hope, with the server's words") {
  Evacuation evacuation({});
  evacuation.seen(pod("web-1"), at(0s));
  static_cast<void>(asked(evacuation, at(0s)));
  evacuation.answered("uid-web-1", said(EvictionAnswer::impossible), at(1s));
  CHECK(*evacuation.hopeless() == "shop/web-1 cannot be evicted: needs 3");
  CHECK(asked(evacuation, at(100s)).empty());
}

TEST_CASE("a busy server is asked again after growing pauses, or when it says") {
  Evacuation evacuation({});
  evacuation.seen(pod("web-1"), at(0s));
  static_cast<void>(asked(evacuation, at(0s)));
  evacuation.answered("uid-web-1", said(EvictionAnswer::busy, 9s), at(0s));
  CHECK(asked(evacuation, at(8s)).empty());
  CHECK(asked(evacuation, at(9s)).size() == 1);
  evacuation.answered("uid-web-1", said(EvictionAnswer::busy), at(9s));
  CHECK(asked(evacuation, at(10s)).empty());
  CHECK(asked(evacuation, at(11s)).size() == 1);
}
