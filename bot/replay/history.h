// SPDX-License-Identifier: Apache-2.0
#pragma once

// What Prometheus showed over a stretch of the past, as the looks that the gate would have taken.
// A look without a trace of the Watchdog is unknown, never clear: Prometheus may have been down.
// Values and the class that gathers them; no I/O, one thread.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bot/time.h"
#include "rules/labels.h"
#include "rules/result.h"

namespace lockkeeper::replay {

struct History {
  /// A series fires in the looks from `from` until before `to`.
  struct Firing {
    std::size_t series = 0;
    std::size_t from = 0;
    std::size_t to = 0;
  };
  /// Looks that failed, from `from` until before `to`.
  struct Unseen {
    std::size_t from = 0;
    std::size_t to = 0;
    std::string why;
  };

  Millis step{};            // between two looks; the most frequent one where they are irregular
  std::vector<Time> looks;  // ascending
  std::vector<Labels> series;
  std::vector<Firing> firings;  // by `from`, then by series
  std::vector<Unseen> unseen;   // by `from`
};

/// More looks than this are refused: two years at 15 s.
inline constexpr std::size_t kLooksMax = 4'300'000;

/// Gathers a history look by look; per series the looks arrive in ascending order.
class HistoryBuilder {
 public:
  /// Looks at `from`, `from + step`, ... up to `to`.
  static Result<HistoryBuilder> grid(Time from, Time to, Millis step);
  /// Looks at these times, which ascend.
  explicit HistoryBuilder(std::vector<Time> looks, Millis step);

  /// The number of a series, the same for the same labels.
  std::size_t series(const Labels& labels);

  /// The series fires at that time; a time that is no look's counts for the nearest one of a grid.
  void fires(std::size_t series, Time at);
  void fires_in_look(std::size_t series, std::size_t look);

  void unseen_look(std::size_t look, std::string_view why);

  /// The newest sample of the Watchdog that the look at that time would have found. Prometheus goes
  /// on showing a series for five minutes after it died without a word, so a look whose sample is
  /// older than two of the usual intervals is unseen.
  void newest_sample(Time look, Time sample);

  [[nodiscard]] const std::vector<Time>& looks() const { return history_.looks; }

  History finish();

 private:
  [[nodiscard]] std::size_t look_at(Time at) const;
  void find_stale_looks();

  History history_;
  std::map<Labels, std::size_t> numbers_;
  std::vector<std::vector<History::Firing>> firings_;  // by series
  std::map<Time, Time> samples_;                       // look -> newest sample
};

/// Reads recorded polls, one JSON object in each line, in the order of time:
///
///   {"at":"2026-11-20T17:35:00Z","firing":[{"alertname":"Watchdog"},{"alertname":"X"}]}
///   {"at":"2026-11-20T17:35:15Z","failed":"connection refused"}
///
/// The failure names the line.
Result<History> read_recorded_polls(std::string_view text);

}  // namespace lockkeeper::replay
