// SPDX-License-Identifier: Apache-2.0
#include "bot/hold.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

namespace lockkeeper {
namespace {

// Names of notes. The first is what bots knew that had one quiet time for all rules.
constexpr std::string_view kQuietNeeded = "quiet_needed_ms";
constexpr std::string_view kRulePrefix = "rule/";
constexpr std::string_view kQuietPrefix = "quiet/";
constexpr std::string_view kAtLeastPrefix = "at_least/";
constexpr std::string_view kStickyPrefix = "sticky/";

std::string noted(std::string_view prefix, std::string_view rule) {
  return fmt::format("{}{}", prefix, rule);
}

/// A note in milliseconds; `otherwise` when it is not there or no number.
Millis millis_of(const Notes& notes, const std::string& name, Millis otherwise) {
  const auto note = notes.find(name);
  std::int64_t count = 0;
  if (note == notes.end()) return otherwise;
  const auto* end = note->second.data() + note->second.size();
  const auto read = std::from_chars(note->second.data(), end, count);
  return read.ec == std::errc{} && read.ptr == end ? Millis(count) : otherwise;
}

}  // namespace

std::vector<std::string> holding_rules(const Notes& notes) {
  std::vector<std::string> rules;
  for (const auto& [name, value] : notes)
    if (name.starts_with(kRulePrefix)) rules.push_back(name.substr(kRulePrefix.size()));
  return rules;
}

Moment moment_of(std::string_view then, Time now_wall, Moment now) {
  const auto parsed = parse_time(then);
  const Millis ago = parsed ? std::max(now_wall - *parsed, Millis(0)) : Millis(0);
  return {now.since_start - ago};
}

void Hold::keep(const std::string& rule, const Terms& terms, Moment now) {
  auto& cause = causes_.try_emplace(rule, Cause{now, {}, now, {}}).first->second;
  cause.held_at = now;
  cause.quiet = {};
  cause.terms.quiet_needed = std::max(cause.terms.quiet_needed, terms.quiet_needed);
  cause.terms.at_least = std::max(cause.terms.at_least, terms.at_least);
  cause.terms.sticky = cause.terms.sticky || terms.sticky;
  quiet_ = {};
}

void Hold::drop(std::span<const std::string_view> rules, Moment now) {
  const auto dropped = std::erase_if(causes_, [&](const auto& entry) {
    return std::ranges::find(rules, entry.first) != rules.end();
  });
  if (dropped == 0) return;
  std::erase_if(causes_, [&](const auto& entry) { return entry.second.settled(now); });
}

void Hold::revise(const std::function<Terms(const std::string& rule)>& terms) {
  for (auto& [rule, cause] : causes_) {
    const bool stuck = cause.terms.sticky;
    cause.terms = terms(rule);
    // What a person has unstuck stays so until its alert is seen again.
    cause.terms.sticky = cause.terms.sticky && stuck;
  }
}

void Hold::interrupt() {
  quiet_.last.reset();
  for (auto& [rule, cause] : causes_)
    cause.quiet.last.reset();
}

void Hold::Quiet::count(Moment now) {
  if (last) lasted += now - *last;
  last = now;
}

void Hold::polled(bool all_quiet, Moment now) {
  for (auto& [rule, cause] : causes_)
    if (cause.held_at != now) cause.quiet.count(now);
  if (all_quiet) quiet_.count(now);
}

bool Hold::Cause::settled(Moment now) const {
  return held_at != now && quiet.lasted >= terms.quiet_needed && now - since >= terms.at_least &&
         !terms.sticky;
}

bool Hold::unstick() {
  bool any = false;
  for (auto& [rule, cause] : causes_)
    any = std::exchange(cause.terms.sticky, false) || any;
  return any;
}

Millis Hold::quiet_needed() const {
  Millis needed{};
  for (const auto& [rule, cause] : causes_)
    needed = std::max(needed, cause.terms.quiet_needed);
  return needed;
}

Millis Hold::min_pause_left(Moment now) const {
  Millis longest{};
  for (const auto& [rule, cause] : causes_)
    longest = std::max(longest, cause.terms.at_least - (now - cause.since));
  return longest;
}

std::string Hold::sticky_names() const {
  std::vector<std::string> names;
  for (const auto& [rule, cause] : causes_)
    if (cause.terms.sticky) names.push_back(rule);
  return joined(names);
}

bool Hold::over(Moment now) const {
  return quiet_.lasted >= quiet_needed() && min_pause_left(now) == Millis(0) &&
         sticky_names().empty();
}

std::optional<Moment> Hold::since(std::string_view rule) const {
  const auto cause = causes_.find(rule);
  return cause == causes_.end() ? std::nullopt : std::optional(cause->second.since);
}

std::string Hold::reason(Moment now) const {
  std::vector<std::string> names;
  for (const auto& [rule, cause] : causes_)
    names.push_back(rule);
  auto text = fmt::format("quiet for {} of {} after {}", to_string(quiet_.lasted),
                          to_string(quiet_needed()), joined(names));
  if (const auto rest = min_pause_left(now); rest > Millis(0)) {
    text += fmt::format("; min_pause has {} left", to_string(rest));
  }
  if (const auto sticky = sticky_names(); !sticky.empty()) {
    text += fmt::format("; {} is sticky: ends with /upgrade resume", sticky);
  }
  return text;
}

Millis Hold::left(Moment now) const {
  return std::max(quiet_needed() - quiet_.lasted, min_pause_left(now));
}

void Hold::write(Notes& notes, Time now_wall, Moment now) const {
  if (causes_.empty()) return;
  notes[std::string(kQuietNeeded)] = fmt::format("{}", quiet_needed().count());
  for (const auto& [rule, cause] : causes_) {
    notes[noted(kRulePrefix, rule)] = to_string(now_wall - (now - cause.since));
    notes[noted(kQuietPrefix, rule)] = fmt::format("{}", cause.terms.quiet_needed.count());
    if (cause.terms.at_least > Millis(0)) {
      notes[noted(kAtLeastPrefix, rule)] = fmt::format("{}", cause.terms.at_least.count());
    }
    if (cause.terms.sticky) notes[noted(kStickyPrefix, rule)] = "yes";
  }
}

void Hold::recall(const Notes& notes, Millis quiet_least, Time now_wall, Moment now) {
  for (const auto& [name, since] : notes) {
    if (!name.starts_with(kRulePrefix)) continue;
    const auto rule = name.substr(kRulePrefix.size());
    const Millis quiet = millis_of(notes, noted(kQuietPrefix, rule),
                                   millis_of(notes, std::string(kQuietNeeded), quiet_least));
    const Terms terms{std::max(quiet, quiet_least),
                      millis_of(notes, noted(kAtLeastPrefix, rule), Millis(0)),
                      notes.contains(noted(kStickyPrefix, rule))};
    keep(rule, terms, now);
    causes_.at(rule).since = moment_of(since, now_wall, now);
  }
}

void unstick(Notes& notes) {
  std::erase_if(notes, [](const auto& note) { return note.first.starts_with(kStickyPrefix); });
}

}  // namespace lockkeeper
