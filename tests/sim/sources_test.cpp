// SPDX-License-Identifier: Apache-2.0

// Runs with more than one source of alerts, and with silences for the node at work.

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tests/sim/simulation.h"

namespace lockkeeper::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

struct Three : Simulation {
  explicit Three(Settings the_settings)
      : Simulation(make_model(1, 2, {1, 34, 2, {}}), std::move(the_settings)) {
    silences.on_change = [this](const std::string& change) { changes.push_back(change); };
  }
  ~Three() override {
    for (const auto& violation : oracle.violations())
      FAIL_CHECK(violation);
  }

  void start() {
    const auto reply = order_surely("start 1.34.7");
    REQUIRE_MESSAGE(reply.ok(), reply.text);
  }
  [[nodiscard]] std::ptrdiff_t said(std::string_view text) const {
    return std::ranges::count_if(messages, [&](const Message& message) {
      return message.text.find(text) != std::string::npos;
    });
  }

  std::vector<std::string> changes;  // of silences
};

}  // namespace

TEST_CASE("a run waits while one of two Prometheus is away, and says which") {
  Three sim(with_replica());
  sim.clock.after(minutes(4), [&] { sim.model.replica_up = false; });
  sim.clock.after(hours(2), [&] { sim.model.replica_up = true; });
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::done);
  CHECK(sim.said("paused by the gate before") == 1);
  CHECK(sim.clock.moment().since_start > hours(2));
}

TEST_CASE("with quorum = 1 a run goes on without the other Prometheus") {
  auto settings = with_replica();
  settings.gate.quorum = 1;
  Simulation sim(make_model(1, 2, {1, 34, 2, {}}), settings);
  sim.clock.after(minutes(4), [&] { sim.model.replica_up = false; });
  sim.order_surely("start 1.34.7");
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::done);
  CHECK(sim.clock.moment().since_start < hours(1));
}

TEST_CASE("what people have silenced does not hold a rule that honors it") {
  auto settings = with_silences();
  settings.rules.fallback.honor_silences = true;
  Simulation sim(make_model(1, 2, {1, 34, 2, {}}), settings);
  sim.model.silenced_by_people = {"LegacyDisk"};
  sim.order_surely("start 1.34.7");
  sim.clock.after(minutes(4), [&] { sim.fire({{"alertname", "LegacyDisk"}}, false); });
  sim.clock.after(minutes(8), [&] { sim.model.alertmanager_up = false; });
  sim.clock.after(hours(1), [&] { sim.model.alertmanager_up = true; });
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::done);
  // While nobody could tell that it is silenced, it held the run.
  CHECK(sim.clock.moment().since_start > hours(1));
}

TEST_CASE("each node is silenced while it is worked on, and never longer") {
  Three sim(with_silences());
  std::set<std::string> covered;
  sim.world.on_change = [&](const std::string& change) {
    for (const auto& silence : sim.model.silences) {
      CHECK(silence.node == change.substr(change.rfind(' ') + 1));
      CHECK(silence.ends_at > sim.clock.now());
      covered.insert(silence.node);
    }
    if (change.starts_with("upgrade started")) CHECK(sim.model.silences.size() == 2);
  };
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::done);
  CHECK(covered == std::set<std::string>{"cp-1", "worker-1", "worker-2"});
  CHECK(sim.model.silences.empty());
  CHECK(sim.changes.size() == 12);
  CHECK(sim.changes.front() == "silenced KubeNodeNotReady on cp-1");
}

TEST_CASE("an alert on a node that we have silenced still holds our own gate") {
  Three sim(with_silences());
  sim.world.on_change = [&](const std::string& change) {
    if (change == "upgrade ended on worker-2") {
      sim.fire({{"alertname", "TargetDown"}, {"node", "worker-2"}}, false);
    }
  };
  sim.clock.after(hours(1), [&] { sim.resolve("TargetDown"); });
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(sim.said("TargetDown{node=\"worker-2\"}") == 1);
  CHECK(sim.clock.moment().since_start > hours(1));
}

TEST_CASE("an Alertmanager that is away is said once, and the run goes on") {
  Three sim(with_silences());
  sim.model.alertmanager_up = false;
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::done);
  CHECK(sim.changes.empty());
  CHECK(sim.said("may stand until their leases end") == 1);
  CHECK(sim.said("cannot be silenced") == 0);
}

TEST_CASE("an Alertmanager that goes away while a node is silenced: the lease ends it") {
  Three sim(with_silences());
  sim.world.on_change = [&](const std::string& change) {
    if (change == "upgrade started on cp-1") sim.model.alertmanager_up = false;
  };
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::done);
  REQUIRE(sim.model.silences.size() == 2);
  CHECK(sim.model.silences[0].ends_at < sim.clock.now());
  CHECK(sim.said("cp-1 cannot be silenced") == 1);
}

TEST_CASE("what a killed bot has silenced is found and taken back by the next one") {
  Three sim(with_silences());
  sim.faults.decide_with([&](std::uint64_t, std::string_view port) {
    const bool now = port == "evict" && sim.model.silences.size() == 2 && sim.lives() == 1;
    return now ? Fault::crash_after : Fault::none;
  });
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(sim.lives() == 2);
  CHECK(sim.ending() == Ending::done);
  CHECK(sim.model.silences.empty());
  CHECK(sim.changes.size() == 12);
}

}  // namespace lockkeeper::sim
