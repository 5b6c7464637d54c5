// SPDX-License-Identifier: Apache-2.0
#include "bot/lookout.h"

#include <fmt/format.h>

#include <algorithm>

namespace lockkeeper {
namespace {

constexpr std::string_view kNoWatchdog =
    "the Watchdog alert is not firing, so rules are not evaluated";

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

LookoutSettings lookout_settings(const Settings& settings) {
  LookoutSettings made;
  made.prometheus.emplace_back("prometheus");
  for (const auto& more : settings.more_prometheus)
    made.prometheus.push_back("prometheus " + more.name);
  made.quorum = settings.gate.quorum;
  made.fresh = settings.gate.blind_after;
  made.alertmanager = settings.alertmanager.given();
  made.needed =
      made.alertmanager && std::ranges::any_of(settings.rules.rules, [](const Rule& rule) {
        return rule.source == Source::alertmanager;
      });
  return made;
}

Lookout::Lookout(LookoutSettings settings) : settings_(std::move(settings)) {
  for (const auto& name : settings_.prometheus) {
    eyes_.emplace_back();
    eyes_.back().name = name;
  }
  manager_.name = "alertmanager";
  const auto asked = static_cast<std::size_t>(std::max(settings_.quorum, 0));
  wanted_ = asked == 0 ? eyes_.size() : std::min(asked, eyes_.size());
}

void Lookout::adopt(const Settings& settings) {
  const auto now = lookout_settings(settings);
  settings_.fresh = now.fresh;
  settings_.needed = now.needed;
}

Sighting Lookout::prometheus(std::size_t which, Sighting look, Moment now) {
  auto& eye = eyes_.at(which);
  if (look.good && !look.watchdog) {
    look.good = false;
    look.why_not =
        eyes_.size() == 1 ? std::string(kNoWatchdog) : fmt::format("{}: {}", eye.name, kNoWatchdog);
  }
  take(eye, std::move(look), now);
  return told(eye, now);
}

Sighting Lookout::alertmanager(Sighting look, Moment now) {
  take(manager_, std::move(look), now);
  return told(manager_, now);
}

void Lookout::take(Eye& eye, Sighting look, Moment now) {
  eye.good = eye.in_round = look.good;
  eye.why_not = look.why_not;
  eye.note = look.note;
  if (!look.good) return;
  eye.good_at = now;
  eye.newest = std::move(look);
}

/// A look that is as old as blindness is not evidence any more.
bool Lookout::usable(const Eye& eye, Moment now) const {
  return eye.good_at && now - *eye.good_at <= settings_.fresh;
}

Sighting Lookout::told(const Eye& by, Moment now) {
  std::size_t in_round = 0;
  std::size_t good = 0;
  for (const auto& eye : eyes_) {
    if (!usable(eye, now)) continue;
    in_round += eye.in_round ? 1U : 0U;
    good += eye.good ? 1U : 0U;
  }
  const bool manager_in_round = manager_.in_round && usable(manager_, now);
  const bool complete = in_round >= wanted_ && (!settings_.needed || manager_in_round);
  Sighting sighting;
  if (complete) {
    sighting = everything(nullptr, now);
    for (auto& eye : eyes_)
      eye.in_round = false;
    manager_.in_round = false;
  } else {
    // What this look has seen counts at once; what it has not seen is nothing yet.
    if (by.good) sighting = everything(&by, now);
    sighting.good = sighting.watchdog = false;
    sighting.partial =
        good >= wanted_ && (!settings_.needed || (manager_.good && usable(manager_, now)));
    if (!sighting.partial) sighting.why_not = why_not(now);
  }
  add_states(sighting);
  return sighting;
}

/// All that is known from looks that are still evidence, or from one Prometheus alone. Silences
/// only count while Alertmanager is seen: whoever cannot be asked has silenced nothing.
Sighting Lookout::everything(const Eye* only, Moment now) const {
  Sighting sighting{.good = true, .why_not = "", .firing = {}, .watchdog = true};
  for (const auto& eye : eyes_) {
    if (!usable(eye, now) || (only != nullptr && only != &eye)) continue;
    append(sighting.firing, eye.newest.firing);
    append(sighting.pending, eye.newest.pending);
    sighting.at = std::max(sighting.at, eye.newest.at);
  }
  if (usable(manager_, now)) {
    sighting.alertmanager = manager_.newest.alertmanager;
    sighting.suppressed = manager_.newest.suppressed;
  } else {
    sighting.alertmanager_away = settings_.alertmanager;
  }
  return sighting;
}

std::string Lookout::why_not(Moment now) const {
  std::vector<std::string> reasons;
  const auto add = [&](const Eye& eye) {
    if (eye.good && usable(eye, now)) return;
    const bool told = !eye.why_not.empty();
    reasons.push_back(told ? eye.why_not : fmt::format("{}: no answer yet", eye.name));
  };
  std::ranges::for_each(eyes_, add);
  const auto before = reasons.size();
  if (settings_.needed) add(manager_);
  if (reasons.size() > before) reasons.back() += ", and rules with source = alertmanager need it";
  return joined(reasons, "; ");
}

/// A source that stands alone needs no name: the gate's own words are about it.
void Lookout::add_states(Sighting& sighting) const {
  const auto add = [&](const Eye& eye) {
    sighting.sources.push_back(
        {eye.name, eye.good, eye.good ? "" : eye.why_not, eye.good_at, eye.note});
  };
  for (const auto& eye : eyes_)
    add(eye);
  if (settings_.alertmanager) add(manager_);
}

}  // namespace lockkeeper
