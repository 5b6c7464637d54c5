// SPDX-License-Identifier: Apache-2.0
#include "bot/silences.h"

#include <fmt/format.h>

#include <algorithm>

namespace lockkeeper {
namespace {

/// Whether the step does something to its node that alerts are known to fire about. In the soak
/// they are meant again: it is there to find out whether the node is well.
bool noticed(Action action) {
  switch (action) {
    case Action::cordon:
    case Action::step_aside:
    case Action::drain:
    case Action::containerd:
    case Action::upgrade:
    case Action::await_ready:
    case Action::uncordon:
    case Action::hook:
      return true;
    default:
      return false;
  }
}

bool is_for(const OwnSilence& silence, const Cover& cover) {
  return silence.run == cover.run && silence.node == cover.node;
}

}  // namespace

Cover cover_for(const Progress& progress, const Step& step, Time now) {
  Cover cover{progress.run, "", now};
  if (step.node.empty() || !noticed(step.action) || progress.plan->dry_run) return cover;
  cover.node = step.node;
  // From the journal, so that a restart does not begin the time anew.
  for (const auto& other : progress.plan->steps) {
    if (other.node != step.node || other.stage != step.stage || !noticed(other.action)) continue;
    const auto& begun = progress.steps[static_cast<std::size_t>(other.number - 1)].begun;
    if (begun) cover.since = std::min(cover.since, *begun);
  }
  return cover;
}

SilenceChanges silence_changes(const AlertmanagerSettings& settings, const Cover& wanted,
                               std::span<const OwnSilence> standing, Time now) {
  SilenceChanges changes;
  const Time end = wanted.since + settings.silence_limit;
  const bool covered = !wanted.node.empty() && now < end;
  const auto listed = [&](const std::string& alertname) {
    return std::ranges::find(settings.silence_alerts, alertname) != settings.silence_alerts.end();
  };
  std::vector<std::string> there;
  for (const auto& silence : standing) {
    const bool twice = std::ranges::find(there, silence.alertname) != there.end();
    if (!covered || !is_for(silence, wanted) || !listed(silence.alertname) || twice) {
      changes.take_back.push_back(silence);
      continue;
    }
    there.push_back(silence.alertname);
    // Two further tries fit into what is left.
    const Time until = std::min(now + settings.silence_lease, end);
    if (silence.ends_at - now > settings.silence_lease * 2 / 3 || until <= silence.ends_at)
      continue;
    changes.put.push_back(silence);
    changes.put.back().ends_at = until;
  }
  if (!covered) return changes;
  for (const auto& alertname : settings.silence_alerts) {
    if (std::ranges::find(there, alertname) != there.end()) continue;
    changes.put.push_back(
        {"", wanted.run, wanted.node, alertname, now, std::min(now + settings.silence_lease, end)});
  }
  return changes;
}

void NodeSilences::cover(const Cover& wanted) {
  const std::scoped_lock lock(mutex_);
  const bool same = wanted_ && wanted_->run == wanted.run && wanted_->node == wanted.node;
  if (same) return;
  // Between runs only what a lost process has left is looked for.
  settled_ = settled_ && wanted.node.empty();
  made_.clear();
  wanted_ = wanted;
  tend_locked();
}

void NodeSilences::tend() {
  const std::scoped_lock lock(mutex_);
  tend_locked();
}

void NodeSilences::tend_locked() {
  if (!wanted_ || settled_) return;
  const auto changed = change();
  settled_ = changed.has_value() && wanted_->node.empty();
  if (!changed) return complain(changed.error());
  complained_about_.clear();
}

Status NodeSilences::change() {
  const auto standing = book_.standing();
  if (!standing) return std::unexpected(standing.error());
  const auto changes = silence_changes(settings_, *wanted_, *standing, clock_.now());
  for (const auto& silence : changes.take_back)
    if (auto taken = book_.take_back(silence.id); !taken) return taken;
  for (const auto& silence : changes.put) {
    const auto made = made_.find(silence.alertname);
    // Gone before its end: somebody wants to hear of it.
    const bool unwanted = silence.id.empty() && made != made_.end() && clock_.now() < made->second;
    if (unwanted) continue;
    if (auto put = book_.put(silence); !put) return put;
    made_[silence.alertname] = silence.ends_at;
  }
  return {};
}

/// Once, until it works again: the run goes on, and people know why their phones ring.
void NodeSilences::complain(const Failure& failure) {
  const auto& about = wanted_->run.empty() ? std::string("no run") : wanted_->run;
  if (complained_about_ == about) return;
  complained_about_ = about;
  const auto text =
      wanted_->node.empty()
          ? fmt::format("silences that were made for a node may stand until their leases end: {}",
                        failure.what)
          : fmt::format("{} cannot be silenced: {}; the run goes on all the same", wanted_->node,
                        failure.what);
  chat_.say({Tone::news, wanted_->run, "[k8s-upgrade] " + text});
}

}  // namespace lockkeeper
