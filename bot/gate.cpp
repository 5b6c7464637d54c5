// SPDX-License-Identifier: Apache-2.0
#include "bot/gate.h"

#include <algorithm>
#include <utility>

namespace lockkeeper {
namespace {

// More distinct alerts than this are one answer: the gate is shut, and a poll tells the truth soon.
constexpr std::size_t kSuspicionsMax = 20'000;
// So many alerts may have gone at once before what is known of the next ones is worked out anew.
constexpr std::size_t kLookAhead = 8;

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
  if (!first_look_) first_look_ = now;
  if (!sighting.sources.empty()) sources_ = sighting.sources;
  note_wall(sighting.at, now);
  // Judged before this poll ends it, so that a gap in sight is never taken for quiet.
  note_blindness(now);
  if (good) {
    absorb(sighting, now);
    last_good_ = now;
  } else {
    if (!sighting.good) absorb(sighting, now);
    if (!sighting.partial) {
      last_failure_ = sighting.good ? "the Watchdog alert is not firing, so rules are not evaluated"
                                    : sighting.why_not;
      if (hold_) hold_->interrupt();
    }
  }
  situation_.wall = wall(now);
  auto crowd = judge(situation_, now);
  update(crowd, now);
  if (good) count_quiet(crowd, now);
}

Labels Gate::normal(const Labels& raw) const {
  return normalised(raw, book_.external_labels, book_.ignore_labels);
}

/// A good sighting is all there is; any other only adds to what is known.
void Gate::absorb(const Sighting& sighting, Moment now) {
  Tracks seen;
  Before before{std::exchange(polled_, {})};
  polled_.reserve(before.polled.size());
  for (const auto& raw : sighting.firing)
    absorb_one(raw, false, now, seen, before);
  absorb_alertmanager(sighting, now, seen, before);
  for (const auto& raw : sighting.pending)
    absorb_one(raw, true, now, seen, before);
  for (const auto& [labels, by] : sighting.suppressed) {
    const auto track = seen.find(fingerprint(normal(labels)));
    if (track != seen.end()) track->second.suppressed = by;
  }
  keep_known(std::move(before.polled), sighting, seen);
  tracks_ = std::move(seen);
  if (!sighting.good) return;
  const auto gone = [&](std::uint64_t id) { return !tracks_.contains(id); };
  std::erase_if(waived_, [&](const auto& entry) { return gone(entry.first); });
  std::erase_if(holders_, [&](const auto& entry) { return gone(entry.first); });
  forget_suspicions(now);
  truncated_ = 0;
}

/// The alert's labels and identity, taken over from the look before where they are the same.
Gate::Polled Gate::identified(const Labels& raw, Before& before) const {
  const auto end = std::min(before.polled.size(), before.next + kLookAhead);
  for (auto at = before.next; at < end; ++at) {
    auto& old = before.polled[at];
    if (raw != (old.raw.empty() ? old.labels : old.raw)) continue;
    before.next = at + 1;
    return {std::move(old.labels), old.id, nullptr, std::move(old.raw)};
  }
  Polled made{normal(raw)};
  made.id = fingerprint(made.labels);
  if (made.labels != raw) made.raw = raw;
  return made;
}

/// Two replicas of one Prometheus differ only in ignored labels: one alert. The first of them
/// counts, so what fires is given before what is pending.
void Gate::absorb_one(const Labels& raw, bool pending, Moment now, Tracks& seen, Before& before) {
  auto alert = identified(raw, before);
  const auto id = alert.id;
  const auto [at, fresh] = seen.try_emplace(id, Track{now, now, now, now, pending});
  if (!fresh) return;
  Track& track = at->second;
  track.sources.prometheus = track.by_prometheus = true;
  if (const auto known = tracks_.find(id); known != tracks_.end()) {
    Track& old = known->second;
    const bool same = old.pending == pending;
    // What was seen on both sides of blindness was not seen in between.
    const bool gap = now - old.last > settings_.blind_after;
    if (same) track.since = old.since;
    if (same && !gap) track.sight = old.sight;
    if (!gap) track.sight_any = old.sight_any;
    track.sources.webhook = old.sources.webhook;
    track.memo = std::move(old.memo);
  }
  if (!pending) track.sources.webhook = suspicions_.erase(id) > 0 || track.sources.webhook;
  alert.track = &track;
  polled_.push_back(std::move(alert));
}

void Gate::absorb_alertmanager(const Sighting& sighting, Moment now, Tracks& seen, Before& before) {
  for (const auto& raw : sighting.alertmanager) {
    const auto id = fingerprint(normal(raw));
    const auto known = tracks_.find(id);
    const bool known_there = known != tracks_.end() && known->second.by_prometheus;
    // A look at one source says nothing about the others.
    const bool by_prometheus = seen.contains(id) || (!sighting.good && known != tracks_.end() &&
                                                     known->second.sources.prometheus);
    absorb_one(raw, false, now, seen, before);
    Track& track = seen.at(id);
    track.sources.alertmanager = true;
    track.sources.prometheus = by_prometheus;
    track.by_prometheus = by_prometheus || known_there;
  }
}

/// What was known before and is not in this sighting, as far as that does not say that it is gone.
void Gate::keep_known(std::vector<Polled> before, const Sighting& sighting, Tracks& seen) {
  for (auto& old : before) {
    const bool only_there = old.track->sources.alertmanager && !old.track->by_prometheus;
    const bool untold = sighting.alertmanager_away && only_there;
    if (sighting.good && !untold) continue;
    const auto [at, fresh] = seen.try_emplace(old.id, *old.track);
    if (!fresh) {
      // One source has it pending, another has seen it fire.
      if (at->second.pending && !old.track->pending) at->second = *old.track;
      continue;
    }
    if (untold) at->second.suppressed.clear();
    old.track = &at->second;
    polled_.push_back(std::move(old));
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
    if (!book_.watchdog.empty() && matches(book_.watchdog, labels)) heartbeat_ = now;
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

/// Whether webhooks should prove that they arrive, and have not done so for too long.
bool Gate::deaf(Moment now) const {
  if (settings_.webhook_watchdog == Millis{} || !first_look_) return false;
  return now - heartbeat_.value_or(*first_look_) > settings_.webhook_watchdog;
}

/// Whether some rule is about what only a webhook tells: then hearing none is a kind of blindness.
bool Gate::believes_webhooks() const {
  return std::ranges::any_of(book_.rules,
                             [](const Rule& rule) { return rule.source == Source::webhook; });
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
