// SPDX-License-Identifier: Apache-2.0

// What the alerts of one moment come to, and what follows from it for the hold and the latch.

#include <fmt/format.h>

#include <algorithm>

#include "bot/gate.h"
#include "bot/gate_text.h"

namespace lockkeeper {
namespace {

// The names under which what is not an alert appears among the rules that hold.
constexpr std::string_view kBlindRule = "blindness";
constexpr std::string_view kTruncatedRule = "a truncated webhook";
constexpr std::string_view kWaived = "max_pause is over, and on_timeout = continue";

bool any_blocks(const auto& judged) {
  return std::ranges::any_of(judged, [](const auto& one) { return blocks(one.action); });
}

}  // namespace

Evidence Gate::evidence_of(std::uint64_t id, const Track* track) const {
  Evidence evidence;
  evidence.preexisting = preexisting_.contains(id);
  if (track == nullptr) {
    // A webhook's word: nobody has seen it.
    evidence.sources = {.prometheus = false, .webhook = true, .alertmanager = false};
    evidence.seen = evidence.seen_any = Millis(0);
    return evidence;
  }
  evidence.pending = track->pending;
  evidence.sources = track->sources;
  evidence.seen = track->last - track->sight;
  evidence.seen_any = track->last - track->sight_any;
  evidence.suppressed = track->suppressed;
  if (const auto holder = holders_.find(id); holder != holders_.end()) {
    evidence.held_by = holder->second;
  }
  return evidence;
}

Gate::Crowd Gate::gathered(Moment now) const {
  Crowd crowd;
  const auto most = polled_.size() + suspicions_.size();
  crowd.judged.reserve(most);
  crowd.evidence.reserve(most);
  for (const auto& [labels, id, track, raw] : polled_) {
    // A webhook says that it fires by now: it is judged as that.
    if (track->pending && suspicions_.contains(id)) continue;
    crowd.judged.push_back({.labels = &labels,
                            .id = id,
                            .pending = track->pending,
                            .firing = now - track->since,
                            .memo = &track->memo});
    crowd.evidence.push_back(evidence_of(id, track));
  }
  for (const auto& [id, suspicion] : suspicions_) {
    crowd.judged.push_back(
        {.labels = &suspicion.labels, .id = id, .provisional = true, .firing = now - suspicion.at});
    crowd.evidence.push_back(evidence_of(id, nullptr));
  }
  crowd.seen.reserve(crowd.judged.size());
  for (std::size_t i = 0; i < crowd.judged.size(); ++i)
    crowd.seen.push_back({crowd.judged[i].labels, &crowd.evidence[i], crowd.judged[i].memo});
  return crowd;
}

Gate::Crowd Gate::judge(const Situation& situation, Moment now) const {
  auto crowd = gathered(now);
  const auto decisions = decide_all(book_, crowd.seen, situation);
  // Only what is seen right now can void a pause: neither a webhook's word nor an old poll.
  const bool sighted = !blind(now);
  for (std::size_t i = 0; i < decisions.size() && sighted; ++i) {
    if (decisions[i].action != RuleAction::resume || crowd.judged[i].provisional) continue;
    for (const auto& name : decisions[i].rule->resumes)
      crowd.voided.try_emplace(name, decisions[i].rule);
  }
  weigh(crowd, decisions, now);
  return crowd;
}

void Gate::weigh(Crowd& crowd, std::span<const Decision> decisions, Moment now) const {
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    auto& one = crowd.judged[i];
    one.rule = decisions[i].rule;
    one.action = decisions[i].action;
    if (decisions[i].because == Decision::Because::preexisting) {
      one.note = "it fired when the run began";
    }
    if (decisions[i].because == Decision::Because::suppressed) {
      one.note = std::string(crowd.evidence[i].suppressed);
    }
    weigh_one(one, decisions[i], crowd, now);
  }
}

/// What only the gate knows can make a pause milder, and never an abort.
void Gate::weigh_one(Judged& one, const Decision& decision, const Crowd& crowd, Moment now) const {
  if (decision.action != RuleAction::pause) return;
  const auto voided = crowd.voided.find(decision.rule->name);
  if (waived_.contains(one.id)) {
    one.action = RuleAction::notify;
    one.note = kWaived;
  } else if (aside_.contains(one.id) && aside_until_ && now < *aside_until_) {
    one.action = RuleAction::ignore;
    one.note = fmt::format("set aside for this run, for {} more", to_string(*aside_until_ - now));
  } else if (voided != crowd.voided.end()) {
    one.action = RuleAction::notify;
    one.note = fmt::format("void while rule {} says resume", rule_text(*voided->second));
  }
}

