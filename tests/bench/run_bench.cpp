// SPDX-License-Identifier: Apache-2.0

// How fast the run itself is, on virtual time: whole upgrades of five nodes with the real planner,
// runner, gate and rules over the simulated cluster (all invariants checked on the way), and the
// plan of a very large cluster. One thread.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "bot/course.h"
#include "bot/planner.h"
#include "bot/progress.h"
#include "tests/sim/simulation.h"

namespace lockkeeper::bench {
namespace {

const Version kOld{1, 34, 2, {}};
const Version kTarget{1, 34, 7, {}};

void simulated_upgrades(benchmark::State& state) {
  for (auto _ : state) {
    sim::Simulation world(sim::make_model(1, static_cast<int>(state.range(0)) - 1, kOld));
    world.order_surely("start 1.34.7");
    const bool ended = world.run_to_end();
    if (!ended || !world.all_on(kTarget) || !world.oracle.violations().empty()) {
      state.SkipWithError("the upgrade did not reach its end");
      return;
    }
  }
  state.counters["upgrades/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

ClusterFacts cluster(std::int64_t nodes) {
  ClusterFacts facts;
  facts.taken = Time{Millis{1'795'176'000'000}};
  facts.api_server = kOld;
  facts.api_server_text = "v1.34.2";
  facts.namespace_found = true;
  for (std::int64_t i = 0; i < nodes; ++i) {
    NodeFacts node;
    node.name = fmt::format("node-{:04}", i);
    node.uid = fmt::format("uid-{}", i);
    node.address = fmt::format("10.{}.{}.{}", i / 62'500, i / 250 % 250, i % 250);
    node.control_plane = i < 3;
    node.kubelet = kOld;
    node.kubelet_text = "v1.34.2";
    node.runtime = "containerd://1.7.27";
    node.ready = Condition::yes;
    node.ready_changed = "2026-11-13T12:00:00Z";
    facts.nodes.push_back(std::move(node));
  }
  return facts;
}

std::expected<Plan, Refusal> planned(const ClusterFacts& facts) {
  const std::vector<std::string> words = {"1.34.7"};
  Settings settings;
  settings.cluster.name = "large";
  return make_plan(facts, parse_request_words(words).value(), settings, "r-bench");
}

void plan(benchmark::State& state) {
  const auto facts = cluster(state.range(0));
  std::size_t steps = 0;
  for (auto _ : state) {
    const auto made = planned(facts);
    if (!made) {
      state.SkipWithError(made.error().reasons.front().c_str());
      return;
    }
    steps = made->steps.size();
  }
  state.counters["steps"] = static_cast<double>(steps);
}

/// What the runner works out each time before it asks the gate: about once a second.
void situation(benchmark::State& state) {
  const auto made = planned(cluster(state.range(0)));
  if (!made) {
    state.SkipWithError(made.error().reasons.front().c_str());
    return;
  }
  const std::vector<Record> records = {{1, Time{}, "r-bench", Opened{*made, "console:ana", ""}}};
  const auto progress = fold(records).value();
  for (auto _ : state)
    benchmark::DoNotOptimize(
        situation_at(progress, made->steps.front(), Phase::between, Time{Millis{1'000}}));
}

BENCHMARK(simulated_upgrades)->Arg(5)->Arg(50)->Unit(benchmark::kMillisecond);
BENCHMARK(plan)->Arg(5)->Arg(5'000)->Unit(benchmark::kMillisecond);
BENCHMARK(situation)->Arg(5)->Arg(50)->Arg(500)->Arg(5'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lockkeeper::bench

BENCHMARK_MAIN();
