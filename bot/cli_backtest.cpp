// SPDX-License-Identifier: Apache-2.0

// rules backtest: what these rules would have done to upgrades in the past.

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "bot/cli_commands.h"
#include "bot/replay/backtest_picture.h"
#include "bot/replay/backtest_text.h"
#include "config/bounded_file.h"
#include "config/load.h"
#include "integrations/prometheus/past.h"
#include "integrations/system/files.h"
#include "integrations/system/real_clock.h"

namespace lockkeeper::cli {
namespace {

// A month of 200 alerts that all fire is about 700 MB of JSON; that is for Prometheus itself.
constexpr std::size_t kHistoryBytesMax = 256UL << 20;
constexpr int kNodesMax = 5'000;
constexpr Millis kDay = std::chrono::hours(24);
constexpr Millis kStepMin = std::chrono::seconds(1);
constexpr std::string_view kDefaultStart = "09:00";

/// "2026-11-20T17:35:00Z", "2026-11-20", or "30d" for that long before `base`.
Result<Time> when(const std::string& text, Time base) {
  if (const auto ago = parse_duration(text)) return base - *ago;
  if (const auto day = parse_time(text + "T00:00:00Z")) return *day;
  if (const auto at = parse_time(text)) return *at;
  return fail(
      fmt::format("'{}' is no time; write 2026-11-20T17:35:00Z, 2026-11-20, or 30d for 30 "
                  "days ago",
                  clipped(text, 40)));
}

Result<Millis> length(std::string_view option, const std::string& text, Millis fallback,
                      Millis least) {
  if (text.empty()) return fallback;
  const auto read = parse_duration(text);
  if (!read) return fail(fmt::format("{}: {}", option, read.error().what));
  if (*read < least) return fail(fmt::format("{}: at least {}", option, to_string(least)));
  return *read;
}

/// "09:00" as the time of each day, anything else as one time.
Status add_starts(const std::string& text, Time from, Time to, std::vector<Time>& starts) {
  if (text.size() == 5 && text[2] == ':') {
    const auto day = std::chrono::floor<std::chrono::days>(from);
    const auto clock = parse_time(fmt::format("1970-01-01T{}:00Z", text));
    if (!clock) return fail(fmt::format("--start: '{}' is no time of day", text));
    for (Time at = day + clock->time_since_epoch(); at <= to; at += kDay) {
      if (at >= from) starts.push_back(at);
    }
    return {};
  }
  const auto at = parse_time(text);
  if (!at) {
    return fail(
        fmt::format("--start: '{}' is neither 09:00, for each day, nor a time such as "
                    "2026-11-20T17:35:00Z",
                    clipped(text, 40)));
  }
  if (*at < from || *at > to) {
    return fail(fmt::format("--start: {} lies outside of the history", text));
  }
  starts.push_back(*at);
  return {};
}

/// Answers of a range query that somebody kept in a file.
Result<replay::History> from_matrix(std::string_view text) {
  const auto answer = prometheus::read_query_answer(text);
  if (!answer) return std::unexpected(answer.error());
  if (answer->result_type != "matrix") return fail("not the answer of a range query");
  std::optional<Time> from;
  std::optional<Time> to;
  std::optional<Millis> step;
  for (const auto& series : answer->series) {
    for (std::size_t i = 0; i < series.samples.size(); ++i) {
      const Time at = series.samples[i].at;
      from = std::min(from.value_or(at), at);
      to = std::max(to.value_or(at), at);
      if (i == 0) continue;
      const Millis after = at - series.samples[i - 1].at;
      if (after <= Millis(0)) return fail("the samples of a series do not ascend");
      step = std::min(step.value_or(after), after);
    }
  }
  if (!step) return fail("no series has two samples");
  auto builder = replay::HistoryBuilder::grid(*from, *to, *step);
  if (!builder) return std::unexpected(builder.error());
  for (const auto& series : answer->series) {
    const auto state = series.labels.get("alertstate");
    if (!state.empty() && state != "firing") continue;
    const auto number = builder->series(prometheus::alert_labels(series.labels));
    for (const auto& sample : series.samples) {
      if (sample.value != 0) builder->fires(number, sample.at);
    }
  }
  return builder->finish();
}

Result<replay::History> from_file(const std::filesystem::path& file) {
  const auto content = read_bounded_file(file, kHistoryBytesMax);
  if (!content) return fail(fmt::format("{}: {}", file.string(), content.error().what));
  // A range query's answer begins with its status; a line of recorded polls has none.
  const auto head = std::string_view(content->text).substr(0, 200);
  auto history = head.contains("\"status\"") ? from_matrix(content->text)
                                             : replay::read_recorded_polls(content->text);
  if (!history) return fail(fmt::format("{}: {}", file.string(), history.error().what));
  return history;
}

Result<replay::History> from_prometheus(const Settings& settings, const prometheus::Range& range,
                                        bool assume_sight) {
  if (settings.prometheus.url.empty()) {
    return fail("no Prometheus to ask: give [prometheus] url, --url or --file");
  }
  prometheus::Past past(settings.prometheus);
  auto builder = replay::HistoryBuilder::grid(range.from, range.to, range.step);
  if (!builder) return std::unexpected(builder.error());
  const auto got = past.alerts(range, [&](const prometheus::Series& series) {
    const auto number = builder->series(series.labels);
    for (const auto& sample : series.samples)
      builder->fires(number, sample.at);
  });
  if (!got) return std::unexpected(got.error());
  if (!assume_sight) {
    const auto& book = settings.rules;
    const auto timed = past.watchdog_times(
        range, book.watchdog, book.external_labels, [&](const prometheus::Series& series) {
          for (const auto& sample : series.samples) {
            builder->newest_sample(sample.at,
                                   Time(Millis(static_cast<std::int64_t>(sample.value * 1000.0))));
          }
        });
    if (!timed) return std::unexpected(timed.error());
  }
  const auto interval = past.evaluation_interval();
  if (interval && range.step > *interval) {
    fmt::print(stderr,
               "step {} is longer than the evaluation interval {}: a short alert may be "
               "missed; --step {} sees all\n",
               to_string(range.step), to_string(*interval), to_string(*interval));
  }
  return builder->finish();
}

Result<replay::History> history_of(const BacktestWords& words, Settings& settings) {
  if (!words.history.empty()) {
    if (!words.from.empty() || !words.to.empty() || !words.step.empty() || !words.url.empty()) {
      return fail("--file has its own times: leave out --from, --to, --step and --url");
    }
    return from_file(words.history);
  }
  if (words.from.empty()) return fail("give --from, such as --from 30d, or --file");
  const Time now = system::RealClock().now();
  const auto to = words.to.empty() ? Result<Time>(now) : when(words.to, now);
  if (!to) return fail("--to: " + to.error().what);
  const auto from = when(words.from, *to);
  if (!from) return fail("--from: " + from.error().what);
  if (*from >= *to) return fail("--from must lie before --to");
  const auto step = length("--step", words.step, settings.gate.poll_interval, kStepMin);
  if (!step) return std::unexpected(step.error());
  if (!words.url.empty()) settings.prometheus.url = words.url;
  return from_prometheus(settings, {*from, *to, *step}, words.assume_sight);
}

Result<replay::BacktestOptions> options_of(const BacktestWords& words, const Settings& settings,
                                           const replay::History& history) {
  replay::BacktestOptions options;
  const auto node_time = length("--node-time", words.node_time, std::chrono::minutes(20), kStepMin);
  if (!node_time) return std::unexpected(node_time.error());
  const auto soak = length("--soak", words.soak, settings.upgrade.soak, Millis(0));
  if (!soak) return std::unexpected(soak.error());
  if (words.nodes < 1 || words.nodes > kNodesMax) {
    return fail(fmt::format("--nodes: from 1 to {}", kNodesMax));
  }
  options.node_time = *node_time;
  options.soak = *soak;
  options.soak_limit = std::max(settings.upgrade.soak_limit, 2 * *soak);
  options.settle_limit = settings.preflight.limit / 2;  // as the preflight itself waits
  options.assume_sight = words.assume_sight;
  options.nodes =
      words.node_names.empty()
          ? replay::node_names(history, settings.rules, static_cast<std::size_t>(words.nodes))
          : words.node_names;
  const Time from = history.looks.front();
  const Time to = history.looks.back();
  for (const auto& start : words.starts) {
    const auto added = add_starts(start, from, to, options.starts);
    if (!added) return std::unexpected(added.error());
  }
  if (words.starts.empty()) {
    static_cast<void>(add_starts(std::string(kDefaultStart), from, to, options.starts));
    // A history of some hours is one run.
    if (options.starts.empty()) options.starts.push_back(from);
  }
  std::ranges::sort(options.starts);
  return options;
}

bool watchdog_seen(const replay::History& history, const RuleBook& book) {
  return std::ranges::any_of(history.series, [&](const Labels& labels) {
    return matches(book.watchdog, normalised(labels, book.external_labels, book.ignore_labels));
  });
}

int refuse(const Failure& failure) {
  fmt::print(stderr, "{}\n", failure.what);
  return kMisused;
}

}  // namespace

int rules_backtest(const BacktestWords& words) {
  auto settings = load_rules(words.file);
  if (!settings) {
    for (const auto& error : settings.error())
      fmt::print(stderr, "{}\n", to_string(error));
    return kMisused;
  }
  const auto history = history_of(words, *settings);
  if (!history) return refuse(history.error());
  const auto options = options_of(words, *settings, *history);
  if (!options) return refuse(options.error());
  if (!words.assume_sight && !watchdog_seen(*history, settings->rules)) {
    return refuse(
        {fmt::format("no alert of the history is the Watchdog, {}, so nothing in it is "
                     "known; set watchdog in [gate], or take --assume-sight",
                     to_string(settings->rules.watchdog))});
  }
  const auto report = replay::backtest(*history, settings->rules, settings->gate, *options);
  if (!words.svg.empty()) {
    const auto written = system::write_file(words.svg, replay::picture_svg(report), 0644);
    if (!written) return refuse(written.error());
  }
  fmt::print("{}", words.json ? replay::report_json(report) : replay::report_text(report));
  return kFine;
}

}  // namespace lockkeeper::cli
