// SPDX-License-Identifier: Apache-2.0

// How long `rules backtest` takes over thirty days at 15 s with 200 series and the shipped rules:
// a usual month, in which each alert fires now and then, and the worst one, in which all fire all
// the time.
//
// usage: backtest_bench RULES_INI

#include <fmt/format.h>

#include <chrono>
#include <ctime>

#include "bot/replay/backtest.h"
#include "config/load.h"

namespace lockkeeper::replay {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kSeries = 200;
constexpr Millis kMonth = hours(24 * 30);
constexpr Millis kStep = seconds(15);

Labels labels_of(std::size_t number) {
  if (number == 0) return {{"alertname", "Watchdog"}, {"severity", "none"}};
  const auto* const severity = number % 7 == 0 ? "critical" : "warning";
  return {{"alertname", fmt::format("KubeSomething{}", number % 40)},
          {"namespace", fmt::format("team-{}", number % 12)},
          {"pod", fmt::format("web-{}-5d9c7b6f4-x{}", number, number)},
          {"node", fmt::format("worker-{}", number % 9)},
          {"prometheus", "monitoring/k8s"},
          {"severity", severity}};
}

/// Each series fires for `lasts` of every `period`, shifted by its number; the Watchdog always.
History history_of(Millis period, Millis lasts) {
  auto builder = HistoryBuilder::grid(Time(hours(495'000)), Time(hours(495'000)) + kMonth, kStep);
  for (std::size_t number = 0; number < kSeries; ++number) {
    const auto series = builder->series(labels_of(number));
    const Millis shift = static_cast<std::int64_t>(number) * minutes(17);
    for (std::size_t look = 0; look < builder->looks().size(); ++look) {
      const Millis at = static_cast<std::int64_t>(look) * kStep + shift;
      if (number == 0 || at % period < lasts) builder->fires_in_look(series, look);
    }
  }
  return builder->finish();
}

void measure(std::string_view name, const History& history, const Settings& settings) {
  BacktestOptions options;
  options.nodes = node_names(history, settings.rules, 5);
  options.node_time = minutes(20);
  options.soak = minutes(10);
  options.soak_limit = hours(1);
  options.settle_limit = minutes(5);
  for (Time at = history.looks.front() + hours(9); at < history.looks.back(); at += hours(24))
    options.starts.push_back(at);
  const auto began = std::clock();  // of the processor: other work on the machine does not count
  const auto report = backtest(history, settings.rules, settings.gate, options);
  const double took = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  fmt::print("{}: {} looks, {} series, {} firings, {} runs: {:.2f} s\n", name, history.looks.size(),
             history.series.size(), history.firings.size(), report.runs.size(), took);
}

}  // namespace
}  // namespace lockkeeper::replay

int main(int argc, char** argv) {
  using lockkeeper::replay::history_of;
  using lockkeeper::replay::measure;
  const auto settings = lockkeeper::load_rules(argc > 1 ? argv[1] : "config/rules.ini");
  if (!settings) {
    fmt::print(stderr, "{}\n", lockkeeper::to_string(settings.error().front()));
    return 2;
  }
  measure("usual month, each alert 15m of each 12h",
          history_of(std::chrono::hours(12), std::chrono::minutes(15)), *settings);
  measure("worst month, all alerts always",
          history_of(std::chrono::hours(12), std::chrono::hours(12)), *settings);
  return 0;
}