/// Whether this alert's rule has held the run for its max_pause.
bool Gate::overdue(const Judged& judged, Moment now) const {
  if (!hold_ || !judged.rule->max_pause || judged.action != RuleAction::pause) return false;
  const auto since = hold_->since(judged.rule->name);
  return since && now - *since >= *judged.rule->max_pause;
}

Hold& Gate::holding() {
  if (!hold_) hold_.emplace();
  return *hold_;
}

void Gate::note_blindness(Moment now) {
  const bool unheard = deaf(now) && believes_webhooks();
  if (!blind(now) && !unheard) return;
  if (settings_.on_blind == GateSettings::OnBlind::proceed) return;
  holding().keep(std::string(kBlindRule), {.quiet_needed = settings_.resume_after}, now);
}

void Gate::update(Crowd& crowd, Moment now) {
  latch_fatal(crowd, now);
  waive_overdue(crowd, now);
  void_pauses(crowd, now);
  hold_for(crowd, now);
}

void Gate::latch_fatal(const Crowd& crowd, Moment now) {
  if (!armed_ || latched_) return;
  std::vector<std::string> reasons;
  for (const auto& one : crowd.judged) {
    const bool late = overdue(one, now) && one.rule->on_timeout == OnTimeout::abort;
    // A webhook alone never ends a run: what no poll has confirmed only pauses it.
    if (one.provisional || (one.action != RuleAction::abort && !late)) continue;
    auto effect = late
                      ? fmt::format("aborts, after max_pause = {}", to_string(*one.rule->max_pause))
                      : std::string("aborts");
    if (!one.note.empty()) effect += ", as " + one.note;
    reasons.push_back(alert_reason(*one.labels, *one.rule, one.firing, effect, one.pending));
  }
  if (blind(now) && settings_.on_blind == GateSettings::OnBlind::abort && last_good_) {
    reasons.push_back(blind_reason(now));
  }
  if (!reasons.empty()) latched_ = std::move(reasons);
}

/// What is waived owes no quiet time; what other rules still wait for stays.
void Gate::waive_overdue(Crowd& crowd, Moment now) {
  std::vector<std::string_view> waived;
  for (auto& one : crowd.judged) {
    if (!overdue(one, now) || one.rule->on_timeout != OnTimeout::proceed) continue;
    waived_[one.id] = one.rule->name;
    one.action = RuleAction::notify;
    one.note = kWaived;
    waived.emplace_back(one.rule->name);
  }
  end_parts(waived, now);
}

void Gate::end_parts(std::span<const std::string_view> rules, Moment now) {
  if (!hold_ || rules.empty()) return;
  hold_->drop(rules, now);
  if (hold_->empty()) hold_.reset();
}

/// What a rule of action resume voids holds nothing, neither now nor by what it held before.
void Gate::void_pauses(const Crowd& crowd, Moment now) {
  std::vector<std::string_view> names;
  for (const auto& [name, by] : crowd.voided)
    names.emplace_back(name);
  end_parts(names, now);
}

void Gate::hold_for(const Crowd& crowd, Moment now) {
  // Thousands of alerts are mostly a few rules': each is told once.
  std::set<const Rule*> told;
  for (const auto& one : crowd.judged) {
    if (!blocks(one.action)) continue;
    if (outlasts_windows(*one.rule)) holders_[one.id] = one.rule;
    if (!told.insert(one.rule).second) continue;
    holding().keep(one.rule->name,
                   {one.rule->resume_after, one.rule->min_pause, armed_ && one.rule->sticky}, now);
  }
  if (truncated_ > 0) {
    holding().keep(std::string(kTruncatedRule), {.quiet_needed = settings_.resume_after}, now);
  }
}

void Gate::count_quiet(const Crowd& crowd, Moment now) {
  if (!hold_) return;
  const bool all_quiet = !any_blocks(crowd.judged) && !(deaf(now) && believes_webhooks());
  hold_->polled(all_quiet, now);
  if (all_quiet && hold_->over(now)) hold_.reset();
}

}  // namespace lockkeeper
