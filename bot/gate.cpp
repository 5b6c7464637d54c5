// SPDX-License-Identifier: Apache-2.0
#include "bot/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "bot/gate_text.h"

namespace lockkeeper {
namespace {

// More distinct alerts than this are one answer: the gate is shut, and a poll tells the truth soon.
constexpr std::size_t kSuspicionsMax = 20'000;
// The names under which what is not an alert appears among the rules that hold.
constexpr std::string_view kBlindRule = "blindness";
constexpr std::string_view kTruncatedRule = "a truncated webhook";
// The shortest wait that a verdict proposes, and how many alerts it names.
constexpr Millis kLookMin = std::chrono::milliseconds(200);
constexpr std::size_t kReasonsShown = 5;

bool blocks(RuleAction action) {
  return action >= RuleAction::pause;
}

}  // namespace

Gate::Gate(RuleBook book, GateSettings settings)
    : book_(std::move(book)), settings_(std::move(settings)) {}

void Gate::saw(const Sighting& sighting, Moment now) {
  const std::scoped_lock lock(mutex_);
  const bool good = sighting.good && sighting.watchdog;
  // Judged before this poll ends it, so that a gap in sight is never taken for quiet.
  note_blindness(now);
  if (good) {
    absorb(sighting, now);
    last_good_ = now;
  } else {
    last_failure_ = sighting.good ? "the Watchdog alert is not firing, so rules are not evaluated"
                                  : sighting.why_not;
    if (hold_) hold_->last_quiet_poll.reset();
  }
  auto judged = judge(situation_, now);
  update(judged, now);
  if (good) count_quiet(judged, now);
}

void Gate::absorb(const Sighting& sighting, Moment now) {
  std::map<std::uint64_t, Moment> seen;
  polled_.clear();
  for (const auto& raw : sighting.firing) {
    auto labels = normalised(raw, book_.external_labels, book_.ignore_labels);
    const auto id = fingerprint(labels);
    const auto known = first_seen_.find(id);
    const Moment since = known == first_seen_.end() ? now : known->second;
    // Two replicas of one Prometheus differ only in ignored labels: one alert.
    if (!seen.emplace(id, since).second) continue;
    suspicions_.erase(id);
    polled_.push_back(std::move(labels));
  }
  first_seen_ = std::move(seen);
  std::erase_if(waived_, [&](std::uint64_t id) { return !first_seen_.contains(id); });
  std::erase_if(suspicions_, [&](const auto& entry) {
    return now - entry.second.at > settings_.confirmation_time();
  });
  truncated_ = 0;
}

bool Gate::suspect(std::span<const Labels> firing, int truncated, Moment now) {
  const std::scoped_lock lock(mutex_);
  bool news = truncated > 0;
  truncated_ = std::max(truncated_, truncated);
  for (const auto& raw : firing) {
    auto labels = normalised(raw, book_.external_labels, book_.ignore_labels);
    const auto id = fingerprint(labels);
    if (first_seen_.contains(id)) continue;
    if (suspicions_.size() >= kSuspicionsMax) {
      truncated_ = std::max(truncated_, 1);
      return true;
    }
    news = suspicions_.try_emplace(id, Suspicion{std::move(labels), now}).second || news;
  }
  return news;
}

Verdict Gate::ask(const Situation& situation, Moment now) {
  const std::scoped_lock lock(mutex_);
  situation_ = situation;
  note_blindness(now);
  auto judged = judge(situation_, now);
  update(judged, now);
  return verdict(judged, now);
}

bool Gate::blind(Moment now) const {
  return !last_good_ || now - *last_good_ > settings_.blind_after;
}

std::vector<Gate::Judged> Gate::judge(const Situation& situation, Moment now) const {
  std::vector<Judged> all;
  all.reserve(polled_.size() + suspicions_.size());
  const auto add = [&](const Labels& labels, std::uint64_t id, bool provisional, Moment since) {
    const auto decision = decide(book_, labels, situation);
    const auto action = waived_.contains(id) ? RuleAction::notify : decision.action;
    all.push_back({&labels, id, decision.rule, action, provisional, now - since});
  };
  for (const auto& labels : polled_) {
    const auto id = fingerprint(labels);
    add(labels, id, false, first_seen_.at(id));
  }
  for (const auto& [id, suspicion] : suspicions_)
    add(suspicion.labels, id, true, suspicion.at);
  return all;
}

/// Whether this alert's rule has held the run for its max_pause.
bool Gate::overdue(const Judged& judged, Moment now) const {
  if (!hold_ || !judged.rule->max_pause || judged.action != RuleAction::pause) return false;
  const auto since = hold_->rules.find(judged.rule->name);
  return since != hold_->rules.end() && now - since->second >= *judged.rule->max_pause;
}

Gate::Hold& Gate::holding(Moment now) {
  if (!hold_) hold_ = Hold{now, {}, {}, {}, {}};
  return *hold_;
}

void Gate::note_blindness(Moment now) {
  if (!blind(now) || settings_.on_blind == GateSettings::OnBlind::proceed) return;
  Hold& hold = holding(now);
  hold.rules.try_emplace(std::string(kBlindRule), now);
  hold.quiet_needed = std::max(hold.quiet_needed, settings_.resume_after);
  hold.quiet = {};
  hold.last_quiet_poll.reset();
}

void Gate::update(std::vector<Judged>& judged, Moment now) {
  latch_fatal(judged, now);
  waive_overdue(judged, now);
  hold_for(judged, now);
}

void Gate::latch_fatal(const std::vector<Judged>& judged, Moment now) {
  if (!armed_ || latched_) return;
  std::vector<std::string> reasons;
  for (const auto& one : judged) {
    const bool late = overdue(one, now) && one.rule->on_timeout == OnTimeout::abort;
    // A webhook alone never ends a run: what no poll has confirmed only pauses it.
    if (one.provisional || (one.action != RuleAction::abort && !late)) continue;
    const auto effect =
        late ? fmt::format("aborts, after max_pause = {}", to_string(*one.rule->max_pause))
             : "aborts";
    reasons.push_back(alert_reason(*one.labels, *one.rule, one.firing, effect));
  }
  if (blind(now) && settings_.on_blind == GateSettings::OnBlind::abort && last_good_) {
    reasons.push_back(blind_reason(now));
  }
  if (!reasons.empty()) latched_ = std::move(reasons);
}

void Gate::waive_overdue(std::vector<Judged>& judged, Moment now) {
  bool waived = false;
  for (auto& one : judged) {
    if (!overdue(one, now) || one.rule->on_timeout != OnTimeout::proceed) continue;
    waived_.insert(one.id);
    one.action = RuleAction::notify;
    waived = true;
  }
  const bool others =
      std::ranges::any_of(judged, [](const auto& one) { return blocks(one.action); });
  if (waived && !others && !blind(now)) hold_.reset();
}

void Gate::hold_for(const std::vector<Judged>& judged, Moment now) {
  const auto keep = [&](const std::string& name, Millis resume_after) {
    Hold& hold = holding(now);
    hold.rules.try_emplace(name, now);
    hold.quiet_needed = std::max(hold.quiet_needed, resume_after);
    hold.quiet = {};
    hold.last_quiet_poll.reset();
  };
  for (const auto& one : judged) {
    if (blocks(one.action)) keep(one.rule->name, one.rule->resume_after);
  }
  if (truncated_ > 0) keep(std::string(kTruncatedRule), settings_.resume_after);
}

void Gate::count_quiet(const std::vector<Judged>& judged, Moment now) {
  if (!hold_ || std::ranges::any_of(judged, [](const auto& one) { return blocks(one.action); })) {
    return;
  }
  if (hold_->last_quiet_poll) hold_->quiet += now - *hold_->last_quiet_poll;
  hold_->last_quiet_poll = now;
  if (hold_->quiet >= hold_->quiet_needed) hold_.reset();
}

Verdict Gate::verdict(const std::vector<Judged>& judged, Moment now) const {
  if (latched_) return {Answer::stop, *latched_, {}};
  auto reasons = wait_reasons(judged, now);
  Millis next_look = settings_.poll_interval;
  if (reasons.empty() && hold_) {
    reasons.push_back(quiet_reason());
    next_look = std::clamp(hold_->quiet_needed - hold_->quiet, kLookMin, next_look);
  }
  if (reasons.empty()) return {};
  return {Answer::wait, std::move(reasons), next_look};
}

std::vector<std::string> Gate::wait_reasons(const std::vector<Judged>& judged, Moment now) const {
  std::vector<std::string> reasons;
  std::size_t more = 0;
  for (const auto& one : judged) {
    if (!blocks(one.action)) continue;
    if (reasons.size() >= kReasonsShown) {
      ++more;
      continue;
    }
    const auto effect = one.provisional ? "pauses until a poll confirms or denies it" : "pauses";
    reasons.push_back(alert_reason(*one.labels, *one.rule, one.firing, effect));
  }
  if (more > 0) reasons.push_back(fmt::format("and {} more alerts", more));
  if (blind(now) && settings_.on_blind != GateSettings::OnBlind::proceed) {
    reasons.push_back(blind_reason(now));
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

std::string Gate::quiet_reason() const {
  std::vector<std::string> names;
  for (const auto& [name, since] : hold_->rules)
    names.push_back(name);
  return fmt::format("quiet for {} of {} after {}", to_string(hold_->quiet),
                     to_string(hold_->quiet_needed), joined(names));
}

}  // namespace lockkeeper
