// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/evacuation.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace lockkeeper::kubernetes {
namespace {

constexpr int kDoublingsMax = 3;

/// Whether what its budget allows decides about a pod. A budget is not asked about pods that are
/// over, and about pods that are not Ready it may be lenient: these are asked each for itself.
bool gated(const Pod& pod) {
  return pod.ready && !pod.finished();
}

}  // namespace

void Evacuation::seen(const Pod& pod, Moment now) {
  const auto [at, is_new] = pods_.try_emplace(pod.uid);
  Departure& departure = at->second;
  departure.pod = pod;
  if (is_new) {
    departure.due = now;
    count_return(departure);
  }
  // A pod that is being deleted already needs no eviction; asking again would change nothing.
  const bool idle = departure.state != State::asked && departure.state != State::looking;
  if (pod.leaving() && idle) departure.state = State::leaving;
}

// A pod that was bound just before the cordon is no return; a controller whose pods tolerate the
// cordon comes back again and again, and would keep a drain busy for ever.
void Evacuation::count_return(Departure& departure) {
  if (!departure.pod.controller) return;
  const auto before = returns_.find(departure.pod.controller->uid);
  if (before == returns_.end()) return;
  departure.returned = before->second + 1;
  if (departure.returned <= knobs_.returns_max || hopeless_) return;
  hopeless_ = fmt::format("{} puts pods back onto the cordoned node (now {}, {} times)",
                          departure.pod.controlled_by(), departure.pod.name, departure.returned);
}

void Evacuation::vanished(const std::string& uid) {
  if (const auto at = pods_.find(uid); at != pods_.end()) depart(at);
}

void Evacuation::listed(const std::set<std::string>& uids) {
  for (auto at = pods_.begin(); at != pods_.end();) {
    const auto next = std::next(at);
    if (!uids.contains(at->first)) depart(at);
    at = next;
  }
}

void Evacuation::depart(std::map<std::string, Departure>::iterator at) {
  Departure& departure = at->second;
  // Its answer may still come; answered() finds nobody then, so it is counted off here.
  if (departure.state == State::asked || departure.state == State::looking) release(departure);
  if (const auto& controller = departure.pod.controller) {
    int& count = returns_[controller->uid];
    count = std::max(count, departure.returned);
  }
  pods_.erase(at);
  ++gone_;
}

void Evacuation::release(Departure& departure) {
  --in_flight_;
  if (!std::exchange(departure.counted, false)) return;
  if (BudgetView* view = budget_for(departure)) view->asked = std::max(0, view->asked - 1);
}

void Evacuation::budgets(const std::vector<Budget>& all) {
  std::set<std::string> names;
  for (const auto& each : all) {
    names.insert(each.full_name());
    budget(each);
  }
  std::erase_if(budgets_, [&](const auto& entry) { return !names.contains(entry.first); });
}

void Evacuation::budget(const Budget& changed) {
  const auto [at, is_new] = budgets_.try_emplace(changed.full_name());
  const bool same_pods = !is_new && at->second.budget.selector == changed.selector;
  at->second.budget = changed;
  ++at->second.news;
  if (same_pods) return;
  for (auto& [uid, departure] : pods_)
    if (departure.budget_known && (departure.budget.empty() || departure.budget == at->first))
      departure.budget_known = false;
}

void Evacuation::budget_deleted(const std::string& full_name) {
  budgets_.erase(full_name);
}

// Two budgets on one pod are the server's to refuse; the first match is enough for pacing.
Evacuation::BudgetView* Evacuation::budget_for(Departure& departure) {
  if (!departure.budget_known) {
    departure.budget.clear();
    for (const auto& [name, view] : budgets_)
      if (departure.budget.empty() && view.budget.covers(departure.pod)) departure.budget = name;
    departure.budget_known = !budgets_.empty();
  }
  const auto found = budgets_.find(departure.budget);
  return found == budgets_.end() ? nullptr : &found->second;
}

// A held pod goes as soon as its budget allows one; without news of the budget, or while it allows
// none, time decides.
bool Evacuation::may_ask(Departure& departure, Moment now) {
  if (departure.state != State::waiting) return false;
  const BudgetView* view = gated(departure.pod) ? budget_for(departure) : nullptr;
  if (view == nullptr) return now >= departure.due;
  if (view->budget.current && view->budget.allowed > view->asked)
    return departure.held || now >= departure.due;
  return view->asked == 0 && now >= view->knock && now >= departure.due;
}

