// SPDX-License-Identifier: Apache-2.0

// How long the rules take to judge many alerts, the gate to absorb a poll and to answer, and a line
// of matchers to be read. The alerts are those of a bad day: most of them are matched by no rule,
// so every rule is tried for each.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "bot/gate.h"
#include "rules/evaluate.h"

namespace lockkeeper::bench {
namespace {

constexpr int kAlerts = 10'000;
constexpr int kRules = 200;

std::vector<Labels> alerts(std::int64_t count) {
  std::vector<Labels> made;
  for (std::int64_t i = 0; i < count; ++i) {
    made.emplace_back(std::vector<Labels::Pair>{
        {"alertname", fmt::format("Alert{}", i % 500)},
        {"namespace", fmt::format("team-{}", i % 97)},
        {"severity", i % 3 == 0 ? "critical" : "warning"},
        {"instance", fmt::format("10.0.{}.{}:9100", i / 250 % 250, i % 250)},
        {"node", fmt::format("worker-{}", i % 1'000)},
        {"prometheus", "monitoring/k8s"}});
  }
  return made;
}

/// Equality, alternations of names, prefixes, and patterns that only the automaton can decide.
std::string line_of(int number) {
  switch (number % 4) {
    case 0:
      return fmt::format(R"(alertname="Other{}", severity="critical")", number);
    case 1:
      return fmt::format(R"(alertname=~"Other{0}|More{0}|Etcd{0}", namespace!="team-1")", number);
    case 2:
      return fmt::format(R"(alertname=~"Other{}.*")", number);
    default:
      return fmt::format(R"(namespace=~"(shop|bank)-{}[a-z]+", severity=~"warn(ing)?")", number);
  }
}

RuleBook book(std::int64_t count) {
  RuleBook made;
  for (int i = 0; i < count; ++i) {
    Rule rule;
    rule.name = fmt::format("rule-{}", i);
    rule.match.push_back(parse_matchers(line_of(i)).value());
    if (i % 8 == 0) rule.node = parse_node_template("${labels.node}").value();
    made.rules.push_back(std::move(rule));
  }
  made.fallback.name = "default_action";
  made.watchdog = parse_matchers("alertname=\"Watchdog\"").value();
  return made;
}

Situation situation() {
  Situation made;
  made.phase = Phase::between;
  for (int i = 0; i < 1'000; ++i)
    made.nodes[fmt::format("worker-{}", i)] = {NodeStanding::pending, Millis{60'000}};
  return made;
}

void decide_everything(benchmark::State& state) {
  const auto all = alerts(state.range(0));
  const auto rules = book(state.range(1));
  const auto where = situation();
  for (auto _ : state)
    benchmark::DoNotOptimize(decide_all(rules, all, where));
}

void parse_one_line(benchmark::State& state) {
  const std::string line = line_of(static_cast<int>(state.range(0)));
  for (auto _ : state)
    benchmark::DoNotOptimize(parse_matchers(line));
  state.SetLabel(line);
}

/// What each turn of the runner asks, with that many alerts in the newest poll.
void ask_gate(benchmark::State& state) {
  Gate gate(book(kRules), {});
  Sighting sighting{
      .good = true, .why_not = {}, .firing = alerts(state.range(0)), .watchdog = true};
  const Moment now{Millis{1'000}};  // stands still: time alone would make the gate blind
  gate.saw(sighting, now);
  const auto where = situation();
  for (auto _ : state) {
    benchmark::DoNotOptimize(gate.ask(where, now));
  }
}

/// One poll of Prometheus comes in, and the gate is asked.
void poll_and_ask(benchmark::State& state) {
  Gate gate(book(kRules), {});
  const Sighting sighting{
      .good = true, .why_not = {}, .firing = alerts(state.range(0)), .watchdog = true};
  const Moment now{Millis{1'000}};
  const auto where = situation();
  for (auto _ : state) {
    gate.saw(sighting, now);
    benchmark::DoNotOptimize(gate.ask(where, now));
  }
}

BENCHMARK(decide_everything)->Args({kAlerts, kRules})->Unit(benchmark::kMillisecond);
BENCHMARK(parse_one_line)->DenseRange(0, 3)->Unit(benchmark::kMicrosecond);
BENCHMARK(ask_gate)->Arg(0)->Arg(100)->Arg(kAlerts)->Unit(benchmark::kMicrosecond);
BENCHMARK(poll_and_ask)->Arg(0)->Arg(100)->Arg(kAlerts)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace lockkeeper::bench

BENCHMARK_MAIN();
