// SPDX-License-Identifier: Apache-2.0
#include "bot/gate.h"

#include <algorithm>

namespace lockkeeper {
namespace {

// More distinct alerts than this are one answer: the gate is shut, and a poll tells the truth soon.
constexpr std::size_t kSuspicionsMax = 20'000;

/// Whether some rule takes a webhook's word for such an alert, so that no poll will confirm it.
bool believed(const RuleBook& book, const Labels& labels) {
  return std::ranges::any_of(book.rules, [&](const Rule& rule) {
    return rule.source == Source::webhook && any_match(rule, labels);
  });
}

}  // namespace

Gate::Gate(RuleBook book, GateSettings settings)
    : book_(std::move(book)), settings_(std::move(settings)) {}

void Gate::saw(const Sighting& sighting, Moment now) {
  const std::scoped_lock lock(mutex_);
  const bool good = sighting.good && sighting.watchdog;
  note_wall(sighting.at, now);
  // Judged before this poll ends it, so that a gap in sight is never taken for quiet.
  note_blindness(now);
  if (good) {
    absorb(sighting, now);
    last_good_ = now;
  } else {
    last_failure_ = sighting.good ? "the Watchdog alert is not firing, so rules are not evaluated"
                                  : sighting.why_not;
    if (hold_) hold_->interrupt();
  }
  situation_.wall = wall(now);
  auto crowd = judge(situation_, now);
  update(crowd, now);
  if (good) count_quiet(crowd, now);
}

Labels Gate::normal(const Labels& raw) const {
  return normalised(raw, book_.external_labels, book_.ignore_labels);
}

void Gate::absorb(const Sighting& sighting, Moment now) {
  std::map<std::uint64_t, Track> seen;
  // What was seen on both sides of blindness was not seen in between.
  const bool gap = blind(now);
  polled_.clear();
  for (const auto& raw : sighting.firing)
    absorb_one(raw, false, gap, now, seen);
  absorb_alertmanager(sighting, gap, now, seen);
  for (const auto& raw : sighting.pending)
    absorb_one(raw, true, gap, now, seen);
  for (const auto& [labels, by] : sighting.suppressed) {
    const auto track = seen.find(fingerprint(normal(labels)));
    if (track != seen.end()) track->second.suppressed = by;
  }
  tracks_ = std::move(seen);
  const auto gone = [&](std::uint64_t id) { return !tracks_.contains(id); };
  std::erase_if(waived_, [&](const auto& entry) { return gone(entry.first); });
  std::erase_if(holders_, [&](const auto& entry) { return gone(entry.first); });
  forget_suspicions(now);
  truncated_ = 0;
}

/// Two replicas of one Prometheus differ only in ignored labels: one alert. The first of them
/// counts, so what fires is given before what is pending.
void Gate::absorb_one(const Labels& raw, bool pending, bool gap, Moment now,
                      std::map<std::uint64_t, Track>& seen) {
  auto labels = normal(raw);
  const auto id = fingerprint(labels);
  const auto [at, fresh] = seen.try_emplace(id, Track{now, now, now, pending, {}, {}});
  if (!fresh) return;
  Track& track = at->second;
  track.sources.prometheus = true;
  if (const auto known = tracks_.find(id); known != tracks_.end()) {
    const bool same = known->second.pending == pending;
    if (same) track.since = known->second.since;
    if (same && !gap) track.sight = known->second.sight;
    if (!gap) track.sight_any = known->second.sight_any;
    track.sources.webhook = known->second.sources.webhook;
  }
  if (!pending) track.sources.webhook = suspicions_.erase(id) > 0 || track.sources.webhook;
  polled_.push_back({std::move(labels), id, &track});
}

void Gate::absorb_alertmanager(const Sighting& sighting, bool gap, Moment now,
                               std::map<std::uint64_t, Track>& seen) {
  for (const auto& raw : sighting.alertmanager) {
    const auto id = fingerprint(normal(raw));
    const bool by_prometheus = seen.contains(id);
    absorb_one(raw, false, gap, now, seen);
    seen.at(id).sources.alertmanager = true;
    seen.at(id).sources.prometheus = by_prometheus;
  }
}

void Gate::forget_suspicions(Moment now) {
  std::erase_if(suspicions_, [&](const auto& entry) {
    const auto& suspicion = entry.second;
    const Millis life = suspicion.lasting ? settings_.webhook_ttl : settings_.confirmation_time();
    return now - suspicion.at > life;
  });
}

bool Gate::suspect(std::span<const Labels> firing, int truncated, Moment now) {
  const std::scoped_lock lock(mutex_);
  bool news = truncated > 0;
  truncated_ = std::max(truncated_, truncated);
  for (const auto& raw : firing) {
    auto labels = normal(raw);
    const auto id = fingerprint(labels);
    const auto track = tracks_.find(id);
    if (track != tracks_.end() && !track->second.pending) {
      track->second.sources.webhook = true;
      continue;
    }
    if (suspicions_.size() >= kSuspicionsMax) {
      truncated_ = std::max(truncated_, 1);
      return true;
    }
    const bool lasting = believed(book_, labels);
    const auto [at, fresh] =
        suspicions_.try_emplace(id, Suspicion{std::move(labels), now, lasting});
    if (lasting) at->second.at = now;
    news = fresh || news;
  }
  return news;
}

Verdict Gate::ask(const Situation& situation, Moment now) {
  const std::scoped_lock lock(mutex_);
  note_wall(situation.wall, now);
  situation_ = situation;
  situation_.wall = wall(now);
  note_blindness(now);
  auto crowd = judge(situation_, now);
  update(crowd, now);
  return verdict(crowd, now);
}

bool Gate::resume() {
  const std::scoped_lock lock(mutex_);
  return hold_ && hold_->unstick();
}

bool Gate::blind(Moment now) const {
  return !last_good_ || now - *last_good_ > settings_.blind_after;
}

void Gate::note_wall(std::optional<Time> wall, Moment now) {
  if (wall) wall_ = std::pair(*wall, now);
}

/// Between two times that were told, the monotonic clock goes on counting.
std::optional<Time> Gate::wall(Moment now) const {
  if (!wall_) return std::nullopt;
  return wall_->first + (now - wall_->second);
}

}  // namespace lockkeeper
