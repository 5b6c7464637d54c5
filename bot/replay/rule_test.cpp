// SPDX-License-Identifier: Apache-2.0
#include "bot/replay/rule_test.h"

#include <fmt/format.h>

#include <algorithm>

#include "bot/gate_text.h"
#include "bot/replay/virtual_gate.h"

namespace lockkeeper::replay {
namespace {

// More alerts than this are not explained in a failure.
constexpr std::size_t kExplainedMax = 5;

std::string listed(const std::vector<std::string>& words) {
  return words.empty() ? "none" : joined(words);
}

std::vector<std::string> words_of(const std::set<std::string>& names) {
  return {names.begin(), names.end()};
}

/// One test on its way through virtual time; used once.
class Play {
 public:
  Play(const RuleTest& test, const RuleBook& book, const GateSettings& settings)
      : test_(test),
        interval_(test.interval.value_or(settings.poll_interval)),
        warm_up_(settings.resume_after / interval_ + 2),
        gate_(book, paced(settings, interval_), wall(-warm_up_ * interval_)) {}

  std::vector<TestFailure> run();

 private:
  [[nodiscard]] std::set<Millis> times() const;
  [[nodiscard]] Time wall(Millis at) const { return test_.start + at; }
  [[nodiscard]] Situation situation(Millis at) const;
  void move_run(Millis at);
  void notify(Millis at);
  void poll(Millis at);
  void check(const Expectation& wanted, const Verdict& verdict, Millis at);
  [[nodiscard]] std::vector<std::string> differences(const Expectation& wanted,
                                                     const Verdict& verdict, Millis at) const;
  [[nodiscard]] std::string deciding(const GateView::Alert& alert, Millis at) const;
  void compare_deciders(const Expectation& wanted, Millis at, std::vector<std::string>& out) const;
  [[nodiscard]] std::vector<std::string> why(const Expectation& wanted, const Verdict& verdict,
                                             Millis at) const;

