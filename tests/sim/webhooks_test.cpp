// SPDX-License-Identifier: Apache-2.0

// Webhooks may be lost, late or lies: what they can do to a run, and what they cannot.

#include <doctest/doctest.h>

#include "tests/sim/simulation.h"

namespace lockkeeper::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

/// A run of five nodes in which an alert fires behind the script of worker-4.
struct AlertBehindWorker4 : Simulation {
  explicit AlertBehindWorker4(bool webhook) : Simulation(make_model(1, 4, {1, 34, 2, {}})) {
    world.on_change = [this, webhook](const std::string& change) {
      if (change != "upgrade ended on worker-4") return;
      clock.after(Millis(1), [this, webhook] { fire({{"alertname", "KubeAPIDown"}}, webhook); });
    };
  }
  ~AlertBehindWorker4() override {
    for (const auto& violation : oracle.violations())
      FAIL_CHECK(violation);
  }
};

}  // namespace

TEST_CASE("without webhooks the gate says the same, a poll later at most") {
  const auto held_for = [](bool webhook) {
    AlertBehindWorker4 sim(webhook);
    sim.clock.after(minutes(40), [&] { sim.resolve("KubeAPIDown"); });
    REQUIRE(sim.order_surely("start 1.34.7").ok());
    REQUIRE(sim.run_to_end());
    CHECK(sim.ending() == Ending::done);
    std::vector<std::pair<Time, std::string>> held;
    for (const auto& record : sim.journal.records())
      if (const auto* body = std::get_if<Held>(&record.body))
        held.emplace_back(record.at, body->reasons.front().substr(0, 11));
    return held;
  };
  const auto with = held_for(true);
  const auto without = held_for(false);
  REQUIRE(with.size() == without.size());
  for (std::size_t i = 0; i < with.size(); ++i) {
    CHECK(with[i].second == without[i].second);
    CHECK(without[i].first - with[i].first <= sim_settings().gate.poll_interval);
  }
}

TEST_CASE("resolved messages open nothing while nobody can see") {
  AlertBehindWorker4 sim(true);
  sim.clock.after(minutes(20), [&] { sim.prometheus(false); });
  for (int i = 21; i < 80; ++i)
    sim.clock.after(minutes(i), [&] { sim.resolved_message(); });
  REQUIRE(sim.order_surely("start 1.34.7").ok());
  CHECK_FALSE(sim.run_to_end(hours(3)));
  CHECK(sim.model.at("worker-3").kubelet == Version{1, 34, 2, {}});
  CHECK_FALSE(sim.model.at("worker-3").unschedulable);
}

}  // namespace lockkeeper::sim
