// SPDX-License-Identifier: Apache-2.0
#include "rules/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace lockkeeper {
namespace {

const Evidence kPlain;

/// What the rule's action comes to for this alert: what fired before the run, and what somebody has
/// silenced, may be meant otherwise.
Decision decision_of(const Rule& rule, RuleAction action, const Evidence& evidence) {
  using Because = Decision::Because;
  if (evidence.preexisting && rule.preexisting == Preexisting::ignore) {
    return {0, &rule, RuleAction::ignore, Because::preexisting};
  }
  if (rule.honor_silences && !evidence.suppressed.empty()) {
    return {0, &rule, RuleAction::ignore, Because::suppressed};
  }
  if (evidence.preexisting && rule.preexisting == Preexisting::abort) {
    return {0, &rule, RuleAction::abort, Because::preexisting};
  }
  return {0, &rule, action, Because::rule};
}

Decision fallback_of(const RuleBook& book, const Evidence& evidence, const Situation& situation) {
  const bool consulted = book.fallback.phases.contains(situation.phase) && !evidence.pending;
  return decision_of(book.fallback, consulted ? book.fallback.action : RuleAction::ignore,
                     evidence);
}

/// Goes through the rules in order; each takes the alerts for which it decides out of those that
/// are left.
class Sieve {
 public:
  Sieve(const RuleBook& book, std::span<const AlertSeen> alerts, const Situation& situation)
      : book_(book), alerts_(alerts), situation_(situation), left_(alerts.size()) {
    std::iota(left_.begin(), left_.end(), std::size_t{0});
    decisions_.resize(alerts.size());
  }

  /// All rules. Alert by alert as far as no rule counts a crowd: the labels of one alert stay near,
  /// which is half of the time that ten thousand of them take.
  void pass_all() {
    std::vector<InForce> stretch;
    for (const auto& rule : book_.rules) {
      if (!in_force(rule, situation_)) continue;
      if (rule.min_alerts <= 1) {
        stretch.push_back({&rule, outside_windows(rule, situation_)});
        continue;
      }
      pass_stretch(stretch);
      stretch.clear();
      pass(rule);
    }
    pass_stretch(stretch);
  }

  /// How many alerts came to this rule and matched. When they are enough, they are decided about.
  std::size_t pass(const Rule& rule) {
    if (!in_force(rule, situation_)) return 0;
    const bool closed = outside_windows(rule, situation_);
    const auto fits = [&](std::size_t alert) { return applies_to(alert, rule, closed); };
    // Without a crowd to count, one walk is enough.
    if (rule.min_alerts <= 1) {
      std::erase_if(left_, [&](std::size_t alert) { return fits(alert) && take(rule, alert); });
      return 1;
    }
    const auto others = std::stable_partition(left_.begin(), left_.end(), fits);
    const auto count = static_cast<std::size_t>(others - left_.begin());
    if (count < static_cast<std::size_t>(rule.min_alerts)) {
      std::ranges::sort(left_);
      return count;
    }
    std::for_each(left_.begin(), others, [&](std::size_t alert) { take(rule, alert); });
    left_.erase(left_.begin(), others);
    return count;
  }

  std::vector<Decision> finish() {
    for (const auto alert : left_) {
      decisions_[alert] = fallback_of(book_, evidence(alert), situation_);
      decisions_[alert].alert = alert;
    }
    return std::move(decisions_);
  }

 private:
  struct InForce {
    const Rule* rule = nullptr;
    bool closed = false;  // outside of its windows, so that it only keeps what it holds
  };

  void pass_stretch(std::span<const InForce> rules) {
    if (rules.empty()) return;
    std::erase_if(left_, [&](std::size_t alert) {
      return std::ranges::any_of(rules, [&](const InForce& one) {
        return applies_to(alert, *one.rule, one.closed) && take(*one.rule, alert);
      });
    });
  }

  [[nodiscard]] const Evidence& evidence(std::size_t alert) const {
    return alerts_[alert].evidence == nullptr ? kPlain : *alerts_[alert].evidence;
  }

  [[nodiscard]] bool applies_to(std::size_t alert, const Rule& rule, bool closed) const {
    const auto& [labels, known, memo] = alerts_[alert];
    const auto place = static_cast<std::size_t>(&rule - book_.rules.data());
    return applies(rule, *labels, evidence(alert), situation_, closed, memo, place);
  }

  bool take(const Rule& rule, std::size_t alert) {
    decisions_[alert] = decision_of(rule, rule.action, evidence(alert));
    decisions_[alert].alert = alert;
    return true;
  }

  const RuleBook& book_;
  std::span<const AlertSeen> alerts_;
  const Situation& situation_;
  std::vector<std::size_t> left_;  // not yet decided about, in order
  std::vector<Decision> decisions_;
};

}  // namespace

Decision decide(const RuleBook& book, const Labels& alert, const Situation& situation,
                const Evidence& evidence) {
  for (const auto& rule : book.rules) {
    if (rule.min_alerts > 1 || !in_force(rule, situation)) continue;
    const bool closed = outside_windows(rule, situation);
    if (applies(rule, alert, evidence, situation, closed)) {
      return decision_of(rule, rule.action, evidence);
    }
  }
  return fallback_of(book, evidence, situation);
}

std::vector<Decision> decide_all(const RuleBook& book, std::span<const AlertSeen> alerts,
                                 const Situation& situation) {
  Sieve sieve(book, alerts, situation);
  sieve.pass_all();
  return sieve.finish();
}

std::vector<Decision> decide_all(const RuleBook& book, std::span<const Labels> alerts,
                                 const Situation& situation) {
  std::vector<AlertSeen> seen;
  seen.reserve(alerts.size());
  for (const auto& labels : alerts)
    seen.push_back({&labels, nullptr});
  return decide_all(book, seen, situation);
}

RuleAction worst(std::span<const Decision> decisions) {
  RuleAction action = RuleAction::ignore;
  for (const auto& decision : decisions)
    action = std::max(action, decision.action);
  return action;
}

std::vector<Explanation> explain(const RuleBook& book, const Labels& alert,
                                 const Situation& situation, const Evidence& evidence,
                                 std::span<const AlertSeen> crowd) {
  const AlertSeen alone{&alert, &evidence};
  Sieve sieve(book, crowd.empty() ? std::span(&alone, 1) : crowd, situation);
  std::vector<Explanation> lines;
  for (const auto& rule : book.rules) {
    const auto count = sieve.pass(rule);
    auto why = why_not(rule, alert, evidence, situation);
    const bool enough = count >= static_cast<std::size_t>(rule.min_alerts);
    if (why.empty() && !enough) {
      why = fmt::format("{} of min_alerts {}", counted(count, "alert"), rule.min_alerts);
    }
    const bool decides = why.empty();
    lines.push_back({&rule, std::move(why)});
    if (decides) return lines;
  }
  lines.push_back({&book.fallback, {}});
  return lines;
}

}  // namespace lockkeeper
