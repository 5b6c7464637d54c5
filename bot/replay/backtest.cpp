// SPDX-License-Identifier: Apache-2.0
#include "bot/replay/backtest.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <unordered_map>

#include "bot/gate_text.h"
#include "bot/replay/simulated_course.h"

namespace lockkeeper::replay {
namespace {

constexpr std::string_view kNoSample = "the Watchdog alert is not in the history";
constexpr std::string_view kNoPoll = "no poll was recorded";

/// Which rules decide about something, and since when; told whenever that may have changed.
class Deciders {
 public:
  void are(const std::set<std::string>& now, Time at) {
    for (auto open = open_.begin(); open != open_.end();) {
      if (now.contains(open->first)) {
        ++open;
      } else {
        stretches_[open->first].push_back({open->second, at});
        open = open_.erase(open);
      }
    }
    for (const auto& place : now)
      open_.try_emplace(place, at);
  }

  /// By the rule's place.
  std::map<std::string, std::vector<Stretch>> finish(Time at) {
    are({}, at);
    return std::move(stretches_);
  }

 private:
  std::map<std::string, Time> open_;
  std::map<std::string, std::vector<Stretch>> stretches_;
};

/// One pass through a history; used once.
class Backtest {
 public:
  Backtest(const History& history, const RuleBook& book, const GateSettings& settings,
           const BacktestOptions& options)
      : history_(history),
        options_(options),
        gate_(book, paced(settings, history.step), history.looks.front()),
        blind_after_(paced(settings, history.step).blind_after) {}

  BacktestReport run();

 private:
  void prepare();
  void see(std::size_t look);
  void change_firing(std::size_t look);
  [[nodiscard]] bool tells_nothing(std::size_t look) const;
  void note_gap(std::size_t look, std::string_view why);
  void walk_run(Time at);
  void close_run();
  void note_deciders(Time at);
  void tally();
  void tally_unruled();
  RuleTally& tally_of(const std::string& name);
  [[nodiscard]] Situation idle() const;

  const History& history_;
  const BacktestOptions& options_;
  VirtualGate gate_;
  Millis blind_after_;

  std::vector<bool> is_watchdog_;                            // by series
  std::unordered_map<std::uint64_t, std::size_t> by_print_;  // of normalised labels
  std::vector<std::size_t> active_;                          // series, ascending
  std::size_t next_firing_ = 0;
  std::size_t next_unseen_ = 0;
  std::size_t next_start_ = 0;
  std::multimap<std::size_t, std::size_t> ends_;  // look -> series
  Sighting sighting_{.good = true, .why_not = {}, .firing = {}, .watchdog = false};
  bool firing_changed_ = true;
  std::optional<Time> last_good_;  // the newest look that the gate was shown, if it was a good one

