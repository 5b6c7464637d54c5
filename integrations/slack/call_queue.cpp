// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/call_queue.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace lockkeeper::slack {
namespace {

constexpr std::size_t kLanesMax = 500;
constexpr Millis kRetryFirst{500};
constexpr Millis kRetryMax{30'000};
constexpr int kDoublingsMax = 10;

struct Rate {
  Millis every;
  int burst;
};

/// Well within the documented tiers; a burst beyond is Slack's to refuse.
Rate rate_of(std::string_view lane) {
  if (lane.starts_with("chat.postMessage ")) return {Millis(1'000), 4};
  if (lane == "chat.update") return {Millis(1'000), 20};
  return {Millis(300), 30};
}

}  // namespace

Moment Rates::free_at(const std::string& lane, Moment now) const {
  const auto found = lanes_.find(lane);
  if (found == lanes_.end()) return now;
  const Rate rate = rate_of(lane);
  const Moment booked = found->second.booked_until + -(rate.every * (rate.burst - 1));
  return std::max({booked, found->second.held_until, Moment{}});
}

void Rates::used(const std::string& lane, Moment now) {
  // Response URLs are lanes of their own; those that are free again need no memory.
  if (lanes_.size() >= kLanesMax)
    std::erase_if(lanes_, [&](const auto& entry) {
      return entry.second.booked_until <= now && entry.second.held_until <= now;
    });
  Lane& used = lanes_[lane];
  used.booked_until = std::max(used.booked_until, now) + rate_of(lane).every;
}

void Rates::hold(const std::string& lane, Moment until, Moment now) {
  if (lanes_.size() >= kLanesMax) used(lane, now);
  lanes_[lane].held_until = std::max(lanes_[lane].held_until, until);
}

bool CallQueue::put(Call call, Done done, Moment now) {
  if (waiting() >= kCallsMax) return false;
  const Moment give_up = now + call.give_up;
  entries_.push_back(
      {.id = next_id_++, .call = std::move(call), .done = std::move(done), .give_up = give_up});
  return true;
}

Moment CallQueue::ready_at(const Entry& entry, Moment now) const {
  return std::max(entry.not_before, rates_.free_at(entry.call.lane, now));
}

std::optional<CallQueue::Next> CallQueue::take(Moment now) {
  if (under_way_ >= kCallsUnderWayMax) return std::nullopt;
  Entry* best = nullptr;
  for (Entry& entry : entries_) {
    if (entry.under_way || ready_at(entry, now) > now) continue;
    if (best == nullptr || entry.call.urgency > best->call.urgency) best = &entry;
  }
  if (best == nullptr) return std::nullopt;
  best->under_way = true;
  ++best->attempts;
  ++under_way_;
  rates_.used(best->call.lane, now);
  return Next{best->id, &best->call};
}

CallQueue::Final CallQueue::removed(std::list<Entry>::iterator entry, Answer answer) {
  if (entry->under_way) --under_way_;
  Final final{std::move(entry->done), std::move(answer)};
  entries_.erase(entry);
  return final;
}

std::optional<CallQueue::Final> CallQueue::answered(Id id, Answer answer, Moment now) {
  const auto entry = std::ranges::find(entries_, id, &Entry::id);
  if (entry == entries_.end()) return std::nullopt;
  Moment again = now;
  if (answer.verdict == Verdict::limited) {
    again = now + (answer.retry_after.count() > 0 ? answer.retry_after : kLimitedWait);
    rates_.hold(entry->call.lane, again, now);
  } else {
    const int doublings = std::min(entry->attempts - 1, kDoublingsMax);
    again = now + std::min(kRetryMax, kRetryFirst * (std::int64_t{1} << doublings));
  }
  const bool harmless = answer.verdict == Verdict::limited ||
                        answer.verdict == Verdict::unreached ||
                        (answer.verdict == Verdict::uncertain && entry->call.idempotent);
  if (!harmless || entry->call.once || again >= entry->give_up)
    return removed(entry, std::move(answer));
  entry->under_way = false;
  --under_way_;
  entry->not_before = again;
  return std::nullopt;
}

std::optional<CallQueue::Final> CallQueue::expired(Moment now) {
  const auto late = std::ranges::find_if(
      entries_, [&](const Entry& entry) { return !entry.under_way && now >= entry.give_up; });
  if (late == entries_.end()) return std::nullopt;
  Answer answer;
  answer.error = "waited too long";
  return removed(late, std::move(answer));
}

std::optional<CallQueue::Final> CallQueue::given_up() {
  if (entries_.empty()) return std::nullopt;
  Answer answer;
  answer.error = "stopped";
  return removed(entries_.begin(), std::move(answer));
}

std::optional<Moment> CallQueue::next_look(Moment now) const {
  std::optional<Moment> next;
  for (const Entry& entry : entries_) {
    if (entry.under_way) continue;
    const Moment at = under_way_ >= kCallsUnderWayMax
                          ? entry.give_up
                          : std::min(ready_at(entry, now), entry.give_up);
    if (!next || at < *next) next = at;
  }
  return next;
}

}  // namespace lockkeeper::slack
