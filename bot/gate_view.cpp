// SPDX-License-Identifier: Apache-2.0

// What the gate says: its verdict in words, and what `status`, `why`, `alerts` and `rules` show.

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "bot/gate.h"
#include "bot/gate_text.h"

namespace lockkeeper {
namespace {

// The shortest wait that a verdict proposes, and how many alerts it names.
constexpr Millis kLookMin = std::chrono::milliseconds(200);
constexpr std::size_t kReasonsShown = 5;
// How many alerts are looked at for rules that almost hold, and how many such lines there are.
constexpr std::size_t kAlertsExplained = 20;
constexpr std::size_t kNotesShown = 8;

}  // namespace

Verdict Gate::verdict(const Crowd& crowd, Moment now) const {
  if (latched_) return {Answer::stop, *latched_, {}};
  auto reasons = wait_reasons(crowd, now);
  Millis next_look = settings_.poll_interval;
  if (reasons.empty() && hold_) {
    reasons.push_back(hold_->reason(now));
    next_look = std::clamp(hold_->left(now), std::min(kLookMin, next_look), next_look);
  }
  if (reasons.empty()) return {};
  return {Answer::wait, std::move(reasons), next_look};
}

std::vector<std::string> Gate::wait_reasons(const Crowd& crowd, Moment now) const {
  std::vector<std::string> reasons;
  std::size_t more = 0;
  for (const auto& one : crowd.judged) {
    if (!blocks(one.action)) continue;
    if (reasons.size() >= kReasonsShown) {
      ++more;
      continue;
    }
    const auto effect = one.provisional ? "pauses until a poll confirms or denies it" : "pauses";
    reasons.push_back(alert_reason(*one.labels, *one.rule, one.firing, effect, one.pending));
  }
  if (more > 0) reasons.push_back(fmt::format("and {} more alerts", more));
  if (blind(now) && settings_.on_blind != GateSettings::OnBlind::proceed) {
    reasons.push_back(blind_reason(now));
  }
  if (deaf(now) && believes_webhooks() && settings_.on_blind != GateSettings::OnBlind::proceed) {
    reasons.push_back(deaf_reason(now));
  }
  if (truncated_ > 0) {
    reasons.push_back(fmt::format("a webhook left {} alerts out; waiting for a poll", truncated_));
  }
  return reasons;
}

std::string Gate::blind_reason(Moment now) const {
  if (!last_good_) return fmt::format("blind: {}", last_failure_);
  return fmt::format("blind for {}: {}", to_string(now - *last_good_), last_failure_);
}

std::string Gate::deaf_reason(Moment now) const {
  return fmt::format("deaf: no Watchdog has come by webhook for {} (webhook_watchdog = {})",
                     to_string(now - heartbeat_.value_or(*first_look_)),
                     to_string(settings_.webhook_watchdog));
}

/// Those that are asked, and webhooks as soon as there is anything to tell of them.
std::vector<SourceState> Gate::source_states(Moment now) const {
  auto states = sources_;
  if (heartbeat_ || deaf(now)) {
    states.push_back({"webhook", !deaf(now), deaf(now) ? deaf_reason(now) : "", heartbeat_, {}});
  }
  return states;
}

Situation Gate::shown_situation(Moment now) const {
  Situation situation = situation_;
  const bool at_work = situation.phase == Phase::drain || situation.phase == Phase::upgrade;
  if (at_work) situation.phase = Phase::between;
  situation.wall = wall(now);
  return situation;
}

GateView Gate::view(Moment now) const {
  const std::scoped_lock lock(mutex_);
  GateView view;
  const auto situation = shown_situation(now);
  const auto crowd = judge(situation, now);
  const auto answer = verdict(crowd, now);
  view.reasons = answer.reasons;
  view.state = answer.answer == Answer::stop                      ? GateState::aborted
               : blind(now) || (deaf(now) && believes_webhooks()) ? GateState::blind
               : answer.answer == Answer::wait                    ? GateState::paused
                                                                  : GateState::clear;
  for (const auto& one : crowd.judged) {
    // What no rule has asked for is noise as long as it does not fire.
    if (one.pending && one.action == RuleAction::ignore) continue;
    view.alerts.push_back({*one.labels, rule_text(*one.rule), one.action, one.provisional,
                           one.firing, one.note, one.pending});
  }
  std::ranges::stable_sort(view.alerts, std::ranges::greater{}, &GateView::Alert::action);
  if (last_good_) view.since_good_poll = now - *last_good_;
  view.last_failure = last_failure_;
  view.notes = notes(crowd, situation);
  view.at = now;
  view.sources = source_states(now);
  for (const auto& source : view.sources) {
    const auto& text = source.good ? source.note : source.why_not;
    // What makes the gate blind is a reason, and stands there.
    if (text.empty() || view.state == GateState::blind) continue;
    view.notes.push_back(fmt::format("{}: {}", source.name, text));
  }
  return view;
}

/// Rules that would be more severe than the one that decides, and match but for one key; and
/// alerts that are not taken as their rule says.
std::vector<std::string> Gate::notes(const Crowd& crowd, const Situation& situation) const {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < std::min(crowd.judged.size(), kAlertsExplained); ++i) {
    const auto& one = crowd.judged[i];
    if (!one.note.empty()) {
      lines.push_back(fmt::format("{}: {} by rule {}: {}", alert_text(*one.labels),
                                  to_string(one.action), rule_text(*one.rule), one.note));
    }
    for (const auto& rule : book_.rules) {
      if (&rule == one.rule || lines.size() >= kNotesShown) break;
      if (rule.action <= one.rule->action || !any_match(rule, *one.labels)) continue;
      auto why = why_not(rule, *one.labels, crowd.evidence[i], situation);
      if (why.empty()) why = fmt::format("fewer than min_alerts {}", rule.min_alerts);
      lines.push_back(fmt::format("{}: rule {} does not {}: {}", alert_text(*one.labels),
                                  rule_text(rule), to_string(rule.action), why));
    }
    if (lines.size() >= kNotesShown) break;
  }
  return lines;
}

std::vector<RuleView> Gate::rules(Moment now) const {
  const std::scoped_lock lock(mutex_);
  const auto situation = shown_situation(now);
  const auto crowd = judge(situation, now);
  std::vector<RuleView> views;
  for (const auto& rule : book_.rules)
    views.push_back({rule, rule_state(rule, crowd, situation)});
  views.push_back({book_.fallback, rule_state(book_.fallback, crowd, situation)});
  return views;
}

std::string Gate::rule_state(const Rule& rule, const Crowd& crowd,
                             const Situation& situation) const {
  const auto voided = crowd.voided.find(rule.name);
  if (voided != crowd.voided.end()) return "void while " + voided->second->name + " says resume";
  const auto count = std::ranges::count(crowd.judged, &rule, &Judged::rule);
  auto text =
      count > 0 ? fmt::format("decides about {}", counted(static_cast<std::size_t>(count), "alert"))
                : force_text(rule, situation);
  if (hold_ && hold_->since(rule.name)) text += ", holds";
  return text;
}

}  // namespace lockkeeper
