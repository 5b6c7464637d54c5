// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/out_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "integrations/slack/text.h"

namespace lockkeeper::slack {
namespace {

using Kind = OutEntry::Kind;

constexpr Millis kDay{24 * 3'600'000};
// What nobody waits for any more.
constexpr Millis kWhisperWorth{5 * 60'000};
constexpr Millis kAnswerWorth{25 * 60'000};

/// The first line of a message without its prefix, for a summary.
std::string headline(const OutEntry& entry) {
  std::string_view line = entry.layout.text;
  line = line.substr(0, line.find('\n'));
  constexpr std::string_view kPrefix = "[k8s-upgrade]";
  if (line.starts_with(kPrefix)) line.remove_prefix(kPrefix.size());
  return cut(trimmed(line), 200);
}

bool is_lasting(const OutEntry& entry) {
  return !entry.name.empty() || entry.kind != Kind::post;
}

Layout summary_of(const OutEntry& entry, Time now) {
  Layout layout;
  layout.text =
      fmt::format("[k8s-upgrade] Slack could not be reached from {} to {} UTC. Meanwhile:",
                  clock_text(*entry.down_from), clock_text(now));
  for (const auto& line : entry.alarms)
    layout.text += "\n• " + line;
  const std::size_t shown = entry.alarms.size() + entry.lines.size();
  if (entry.folded > shown)
    layout.text += fmt::format("\n• {} earlier messages", entry.folded - shown);
  for (const auto& line : entry.lines)
    layout.text += "\n• " + line;
  return layout;
}

/// One message more for the summary: what is urgent is not lost among what came later.
void fold_into(OutEntry& summary, const OutEntry& entry) {
  auto& lines = entry.urgency == Urgency::alarm ? summary.alarms : summary.lines;
  lines.push_back(headline(entry));
  summary.folded += 1;
  if (lines.size() > kSummaryLinesMax) lines.erase(lines.begin());
}

}  // namespace

std::string_view method_of(const OutEntry& entry) {
  switch (entry.kind) {
    case Kind::post:
      return entry.earlier     ? "chat.getPermalink"
             : entry.uncertain ? "conversations.history"
                               : "chat.postMessage";
    case Kind::update:
      return "chat.update";
    case Kind::whisper:
      return "chat.postEphemeral";
    case Kind::answer:
      return "response_url";
    case Kind::remove:
      return "chat.delete";
    case Kind::upload:
      return entry.step == 0   ? "files.getUploadURLExternal"
             : entry.step == 1 ? "upload"
                               : "files.completeUploadExternal";
  }
  return "";
}

std::string lane_of(const OutEntry& entry) {
  const std::string method(method_of(entry));
  if (method == "chat.postMessage" || entry.kind == Kind::whisper)
    return method + " " + entry.channel;
  return entry.kind == Kind::answer ? method + " " + entry.url : method;
}

void OutQueue::know(const std::string& name, const MessageRef& at) {
  standing_[name].at = at;
}

std::optional<MessageRef> OutQueue::where(const std::string& name) const {
  const auto found = standing_.find(name);
  if (found == standing_.end() || found->second.at.ts.empty()) return std::nullopt;
  return found->second.at;
}

bool OutQueue::pending_post(const std::string& name, std::uint64_t but) const {
  return std::ranges::any_of(entries_, [&](const OutEntry& entry) {
    return entry.kind == Kind::post && entry.name == name && entry.id != but;
  });
}

/// Whether the entry has become part of one that waits already.
bool OutQueue::merged(OutEntry& entry) {
  if (entry.kind != Kind::update) return false;
  for (OutEntry& waiting : entries_) {
    const bool same = waiting.name == entry.name && !waiting.under_way && !waiting.uncertain &&
                      (waiting.kind == Kind::post || waiting.kind == Kind::update);
    if (!same) continue;
    waiting.layout = std::move(entry.layout);
    waiting.urgency = std::max(waiting.urgency, entry.urgency);
    return true;
  }
  return false;
}

void OutQueue::make_room() {
  while (entries_.size() >= kOutMax) {
    auto least = entries_.end();
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry)
      if (!entry->under_way && (least == entries_.end() || entry->urgency < least->urgency))
        least = entry;
    if (least == entries_.end()) return;
    entries_.erase(least);
    ++dropped_;
  }
}

void OutQueue::put(OutEntry entry, Moment now) {
  if (merged(entry)) return;
  // Nothing to update yet: then this is the message.
  if (entry.kind == Kind::update && !pending_post(entry.name, 0) && !where(entry.name))
    entry.kind = Kind::post;
  // A parent goes no later than its most urgent reply.
  for (OutEntry& other : entries_)
    if (other.kind == Kind::post && !entry.thread_of.empty() && other.name == entry.thread_of)
      other.urgency = std::max(other.urgency, entry.urgency);
  const auto intent = standing_.find(entry.name);
  entry.uncertain = entry.kind == Kind::post && !entry.name.empty() && intent != standing_.end() &&
                    intent->second.at.ts.empty();
  make_room();
  entry.id = next_id_++;
  entry.since = now;
  entries_.push_back(std::move(entry));
}

/// What must be true beside the time.
bool OutQueue::blocked(const OutEntry& entry) const {
  if (entry.under_way) return true;
  if (!entry.thread_of.empty() && !where(entry.thread_of) &&
      pending_post(entry.thread_of, entry.id))
    return true;
  if (entry.kind == Kind::update && !where(entry.name)) return true;
  // Files come last: a message whose files are there needs no care after a restart.
  const auto changes = [&](const OutEntry& other) {
    return other.kind == Kind::update && other.name == entry.thread_of;
  };
  if (entry.kind == Kind::upload && std::ranges::any_of(entries_, changes)) return true;
  // One at a time in each channel keeps the order; an alarm does not wait for an answer.
  return std::ranges::any_of(entries_, [&](const OutEntry& other) {
    if (!other.under_way) return false;
    if (entry.kind == Kind::update && other.kind == Kind::update) return other.name == entry.name;
    return entry.kind == Kind::post && other.kind == Kind::post && other.channel == entry.channel &&
           entry.urgency != Urgency::alarm;
  });
}

Moment OutQueue::ready_at(const OutEntry& entry, Moment now) const {
  Moment at = std::max({entry.not_before, rates_.free_at(lane_of(entry), now), probe_at_});
  const auto standing = standing_.find(entry.name);
  if (entry.kind == Kind::update && entry.urgency != Urgency::alarm && standing != standing_.end())
    at = std::max(at, standing->second.next_update);
  return at;
}

/// During a long outage everything that was said once becomes one summary for each channel.
void OutQueue::fold(Time wall) {
  std::map<std::string, OutEntry*> summaries;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    const bool foldable = !is_lasting(*entry) && !entry->under_way && !entry->uncertain;
    if (!foldable) {
      entry = next;
      continue;
    }
    OutEntry*& summary = summaries[entry->channel];
    if (summary == nullptr) {
      summary = &*entry;
      if (!entry->down_from) {
        fold_into(*entry, *entry);
        entry->down_from = down_from_;
        entry->thread_of.clear();
        entry->broadcast = false;
      }
    } else {
      fold_into(*summary, *entry);
      summary->urgency = std::max(summary->urgency, entry->urgency);
      entries_.erase(entry);
    }
    entry = next;
  }
  for (const auto& [channel, summary] : summaries)
    summary->layout = summary_of(*summary, wall);
}

/// Away from a channel that refuses us, while it does.
void OutQueue::redirect(OutEntry& entry, Moment now) {
  const auto lost = lost_.find(entry.channel);
  const bool posts = entry.kind == Kind::post || entry.kind == Kind::upload;
  if (!posts || lost == lost_.end() || lost->second <= now || admin_channel_.empty()) return;
  if (entry.kind == Kind::post && entry.layout.blocks.empty())
    entry.layout.text = fmt::format("(for <#{}>) {}", entry.channel, entry.layout.text);
  entry.channel = admin_channel_;
}

const OutEntry* OutQueue::take(Moment now, Time wall) {
  if (halted_) return nullptr;
  std::erase_if(entries_, [&](const OutEntry& entry) {
    const Millis worth = entry.kind == Kind::whisper  ? kWhisperWorth
                         : entry.kind == Kind::answer ? kAnswerWorth
                                                      : kDay;
    return !entry.under_way && now - entry.since > worth;
  });
  const bool down = down_since_.has_value();
  if (down && now - *down_since_ >= kOutageShort) fold(wall);
  // While Slack is away, one try at a time.
  const bool trying = std::ranges::any_of(entries_, &OutEntry::under_way);
  if (down && (trying || now < probe_at_)) return nullptr;
  OutEntry* best = nullptr;
  for (OutEntry& entry : entries_) {
    redirect(entry, now);
    if (blocked(entry) || ready_at(entry, now) > now) continue;
    if (best == nullptr || entry.urgency > best->urgency) best = &entry;
  }
  if (best == nullptr) return nullptr;
  best->under_way = true;
  ++best->tries;
  rates_.used(lane_of(*best), now);
  if (best->kind == Kind::update) {
    Standing& standing = standing_[best->name];
    if (!standing.first_update) standing.first_update = now;
    const bool later = now - *standing.first_update > kUpdateLaterAfter;
    standing.next_update = now + (later ? kUpdateEveryLater : kUpdateEvery);
  }
  return best;
}

Millis OutQueue::oldest(Moment now) const {
  Millis oldest{};
  for (const OutEntry& entry : entries_)
    oldest = std::max(oldest, now - entry.since);
  return oldest;
}

Moment OutQueue::next_look(Moment now) const {
  Moment next = now + Millis(1'000);
  if (halted_) return next;
  for (const OutEntry& entry : entries_)
    if (!blocked(entry)) next = std::min(next, ready_at(entry, now));
  return std::max(next, now);
}

}  // namespace lockkeeper::slack
