// SPDX-License-Identifier: Apache-2.0

// What of the gate survives a restart, and what a run takes along from its beginning.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "bot/gate.h"
#include "config/difference.h"

namespace lockkeeper {
namespace {

// Names of notes; behind each prefix stands an alert's fingerprint.
constexpr std::string_view kHeldPrefix = "held/";
constexpr std::string_view kPreexistingPrefix = "preexisting/";
constexpr std::string_view kAsidePrefix = "aside/";
constexpr std::string_view kAsideUntil = "aside_until";
// Alerts beyond these count as new, which is the safe side; the journal's record stays small.
constexpr std::size_t kPinnedMax = 5'000;

std::string noted(std::string_view prefix, std::uint64_t id) {
  return fmt::format("{}{:016x}", prefix, id);
}

/// The fingerprint behind the prefix; nothing when the note is another one.
std::optional<std::uint64_t> id_behind(std::string_view prefix, std::string_view name) {
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  std::uint64_t id = 0;
  const auto read = std::from_chars(name.data(), name.data() + name.size(), id, 16);
  return read.ec == std::errc{} ? std::optional(id) : std::nullopt;
}

/// Whether a rule might treat this alert in its own way for having fired before the run.
bool pinned(const RuleBook& book, const Labels& labels) {
  return std::ranges::any_of(book.rules, [&](const Rule& rule) {
    return rule.preexisting != Preexisting::as_new && any_match(rule, labels);
  });
}

}  // namespace

void Gate::arm(const Notes& memory, Time now_wall, Moment now) {
  const std::scoped_lock lock(mutex_);
  armed_ = true;
  note_wall(now_wall, now);
  Hold recalled = hold_.value_or(Hold());
  recalled.recall(memory, settings_.resume_after, now_wall, now);
  if (!recalled.empty()) hold_ = std::move(recalled);
  for (const auto& [name, value] : memory) {
    if (const auto id = id_behind(kPreexistingPrefix, name)) preexisting_.insert(*id);
    if (const auto id = id_behind(kAsidePrefix, name)) aside_.insert(*id);
    if (const auto id = id_behind(kHeldPrefix, name)) {
      const auto rule = std::ranges::find(book_.rules, value, &Rule::name);
      if (rule != book_.rules.end()) holders_[*id] = &*rule;
    }
  }
  const auto until = memory.find(std::string(kAsideUntil));
  if (until == memory.end()) return;
  // An end that cannot be read has passed.
  const auto end = parse_time(until->second);
  aside_until_ = now + (end ? *end - now_wall : Millis(0));
}

void Gate::adopt(RuleBook book, GateSettings settings, Moment now) {
  const std::scoped_lock lock(mutex_);
  const auto named = [&](std::string_view name) -> const Rule* {
    if (name == book.fallback.name) return &book.fallback;
    const auto rule = std::ranges::find(book.rules, name, &Rule::name);
    return rule == book.rules.end() ? nullptr : &*rule;
  };
  std::erase_if(waived_, [&](const auto& entry) {
    const auto* rule = named(entry.second);
    return rule == nullptr || !rule->max_pause || rule->on_timeout != OnTimeout::proceed;
  });
  if (hold_) {
    hold_->revise([&](const std::string& name) -> Hold::Terms {
      const auto* rule = named(name);
      if (rule == nullptr || !blocks(rule->action)) return {.quiet_needed = settings.resume_after};
      return {rule->resume_after, rule->min_pause, armed_ && rule->sticky};
    });
  }
  std::map<std::uint64_t, std::string> held;
  for (const auto& [id, rule] : holders_)
    held[id] = rule->name;
  book_ = std::move(book);
  settings_ = std::move(settings);
  for (auto& [id, track] : tracks_)
    track.memo = {};
  holders_.clear();
  for (const auto& [id, name] : held) {
    const auto rule = std::ranges::find(book_.rules, name, &Rule::name);
    if (rule != book_.rules.end() && outlasts_windows(*rule)) holders_[id] = &*rule;
  }
  auto crowd = judge(situation_, now);
  update(crowd, now);
}

void Gate::disarm() {
  const std::scoped_lock lock(mutex_);
  armed_ = false;
  latched_.reset();
  // Whoever starts the next run is a person who has looked.
  if (hold_) hold_->unstick();
  preexisting_.clear();
  aside_.clear();
  aside_until_.reset();
}

Notes Gate::memory(Time now_wall, Moment now) const {
  const std::scoped_lock lock(mutex_);
  Notes notes;
  if (!hold_) return notes;
  hold_->write(notes, now_wall, now);
  for (const auto& [id, rule] : holders_)
    if (hold_->since(rule->name)) notes[noted(kHeldPrefix, id)] = rule->name;
  return notes;
}

Result<Notes> Gate::baseline(std::span<const std::string> names, Millis lasting, Time now_wall,
                             Moment now) const {
  const std::scoped_lock lock(mutex_);
  Notes notes;
  notes[std::string(kRulesNote)] = digest(book_);
  if (blind(now)) {
    if (names.empty()) return notes;
    return fail("no alert can be set aside: nobody can tell which fire, the gate is blind");
  }
  std::set<std::string_view> found;
  std::vector<std::string_view> firing;
  for (const auto& [labels, id, track, raw] : polled_) {
    const auto name = labels.get("alertname");
    if (track->pending) continue;
    firing.push_back(name);
    const bool by_name = std::ranges::find(names, name) != names.end();
    if (by_name) found.insert(name);
    if (notes.size() >= kPinnedMax) {
      if (by_name) return fail(fmt::format("more than {} alerts fire", kPinnedMax));
      continue;
    }
    if (by_name) notes[noted(kAsidePrefix, id)] = name;
    if (pinned(book_, labels)) notes[noted(kPreexistingPrefix, id)] = name;
  }
  for (const auto& name : names) {
    if (found.contains(name)) continue;
    return fail(fmt::format("{} does not fire, so it cannot be set aside{}", clipped(name, 80),
                            suggestion(clipped(name, 80), firing)));
  }
  if (!names.empty()) notes[std::string(kAsideUntil)] = to_string(now_wall + lasting);
  return notes;
}

std::string_view to_string(GateState state) {
  switch (state) {
    case GateState::clear:
      return "clear";
    case GateState::paused:
      return "paused";
    case GateState::blind:
      return "blind";
    case GateState::aborted:
      return "aborted";
  }
  return "?";
}

}  // namespace lockkeeper