  std::unique_ptr<SimulatedCourse> course_;
  int stage_noted_ = 0;
  Deciders deciders_;
  std::set<std::size_t> unruled_;  // series
  BacktestReport report_;
};

void Backtest::prepare() {
  const auto& book = gate_.book();
  for (std::size_t i = 0; i < history_.series.size(); ++i) {
    const auto labels = normalised(history_.series[i], book.external_labels, book.ignore_labels);
    is_watchdog_.push_back(!book.watchdog.empty() && matches(book.watchdog, labels));
    by_print_.emplace(fingerprint(labels), i);
  }
  report_.from = history_.looks.front();
  report_.to = history_.looks.back();
  report_.step = history_.step;
  report_.series = history_.series.size();
  report_.nodes = options_.nodes.size();
  report_.undisturbed =
      static_cast<std::int64_t>(options_.nodes.size()) * (options_.node_time + options_.soak);
  report_.default_action = to_string(book.fallback.action);
  gate_.ask(idle(), report_.from);
}

/// Between runs alerts are seen as the next preflight would see them.
Situation Backtest::idle() const {
  Situation situation;
  for (const auto& node : options_.nodes)
    situation.nodes[node] = {NodeStanding::pending, Millis(0)};
  return situation;
}

void Backtest::change_firing(std::size_t look) {
  firing_changed_ = false;
  const auto [first, last] = std::pair(ends_.begin(), ends_.upper_bound(look));
  for (auto end = first; end != last; ++end) {
    std::erase(active_, end->second);
    firing_changed_ = true;
  }
  ends_.erase(first, last);
  const auto& firings = history_.firings;
  for (; next_firing_ < firings.size() && firings[next_firing_].from <= look; ++next_firing_) {
    active_.push_back(firings[next_firing_].series);
    ends_.emplace(firings[next_firing_].to, firings[next_firing_].series);
    firing_changed_ = true;
  }
  if (!firing_changed_) return;
  sighting_.firing.clear();
  sighting_.watchdog = options_.assume_sight;
  for (const std::size_t series : active_) {
    sighting_.firing.push_back(history_.series[series]);
    sighting_.watchdog = sighting_.watchdog || is_watchdog_[series];
  }
}

void Backtest::note_gap(std::size_t look, std::string_view why) {
  const Time until = look + 1 < history_.looks.size() ? history_.looks[look + 1] : report_.to;
  auto& gaps = report_.gaps;
  if (!gaps.empty() && gaps.back().to == history_.looks[look] && gaps.back().why == why) {
    gaps.back().to = until;
  } else {
    gaps.push_back({history_.looks[look], until, std::string(why)});
  }
}

/// Whether a good look can be left out: between runs, while nothing changes and the gate does not
/// become blind before the next one, it would tell the gate nothing.
bool Backtest::tells_nothing(std::size_t look) const {
  const Time at = history_.looks[look];
  const bool due = next_start_ < options_.starts.size() && options_.starts[next_start_] <= at;
  return !course_ && !due && !firing_changed_ && last_good_ && look + 1 < history_.looks.size() &&
         history_.looks[look + 1] - *last_good_ <= blind_after_;
}

void Backtest::see(std::size_t look) {
  const Time at = history_.looks[look];
  if (look > 0 && at - history_.looks[look - 1] > blind_after_) {
    report_.gaps.push_back({history_.looks[look - 1], at, std::string(kNoPoll)});
  }
  change_firing(look);
  const auto& unseen = history_.unseen;
  while (next_unseen_ < unseen.size() && unseen[next_unseen_].to <= look)
    ++next_unseen_;
  if (next_unseen_ < unseen.size() && unseen[next_unseen_].from <= look) {
    const auto& why = unseen[next_unseen_].why;
    note_gap(look, why);
    last_good_.reset();
    return gate_.see({.good = false, .why_not = why, .firing = {}, .watchdog = false}, at);
  }
  if (!sighting_.watchdog) {
    note_gap(look, kNoSample);
    last_good_.reset();
  } else if (tells_nothing(look)) {
    return;
  } else {
    last_good_ = at;
  }
  gate_.see(sighting_, at);
}

void Backtest::walk_run(Time at) {
  bool due = false;
  for (; next_start_ < options_.starts.size() && options_.starts[next_start_] <= at;
       ++next_start_) {
    if (due || course_) ++report_.skipped;
    due = due || !course_;
  }
  if (due) {
    course_ = std::make_unique<SimulatedCourse>(options_, at);
    gate_.run_opens(at);
    stage_noted_ = -1;
  }
  if (!course_) return;
  course_->look(gate_, at);
  if (course_->stages_passed() != stage_noted_) {
    stage_noted_ = course_->stages_passed();
    note_deciders(at);
  }
  if (!course_->over()) return;
  close_run();
  gate_.ask(idle(), at);
}

void Backtest::close_run() {
  report_.runs.push_back(course_->run());
  report_.pauses.insert(report_.pauses.end(), course_->pauses().begin(), course_->pauses().end());
  course_.reset();
  gate_.run_closes();
}

void Backtest::note_deciders(Time at) {
  const auto fallback = rule_text(gate_.book().fallback);
  std::set<std::string> places;
  for (const auto& alert : gate_.view(at).alerts) {
    places.insert(alert.rule);
    if (alert.rule != fallback) continue;
    const auto series = by_print_.find(fingerprint(alert.labels));
    if (series != by_print_.end()) unruled_.insert(series->second);
  }
  deciders_.are(places, at);
}

RuleTally& Backtest::tally_of(const std::string& name) {
  const auto at = std::ranges::find(report_.rules, name, &RuleTally::name);
  if (at != report_.rules.end()) return *at;
  report_.rules.push_back({.name = name, .place = name, .action = {}, .firing = {}});
  return report_.rules.back();
}

void Backtest::tally() {
  auto stretches = deciders_.finish(report_.to);
  const auto& book = gate_.book();
  std::vector<const Rule*> all;
  for (const auto& rule : book.rules)
    all.push_back(&rule);
  all.push_back(&book.fallback);
  for (const Rule* rule : all) {
    RuleTally tally{.name = rule->name,
                    .place = rule_text(*rule),
                    .action = std::string(to_string(rule->action)),
                    .firing = std::move(stretches[rule_text(*rule)])};
    const bool own = rule != &book.fallback && rule->line > 0;
    if (own && tally.firing.empty()) report_.never.push_back(tally.place);
    if (!tally.firing.empty()) report_.rules.push_back(std::move(tally));
  }
  for (const auto& pause : report_.pauses) {
    for (const auto& [name, held] : pause.held) {
      auto& tally = tally_of(name);
      ++tally.pauses;
      tally.held += held;
      tally.longest = std::max(tally.longest, held);
    }
  }
  for (const auto& run : report_.runs) {
    for (const auto& name : run.rules) {
      auto& tally = tally_of(name);
      if (run.end == RunEnd::refused) ++tally.refused;
      if (run.end == RunEnd::aborted) ++tally.aborted;
    }
  }
}

void Backtest::tally_unruled() {
  std::map<std::size_t, UnruledAlert> by_series;
  for (const auto& firing : history_.firings) {
    if (!unruled_.contains(firing.series)) continue;
    auto& one = by_series[firing.series];
    ++one.episodes;
    one.firing += history_.looks[firing.to - 1] - history_.looks[firing.from] + history_.step;
  }
  std::map<std::string, UnruledAlert> by_match;
  for (const auto& [series, one] : by_series) {
    const auto& labels = history_.series[series];
    auto match = fmt::format("alertname={}", quoted(labels.get("alertname")));
    const auto severity = labels.get("severity");
    if (!severity.empty()) match += fmt::format(",severity={}", quoted(severity));
    auto& sum = by_match[match];
    sum.match = match;
    ++sum.series;
    sum.episodes += one.episodes;
    sum.firing += one.firing;
  }
  for (auto& [match, sum] : by_match)
    report_.unruled.push_back(std::move(sum));
  std::ranges::stable_sort(report_.unruled, std::ranges::greater{}, &UnruledAlert::firing);
}

BacktestReport Backtest::run() {
  prepare();
  for (std::size_t look = 0; look < history_.looks.size(); ++look) {
    see(look);
    if (firing_changed_) note_deciders(history_.looks[look]);
    walk_run(history_.looks[look]);
  }
  if (course_) {
    course_->cut(report_.to);
    close_run();
  }
  tally();
  tally_unruled();
  return std::move(report_);
}

}  // namespace

std::vector<std::string> node_names(const History& history, const RuleBook& book,
                                    std::size_t count) {
  std::set<std::string> found;
  for (const auto& raw : history.series) {
    const auto labels = normalised(raw, book.external_labels, book.ignore_labels);
    for (const auto& rule : book.rules) {
      const bool match = std::ranges::any_of(
          rule.match, [&](const Matchers& line) { return matches(line, labels); });
      const auto node = match && rule.node ? rule.node->resolve(labels) : std::nullopt;
      if (node) found.insert(*node);
    }
  }
  std::vector<std::string> names(found.begin(), found.end());
  names.resize(std::min(names.size(), count));
  for (int number = 1; names.size() < count; ++number) {
    auto name = fmt::format("node-{}", number);
    if (!found.contains(name)) names.push_back(std::move(name));
  }
  return names;
}

BacktestReport backtest(const History& history, const RuleBook& book, const GateSettings& settings,
                        const BacktestOptions& options) {
  if (history.looks.empty()) return {};
  return Backtest(history, book, settings, options).run();
}

std::string_view end_text(RunEnd end) {
  switch (end) {
    case RunEnd::done:
      return "done";
    case RunEnd::aborted:
      return "aborted";
    case RunEnd::refused:
      return "refused";
    case RunEnd::failed:
      return "failed";
    case RunEnd::open:
      return "open";
  }
  return "?";
}

}  // namespace lockkeeper::replay
