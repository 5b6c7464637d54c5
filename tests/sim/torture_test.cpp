// SPDX-License-Identifier: Apache-2.0

// Every call of every port of the canonical runs fails once, in each of four ways, the process
// dying included. After each the run must be closed, nothing may be broken on the way (the oracle),
// and once the faults have stopped a new start must carry the rest through.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tests/sim/simulation.h"

namespace lockkeeper::sim {
namespace {

constexpr int kAttemptsMax = 3;

struct Canonical {
  std::string name;
  std::string order;
  Version target;
  std::function<void(Simulation&)> prepare;
  Settings settings = sim_settings();
};

std::array<Canonical, 5> canonical_runs() {
  return {
      Canonical{"patch", "start 1.34.7", {1, 34, 7, {}}, [](Simulation&) {}},
      Canonical{"minor, containerd behind",
                "start 1.35.1",
                {1, 35, 1, {}},
                [](Simulation& sim) { sim.model.at("cp-1").containerd = "1.6.30"; }},
      Canonical{"patch with an alert on the way",
                "start 1.34.7",
                {1, 34, 7, {}},
                [](Simulation& sim) {
                  sim.clock.after(std::chrono::minutes(9), [&sim] {
                    sim.fire({{"alertname", "KubeAPIDown"}, {"severity", "critical"}});
                  });
                  sim.clock.after(std::chrono::minutes(14), [&sim] { sim.resolve("KubeAPIDown"); });
                }},
      Canonical{"patch with silences",
                "start 1.34.7",
                {1, 34, 7, {}},
                [](Simulation&) {},
                with_silences()},
      Canonical{"patch with an approval",
                "start 1.34.7",
                {1, 34, 7, {}},
                [](Simulation&) {},
                with_approvals()},
  };
}

/// As the settings want it: by one person or by two.
void start(Simulation& sim, const Canonical& run) {
  if (run.settings.authority.approvals > 0) {
    sim.order_approved(run.order);
  } else {
    sim.order_surely(run.order);
  }
}

/// How many port calls the undisturbed run makes.
std::uint64_t calls_of(const Canonical& run) {
  Simulation sim(make_model(1, 4, {1, 34, 2, {}}), run.settings);
  run.prepare(sim);
  start(sim, run);
  REQUIRE(sim.run_to_end());
  REQUIRE(sim.ending() == Ending::done);
  return sim.faults.calls();
}

/// The run with one fault at one call; then, without faults, as many starts as it takes.
std::string disturbed(const Canonical& run, std::uint64_t at, Fault fault) {
  Simulation sim(make_model(1, 4, {1, 34, 2, {}}), run.settings);
  run.prepare(sim);
  sim.faults.decide_with(
      [&](std::uint64_t number, std::string_view) { return number == at ? fault : Fault::none; });
  for (int attempt = 0; attempt < kAttemptsMax && !sim.all_on(run.target); ++attempt) {
    start(sim, run);
    if (!sim.run_to_end()) return "the run was not closed within three days";
    // An operator comes back later; what fired meanwhile is over.
    sim.clock.pass(std::chrono::hours(1));
  }
  if (!sim.oracle.violations().empty()) return sim.oracle.violations().front();
  if (!sim.all_on(run.target))
    return fmt::format("not carried through: {}", sim.messages.back().text);
  if (!sim.model.claim.empty()) return "the claim was not given back";
  // What could not be taken back has ended by itself.
  const auto stands = [&](const OwnSilence& silence) {
    return silence.ends_at > sim.clock.cluster_now();
  };
  if (std::ranges::any_of(sim.model.silences, stands)) return "a silence stands for ever";
  return {};
}

}  // namespace

TEST_CASE("every port call of the canonical runs fails once and crashes once") {
  for (const auto& run : canonical_runs()) {
    const std::uint64_t calls = calls_of(run);
    int points = 0;
    for (std::uint64_t at = 1; at <= calls; ++at) {
      for (const auto fault :
           {Fault::error_before, Fault::error_after, Fault::crash_before, Fault::crash_after}) {
        const auto trouble = disturbed(run, at, fault);
        ++points;
        CHECK_MESSAGE(trouble.empty(), fmt::format("{}, call {}, fault {}: {}", run.name, at,
                                                   static_cast<int>(fault), trouble));
      }
    }
    MESSAGE(fmt::format("{}: {} points", run.name, points));
  }
}

}  // namespace lockkeeper::sim
