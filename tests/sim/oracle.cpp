// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/oracle.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace lockkeeper::sim {
namespace {

// A "go" is 10 s old at most when a step acts; the poll behind it at most one period older, and a
// call in between may take a moment.
constexpr Millis kGoAge{10'000};
constexpr Millis kSlack{2'000};

bool starts_work(Action action) {
  return action == Action::cordon || action == Action::snapshot || action == Action::claim ||
         action == Action::repository;
}

}  // namespace

/// Whether this alert, as it fires now, holds a run whatever was seen before. The rules that need
/// a past are in check_wider_rules().
bool Oracle::blocks(const Labels& alert) const {
  const auto name = alert.get("alertname");
  constexpr std::array<std::string_view, 5> harmless = {"Watchdog", "RecentNodeReboot", "SlowDisk",
                                                        "OfficeOnly", "Maintenance"};
  if (name.starts_with("Ignore") || std::ranges::find(harmless, name) != harmless.end()) {
    return false;
  }
  if (old_.contains(alert) || forgiven_.contains(name)) return false;
  if (name == "FlakyBackup") return !fires("Maintenance");
  if (name == "PodCrash") {
    const auto is_crash = [](const Labels& one) { return one.get("alertname") == "PodCrash"; };
    const std::set<Labels> distinct(model_.firing.begin(), model_.firing.end());
    return std::ranges::count_if(distinct, is_crash) >= kPodCrashMin;
  }
  return true;
}

bool Oracle::fires(std::string_view name) const {
  return std::ranges::any_of(model_.firing,
                             [&](const Labels& one) { return one.get("alertname") == name; });
}

/// By the wall clock, so long ago.
bool Oracle::office_hours(Millis ago) const {
  const auto now = clock_.now() - ago;
  const auto time_of_day = now - std::chrono::floor<std::chrono::days>(now);
  return time_of_day >= kOfficeFrom && time_of_day < kOfficeTo;
}

/// The keys of the wider language that look back: hold_for, windows, sticky, min_pause.
void Oracle::check_wider_rules(const Step& step) {
  const auto now = clock_.moment();
  const Millis late = settings_.gate.poll_interval + kGoAge + kSlack;
  const auto slow = seen_since_.find("SlowDisk");
  if (fires("SlowDisk") && slow != seen_since_.end() &&
      now - slow->second > kSlowDiskHoldFor + late) {
    violated(fmt::format("{}: SlowDisk has been seen for hold_for", to_string(step)));
  }
  const auto office = seen_since_.find("OfficeOnly");
  const bool steady = now - wall_steady_since_ > late &&
                      wall_offset_ == clock_.now().time_since_epoch() - now.since_start;
  if (fires("OfficeOnly") && office != seen_since_.end() && now - office->second > late && steady &&
      office_hours(Millis(0)) && office_hours(late)) {
    violated(fmt::format("{}: OfficeOnly fires inside of its window", to_string(step)));
  }
  if (sticky_) violated(fmt::format("{}: sticky, and nobody has resumed", to_string(step)));
  if (twitched_ && now - *twitched_ < std::chrono::minutes(6)) {
    violated(fmt::format("{}: min_pause is not over", to_string(step)));
  }
}

void Oracle::violated(const std::string& what) {
  violations_.push_back(fmt::format("[{}] {}", to_string(clock_.moment().since_start), what));
}

void Oracle::acts(const StepContext& context) {
  const auto& step = context.step;
  if (!plan_ || plan_->run != context.plan.run) violated("acts for a run that is not open");
  if (!begun_[step.number]) violated(fmt::format("{}: acts without an Intent", to_string(step)));
  if (outcomes_.contains(step.number)) violated(fmt::format("{}: acts twice", to_string(step)));
  for (int earlier = 1; earlier < step.number; ++earlier) {
    if (!outcomes_.contains(earlier)) violated(fmt::format("{}: out of order", to_string(step)));
  }
  if (context.vouched) vouched_.insert(fmt::format("{}-{}", context.plan.run, step.number));
  check_gate(context);
  check_order(context);
  check_orders_of_people(context);
}

/// B1, B7, B11: no step begins under an alert that blocks, or blindly.
void Oracle::check_gate(const StepContext& context) {
  const auto& step = context.step;
  if (!starts_work(step.action)) return;
  const auto& gate = settings_.gate;
  const auto now = clock_.moment();
  if (blocking_since_ && now - *blocking_since_ > gate.poll_interval + kGoAge + kSlack) {
    violated(fmt::format("{}: a blocking alert fires", to_string(step)));
  }
  if (!last_good_poll_ || now - *last_good_poll_ > gate.blind_after + kGoAge + kSlack) {
    violated(fmt::format("{}: blind", to_string(step)));
  }
  check_wider_rules(step);
  if (kill_since_ && !model_.kill.empty() && now - *kill_since_ > kGoAge + kSlack) {
    violated(fmt::format("{}: the kill switch is set", to_string(step)));
  }
}

/// B2, B3, B6 and the skew rule: the order of things.
void Oracle::check_order(const StepContext& context) {
  const auto& step = context.step;
  const bool changes_node = step.action == Action::cordon || step.action == Action::drain ||
                            step.action == Action::upgrade || step.action == Action::repository;
  if (changes_node && !model_.snapshots.contains(context.plan.run)) {
    violated(fmt::format("{}: no snapshot was taken", to_string(step)));
  }
  if (step.action == Action::upgrade && step.stage == Stage::workers &&
      model_.api_server < context.plan.target) {
    violated(fmt::format("{}: the API server is older than this kubelet will be", to_string(step)));
  }
  if (step.action == Action::upgrade && !model_.nodes.at(step.node).unschedulable) {
    violated(fmt::format("{}: the node takes new pods", to_string(step)));
  }
  if (step.action == Action::upgrade && model_.nodes.at(step.node).pods > 0) {
    violated(fmt::format("{}: pods are still on it", to_string(step)));
  }
  if (step.action == Action::uncordon) {
    for (const auto& [id, job] : model_.jobs) {
      const bool bad = job.node == step.node && id.starts_with(context.plan.run) && job.finished &&
                       !job.ends_well;
      if (bad) violated(fmt::format("{}: its script failed", to_string(step)));
    }
  }
  if (step.action != Action::cordon) return;
  for (const auto& [name, node] : model_.nodes) {
    if (name != step.node && !node.ready && clock_.moment() - node.ready_since > kGoAge + kSlack) {
      violated(fmt::format("{}: {} is not Ready", to_string(step), name));
    }
    if (name != step.node && node.cordoned_by == context.plan.run) {
      violated(fmt::format("{}: {} is still out", to_string(step), name));
    }
  }
}

void Oracle::check_orders_of_people(const StepContext& context) {
  const auto& step = context.step;
  if (paused_ && starts_work(step.action)) violated(to_string(step) + ": paused by a person");
  if (!ending_) return;
  const bool on_the_way_down = step.action == Action::uncordon || step.action == Action::release;
  const bool attaches = model_.jobs.contains(fmt::format("{}-{}", context.plan.run, step.number));
  if (!on_the_way_down && !attaches) violated(to_string(step) + ": begun after the abort");
}

void Oracle::appended(const Record& record) {
  const auto trouble = approvals_.appended(record, settings_.authority.approvals > 0);
  if (!trouble.empty()) violated(trouble);
  if (const auto* opened = std::get_if<Opened>(&record.body)) {
    if (plan_) violated("opened while a run is open");
    plan_ = opened->plan;
    begun_.clear();
    outcomes_.clear();
    paused_ = ending_ = sticky_ = false;
    twitched_.reset();
    old_.clear();
    const auto& named = plan_->ignore_alerts;
    for (const auto& alert : model_.firing) {
      const auto name = alert.get("alertname");
      const bool aside = std::ranges::find(named, name) != named.end();
      if (aside || name == "OldTrouble") old_.insert(alert);
    }
    alerts_changed();
    human_cordons_.clear();
    for (const auto& [name, node] : model_.nodes) {
      if (node.person_cordoned) human_cordons_.insert(name);
    }
  } else if (const auto* intent = std::get_if<Intent>(&record.body)) {
    begun_[intent->step] = true;
  } else if (const auto* outcome = std::get_if<Outcome>(&record.body)) {
    outcomes_[outcome->step] = *outcome;
    const bool bad =
        outcome->result == StepResult::failed || outcome->result == StepResult::interrupted;
    ending_ = ending_ || bad;
    check_soak(*outcome);
  } else if (const auto* ordered = std::get_if<Ordered>(&record.body)) {
    if (ordered->verb == Verb::pause) paused_ = true;
    if (ordered->verb == Verb::resume) paused_ = sticky_ = false;
    if (ordered->verb == Verb::abort) ending_ = true;
  } else if (const auto* held = std::get_if<Held>(&record.body)) {
    for (const auto& reason : held->reasons) {
      if (reason.contains("rule eyes ")) sticky_ = true;
      if (reason.contains("rule twitch ") && !twitched_) twitched_ = clock_.moment();
    }
  } else if (const auto* released = std::get_if<Released>(&record.body)) {
    if (released->holder == Holder::gate) twitched_.reset();
    if (released->holder == Holder::gate && sticky_ && !ending_) violated("sticky, and released");
  } else if (std::holds_alternative<Latched>(record.body)) {
    ending_ = true;
  } else if (std::holds_alternative<Closed>(record.body)) {
    plan_.reset();
  }
}

/// B2: a soak that is done was continuous.
void Oracle::check_soak(const Outcome& outcome) {
  if (!plan_ || outcome.result != StepResult::done) return;
  const auto& step = plan_->steps.at(static_cast<std::size_t>(outcome.step - 1));
  if (step.action != Action::soak) return;
  const auto& node = model_.nodes.at(step.node);
  // The soak begins with its first good look, a look after the node came back.
  const bool whole = node.ready && clock_.moment() - node.ready_since >= settings_.upgrade.soak;
  if (!whole)
    violated(
        fmt::format("{}: done, but {} was not healthy throughout", to_string(step), node.name));
}

void Oracle::said(const Message& message) {
  if (!message.text.starts_with("[k8s-upgrade]")) violated("a message without its prefix");
  last_message_ = message.text;
  if (message.text.find(": complete: ") == std::string::npos) return;
  // B10: success is only said when it is true.
  for (const auto& [name, node] : model_.nodes) {
    const bool there = message.text.find(to_string(node.kubelet)) != std::string::npos;
    if (!there)
      violated(fmt::format("said complete, but {} runs {}", name, to_string(node.kubelet)));
  }
}

void Oracle::polled(bool good) {
  const auto now = clock_.moment();
  const auto offset = clock_.now().time_since_epoch() - now.since_start;
  if (offset != wall_offset_) wall_steady_since_ = now;
  wall_offset_ = offset;
  if (!good) return;
  if (last_good_poll_ && now - *last_good_poll_ > settings_.gate.blind_after) seen_since_.clear();
  std::erase_if(seen_since_, [&](const auto& entry) { return !fires(entry.first); });
  for (const auto& alert : model_.firing)
    seen_since_.try_emplace(std::string(alert.get("alertname")), now);
  last_good_poll_ = now;
}

void Oracle::alerts_changed() {
  const bool burning = std::ranges::any_of(model_.pending_alerts, [](const Labels& alert) {
    return alert.get("alertname") == "SlowBurn";
  });
  const bool any = burning || std::ranges::any_of(model_.firing, [&](const Labels& alert) {
                     return blocks(alert);
                   });
  if (!any) blocking_since_.reset();
  if (any && !blocking_since_) blocking_since_ = clock_.moment();
}

void Oracle::run_ended(const std::string& run) {
  for (const auto& [name, node] : model_.nodes) {
    const bool named = last_message_.find(name + " stays cordoned") != std::string::npos;
    if (node.cordoned_by == run && !named) {
      violated(fmt::format("{} is left cordoned and not named in the last message", name));
    }
    if (human_cordons_.contains(name) && node.person_cordoned && !node.unschedulable) {
      violated(fmt::format("{} was cordoned by a person and is not any more", name));
    }
  }
  for (const auto& [id, job] : model_.jobs) {
    const int allowed = vouched_.contains(id) ? 2 : 1;
    if (job.starts > allowed)
      violated(fmt::format("the node script {} was started {} times", id, job.starts));
  }
}

}  // namespace lockkeeper::sim