  const RuleTest& test_;
  const Millis interval_;
  const std::int64_t warm_up_;  // quiet polls before the test begins
  VirtualGate gate_;
  Phase phase_ = Phase::precheck;
  std::map<std::string, std::pair<NodeStanding, Millis>> nodes_;  // since when, in the test's time
  bool opened_ = false;
  std::vector<TestFailure> failures_;
};

/// Everything that happens, with the polls, until the last expectation.
std::set<Millis> Play::times() const {
  Millis end{};
  for (const auto& wanted : test_.expect)
    end = std::max(end, wanted.at);
  std::set<Millis> times;
  for (Millis at{}; at <= end; at += interval_)
    times.insert(at);
  for (const auto& wanted : test_.expect)
    times.insert(wanted.at);
  for (const auto& moment : test_.run)
    times.insert(moment.at);
  for (const auto& webhook : test_.webhooks)
    times.insert(webhook.at);
  times.erase(times.upper_bound(end), times.end());
  return times;
}

std::vector<TestFailure> Play::run() {
  // A gate that has just been started is blind. A test begins with one that has been watching.
  for (auto i = -warm_up_; i < 0; ++i) {
    gate_.see({.good = true, .why_not = {}, .firing = {}, .watchdog = true}, wall(i * interval_));
  }
  if (test_.run.empty()) {
    phase_ = Phase::between;
    opened_ = true;
    gate_.run_opens(wall({}));
  }
  for (const Millis at : times()) {
    move_run(at);
    notify(at);
    // The runner asks when it comes somewhere, so the poll is judged where the run stands now.
    gate_.ask(situation(at), wall(at));
    if (at % interval_ == Millis(0)) poll(at);
    const auto verdict = gate_.ask(situation(at), wall(at));
    for (const auto& wanted : test_.expect) {
      if (wanted.at == at) check(wanted, verdict, at);
    }
  }
  return std::move(failures_);
}

Situation Play::situation(Millis at) const {
  Situation situation;
  situation.phase = phase_;
  for (const auto& [name, node] : nodes_)
    situation.nodes[name] = {node.first, at - node.second};
  return dated(std::move(situation), wall(at));
}

void Play::move_run(Millis at) {
  for (const auto& moment : test_.run) {
    if (moment.at != at) continue;
    if (moment.phase) phase_ = *moment.phase;
    for (const auto& [name, node] : moment.nodes)
      nodes_[name] = {node.standing, at - node.since};
    if (!opened_) gate_.run_opens(wall(at));
    opened_ = true;
    if (moment.resumed) gate_.person_resumes();
    if (moment.closed) gate_.run_closes();
  }
}

void Play::notify(Millis at) {
  for (const auto& webhook : test_.webhooks) {
    if (webhook.at == at) gate_.suspect(webhook.firing, webhook.truncated, wall(at));
  }
}

void Play::poll(Millis at) {
  const auto blind = std::ranges::find_if(
      test_.blind, [&](const TestBlindness& spell) { return spell.from <= at && at < spell.to; });
  if (blind != test_.blind.end()) {
    return gate_.see({.good = false, .why_not = blind->reason, .firing = {}, .watchdog = false},
                     wall(at));
  }
  const auto index = static_cast<std::size_t>(at / interval_);
  // As in a poll's answer: a value of 0 is not firing, and neither is no sample.
  const auto there = [&](const SeriesValues& values) {
    return index < values.size() && values[index] && *values[index] != 0;
  };
  Sighting sighting{.good = true, .why_not = {}, .firing = {}, .watchdog = true};
  if (test_.watchdog) sighting.watchdog = there(*test_.watchdog);
  for (const auto& series : test_.alerts) {
    auto labels = series.labels;
    const std::string state(labels.get("alertstate"));
    if (!there(series.values)) continue;
    labels.set("alertstate", "");
    if (state == "pending") {
      sighting.pending.push_back(labels);
    } else {
      sighting.firing.push_back(std::move(labels));
    }
  }
  gate_.see(sighting, wall(at));
}

void Play::check(const Expectation& wanted, const Verdict& verdict, Millis at) {
  auto wrong = differences(wanted, verdict, at);
  if (wrong.empty()) return;
  failures_.push_back({wanted.line, test_.name, at, std::move(wrong), why(wanted, verdict, at)});
}

std::vector<std::string> Play::differences(const Expectation& wanted, const Verdict& verdict,
                                           Millis at) const {
  std::vector<std::string> wrong;
  const auto differ = [&](std::string_view what, const auto& expected, const auto& got) {
    wrong.push_back(fmt::format("{}: expected {}, got {}", what, expected, got));
  };
  if (wanted.answer && *wanted.answer != verdict.answer) {
    differ("answer", to_string(*wanted.answer), to_string(verdict.answer));
  }
  const auto state = gate_.state(verdict, wall(at));
  if (wanted.state && *wanted.state != state) {
    differ("state", to_string(*wanted.state), to_string(state));
  }
  const auto holders = gate_.holders(wall(at));
  if (wanted.rules && *wanted.rules != holders) {
    differ("rules", listed(words_of(*wanted.rules)), listed(words_of(holders)));
  }
  if (wanted.reasons && *wanted.reasons != verdict.reasons) {
    differ("reasons", listed(*wanted.reasons), listed(verdict.reasons));
  }
  compare_deciders(wanted, at, wrong);
  return wrong;
}

/// The place of the rule that decides about an alert. The gate's view shows the next node's sight
/// while a node is worked on; there the rules are asked once more.
std::string Play::deciding(const GateView::Alert& alert, Millis at) const {
  const bool at_work = phase_ == Phase::drain || phase_ == Phase::upgrade;
  return at_work ? rule_text(gate_.decider(alert.labels, situation(at))) : alert.rule;
}

void Play::compare_deciders(const Expectation& wanted, Millis at,
                            std::vector<std::string>& out) const {
  const auto view = gate_.view(wall(at));
  for (const auto& [alertname, rule] : wanted.decides) {
    bool seen = false;
    for (const auto& alert : view.alerts) {
      if (alert.labels.get("alertname") != alertname) continue;
      seen = true;
      const auto place = deciding(alert, at);
      if (place.starts_with(rule + " (")) continue;
      out.push_back(
          fmt::format("{}: expected rule {}, got {}", alert_text(alert.labels), rule, place));
    }
    if (!seen) {
      out.push_back(fmt::format("{}: expected rule {}, but it does not fire", alertname, rule));
    }
  }
}

/// The deciding rule of each alert, and why each rule that was expected did not decide.
std::vector<std::string> Play::why(const Expectation& wanted, const Verdict& verdict,
                                   Millis at) const {
  std::vector<std::string> lines;
  for (const auto& reason : verdict.reasons)
    lines.push_back("the gate: " + reason);
  auto expected = wanted.rules.value_or(std::set<std::string>());
  for (const auto& [alertname, rule] : wanted.decides)
    expected.insert(rule);
  const auto view = gate_.view(wall(at));
  if (view.alerts.empty()) lines.emplace_back("no alert fires");
  for (std::size_t i = 0; i < std::min(view.alerts.size(), kExplainedMax); ++i) {
    const auto& labels = view.alerts[i].labels;
    lines.push_back(
        fmt::format("{}: decided by {}", alert_text(labels), deciding(view.alerts[i], at)));
    for (const auto& rule : expected) {
      const auto failed = gate_.why_not(labels, situation(at), rule);
      if (!failed.empty()) lines.push_back(fmt::format("  not by {}: {}", rule, failed));
    }
  }
  if (view.alerts.size() > kExplainedMax) {
    lines.push_back(
        fmt::format("and {} more", counted(view.alerts.size() - kExplainedMax, "alert")));
  }
  return lines;
}

}  // namespace

std::vector<TestFailure> play(const RuleTest& test, const RuleBook& book,
                              const GateSettings& settings) {
  return Play(test, book, settings).run();
}

}  // namespace lockkeeper::replay