std::optional<Task> Evacuation::next(Moment now) {
  if (in_flight_ >= knobs_.parallel) return std::nullopt;
  Departure* best = nullptr;
  const auto rank = [](const Departure& each) {
    // Looks first, then the least critical: ingress, DNS and storage leave last.
    return std::tuple(each.state == State::look_due ? 0 : 1, each.pod.priority, each.pod.space,
                      each.pod.name);
  };
  for (auto& [uid, departure] : pods_) {
    const bool look = departure.state == State::look_due && now >= departure.due;
    if (!look && !may_ask(departure, now)) continue;
    if (best == nullptr || rank(departure) < rank(*best)) best = &departure;
  }
  if (best == nullptr) return std::nullopt;
  ++in_flight_;
  if (best->state == State::look_due) {
    best->state = State::looking;
    return Task{Task::Kind::look, best->pod};
  }
  best->state = State::asked;
  if (BudgetView* view = gated(best->pod) ? budget_for(*best) : nullptr) {
    best->counted = true;
    best->news = view->news;
    ++view->asked;
    view->knock = now + knobs_.budget_retry;
  }
  return Task{Task::Kind::evict, best->pod};
}

// One second, two, four, eight: a pod in trouble must not use up the requests of the others.
Millis Evacuation::pause(Departure& departure, Millis at_least) const {
  const int doublings = std::min(departure.failures++, kDoublingsMax);
  return std::max(at_least, knobs_.retry * (1 << doublings));
}

void Evacuation::answered(const std::string& uid, const EvictionVerdict& verdict, Moment now) {
  const auto at = pods_.find(uid);
  if (at == pods_.end() || at->second.state != State::asked) return;
  Departure& departure = at->second;
  release(departure);
  departure.state = State::waiting;
  switch (verdict.answer) {
    case EvictionAnswer::accepted:
      departure.state = State::leaving;
      // One less is allowed, unless the news of just that have been quicker than the answer.
      if (BudgetView* view = budget_for(departure); view != nullptr && view->news == departure.news)
        --view->budget.allowed;
      break;
    case EvictionAnswer::gone:
      depart(at);
      break;
    case EvictionAnswer::look:
    case EvictionAnswer::ending:
      departure.state = State::look_due;
      departure.due = now;
      break;
    case EvictionAnswer::full:
      hold(departure, verdict, now);
      break;
    case EvictionAnswer::busy:
      departure.due = now + pause(departure, verdict.retry_after);
      break;
    case EvictionAnswer::impossible:
      departure.state = State::impossible;
      departure.why = verdict.why;
      if (!hopeless_)
        hopeless_ = fmt::format("{} cannot be evicted: {}", departure.pod.full_name(), verdict.why);
      break;
  }
}

void Evacuation::looked(const std::string& uid, PodLook look, Moment now) {
  const auto at = pods_.find(uid);
  if (at == pods_.end() || at->second.state != State::looking) return;
  Departure& departure = at->second;
  release(departure);
  switch (look) {
    case PodLook::gone:
      departure.state = State::leaving;
      depart(at);
      break;
    case PodLook::leaving:
      departure.state = State::leaving;
      break;
    case PodLook::unchanged:
      departure.state = State::waiting;
      departure.due = now + pause(departure, Millis{0});
      break;
    case PodLook::unknown:
      departure.state = State::look_due;
      departure.due = now + pause(departure, Millis{0});
      break;
  }
}

void Evacuation::hold(Departure& departure, const EvictionVerdict& verdict, Moment now) {
  met_budget_ = true;
  departure.held = true;
  departure.why = verdict.why;
  departure.due = now + std::max(verdict.retry_after, knobs_.budget_retry);
  // Whatever the last event said, the server says that nothing is allowed now.
  if (BudgetView* view = budget_for(departure))
    view->budget.allowed = 0;
  else
    hold_siblings(departure);
}

void Evacuation::hold_siblings(const Departure& held) {
  if (!held.pod.controller) return;
  for (auto& [uid, each] : pods_) {
    const bool sibling =
        each.pod.controller && each.pod.controller->uid == held.pod.controller->uid;
    if (!sibling || each.state != State::waiting || !gated(each.pod)) continue;
    each.held = true;
    each.why = held.why;
    each.due = std::max(each.due, held.due);
  }
}

std::vector<Remaining> Evacuation::remaining() const {
  std::vector<Remaining> all;
  for (const auto& [uid, departure] : pods_) {
    Remaining each{departure.pod, Remaining::State::waiting, departure.why};
    if (departure.held) each.state = Remaining::State::held;
    if (departure.state == State::leaving) each.state = Remaining::State::leaving;
    if (departure.state == State::impossible) each.state = Remaining::State::impossible;
    all.push_back(std::move(each));
  }
  std::ranges::sort(all, {}, [](const auto& each) { return each.pod.full_name(); });
  return all;
}

}  // namespace lockkeeper::kubernetes
