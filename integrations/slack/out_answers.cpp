// SPDX-License-Identifier: Apache-2.0

// The half of OutQueue that takes in answers.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "integrations/slack/json.h"
#include "integrations/slack/out_queue.h"
#include "integrations/slack/text.h"

namespace lockkeeper::slack {
namespace {

using Kind = OutEntry::Kind;

constexpr std::size_t kStandingMax = 1000;
constexpr std::size_t kLostMax = 100;
// While Slack is away: between two tries, doubling.
constexpr Millis kProbeFirst{1'000};
constexpr Millis kProbeMax{30'000};
constexpr int kDoublingsMax = 10;

}  // namespace

void OutQueue::again(OutEntry& entry, Moment at) {
  entry.under_way = false;
  entry.not_before = at;
}

OutNews OutQueue::drop(Entries::iterator entry, std::string why) {
  OutNews news;
  news.problem = std::move(why);
  ++dropped_;
  entries_.erase(entry);
  return news;
}

OutNews OutQueue::settle(std::uint64_t id, const Answer& answer, Moment now, Time wall,
                         const std::optional<MessageRef>& found) {
  const auto entry = std::ranges::find(entries_, id, &OutEntry::id);
  if (entry == entries_.end()) return {};
  const bool reached = answer.verdict == Verdict::ok || answer.verdict == Verdict::refused ||
                       answer.verdict == Verdict::limited;
  if (reached) {
    down_from_.reset();
    down_since_.reset();
    probe_at_ = {};
    failures_ = 0;
  }
  if (answer.verdict == Verdict::limited) {
    const Millis wait = answer.retry_after.count() > 0 ? answer.retry_after : kLimitedWait;
    rates_.hold(lane_of(*entry), now + wait, now);
    again(*entry, now);
    return {};
  }
  if (!reached) return unanswered(entry, answer, now, wall);
  if (entry->earlier) return linked(entry, answer, now);
  if (entry->uncertain) return looked(entry, answer, found, now);
  return answer.ok() ? succeeded(entry, answer, now) : refused(entry, answer, now);
}

OutNews OutQueue::place(Entries::iterator entry, MessageRef at) {
  OutNews news;
  if (!entry->name.empty()) {
    if (standing_.size() >= kStandingMax) standing_.erase(standing_.begin());
    standing_[entry->name].at = at;
    news.placed = entry->name;
    news.at = std::move(at);
  }
  entries_.erase(entry);
  return news;
}

OutNews OutQueue::succeeded(Entries::iterator entry, const Answer& answer, Moment now) {
  if (entry->kind == Kind::post) {
    const std::string channel = answer.at("/channel");
    return place(entry, {channel.empty() ? entry->channel : channel, answer.at("/ts")});
  }
  if (entry->kind == Kind::upload && entry->step < 2) {
    if (entry->step == 0) {
      entry->url = answer.at("/upload_url");
      entry->file = answer.at("/file_id");
    }
    ++entry->step;
    again(*entry, now);
    return {};
  }
  if (entry->kind == Kind::upload) return place(entry, {entry->channel, entry->file});
  if (entry->kind == Kind::remove) standing_.erase(entry->name);
  entries_.erase(entry);
  return {};
}

/// Nothing came back. What may have been done is not simply done again.
OutNews OutQueue::unanswered(Entries::iterator entry, const Answer& answer, Moment now, Time wall) {
  OutNews news;
  if (!down_since_) {
    down_since_ = now;
    down_from_ = wall;
    news.problem = answer.described(method_of(*entry));
  }
  const int doublings = std::min(failures_++, kDoublingsMax);
  probe_at_ = now + std::min(kProbeMax, kProbeFirst * (std::int64_t{1} << doublings));
  again(*entry, probe_at_);
  if (answer.verdict != Verdict::uncertain) return news;
  if (entry->kind == Kind::post && !entry->earlier) entry->uncertain = true;
  // A second copy of a file, or of a word to one person, is worse than none.
  const bool shared = entry->kind == Kind::upload && entry->step == 2;
  if (shared || entry->kind == Kind::answer || (entry->kind == Kind::whisper && entry->tries > 1))
    entries_.erase(entry);
  return news;
}

/// The new message tells where it began; without a link it does without.
OutNews OutQueue::linked(Entries::iterator entry, const Answer& answer, Moment now) {
  entry->earlier.reset();
  again(*entry, now);
  const std::string url = answer.ok() ? answer.at("/permalink") : std::string();
  if (url.empty()) return {};
  const std::string words = "Continues " + link(url, "an earlier message");
  entry->layout.text += "\n" + words;
  auto blocks = parsed(entry->layout.blocks);
  if (!blocks || !blocks->is_array()) return {};
  const Json text = {{"type", "mrkdwn"}, {"text", words}, {"verbatim", true}};
  blocks->push_back({{"type", "context"}, {"elements", Json::array({text})}});
  entry->layout.blocks = dumped(*blocks);
  return {};
}

/// The history of the channel has been read for a post that may have been made.
OutNews OutQueue::looked(Entries::iterator entry, const Answer& answer,
                         const std::optional<MessageRef>& found, Moment now) {
  if (found) {
    // It may show an older state than the one that waited; an update is cheap.
    OutEntry newest = *entry;
    OutNews news = place(entry, {entry->channel, found->ts});
    if (!newest.name.empty()) {
      newest.kind = Kind::update;
      newest.uncertain = newest.under_way = false;
      newest.not_before = now;
      put(std::move(newest), now);
    }
    return news;
  }
  OutNews news;
  ++entry->looks;
  const bool blind = !answer.ok();
  if (blind)
    news.problem = fmt::format("{}; a message may appear twice after a lost answer",
                               answer.described("conversations.history"));
  // A request that was cut off may still be at work: a second look, a little later.
  const bool enough = blind || entry->looks >= 2;
  if (enough) entry->uncertain = false;
  again(*entry, enough ? now : now + Millis(2'000));
  if (blind && entry->tries > 4) return drop(entry, "gave up after lost answers");
  return news;
}

OutNews OutQueue::lost_channel(Entries::iterator entry, const Answer& answer, Moment now) {
  const std::string channel = entry->channel;
  const std::string why = answer.described(method_of(*entry));
  if (channel == admin_channel_ || admin_channel_.empty())
    return drop(entry, fmt::format("cannot write to {}: {}", channel, why));
  const auto known = lost_.find(channel);
  const bool first = known == lost_.end() || known->second <= now;
  if (lost_.size() < kLostMax || !first) lost_[channel] = now + kChannelRest;
  OutNews news;
  if (entry->kind == Kind::update || entry->kind == Kind::remove) {
    // The message stands where nobody may write any more: a new one, elsewhere.
    standing_.erase(entry->name);
    if (entry->kind == Kind::remove) return drop(entry, why);
    entry->kind = Kind::post;
  }
  entry->thread_of.clear();
  again(*entry, now);
  if (!first) return news;
  news.problem =
      fmt::format("cannot write to {}: {}; messages go to {}", channel, why, admin_channel_);
  OutEntry notice;
  notice.channel = admin_channel_;
  notice.urgency = Urgency::alarm;
  notice.layout.text = fmt::format(
      "[k8s-upgrade] <#{}> refuses messages ({}); they come here. Invite the bot there, or change "
      "[slack] channel; the next try is in {}.",
      channel, answer.error, to_string(kChannelRest));
  put(std::move(notice), now);
  return news;
}

OutNews OutQueue::refused(Entries::iterator entry, const Answer& answer, Moment now) {
  OutNews news;
  news.problem = answer.described(method_of(*entry));
  const Reaction reaction = reaction_to(answer.error);
  const bool last = entry->tries > 5;
  if (reaction == Reaction::halt) {
    halted_ = true;
    news.halted = true;
    again(*entry, now);
    return news;
  }
  if (last) return drop(entry, std::move(news.problem));
  switch (reaction) {
    case Reaction::elsewhere:
      return lost_channel(entry, answer, now);
    case Reaction::fresh:
      if (entry->kind != Kind::update) break;
      // What is gone cannot be linked.
      if (answer.error != "message_not_found") entry->earlier = where(entry->name);
      standing_.erase(entry->name);
      entry->kind = Kind::post;
      again(*entry, now);
      return news;
    case Reaction::plain:
    case Reaction::shorter:
      // A change of state is never lost for its looks.
      if (entry->layout.blocks.empty() && length(entry->layout.text) <= 500) break;
      if (entry->layout.blocks.empty()) entry->layout.text = cut(entry->layout.text, 500);
      entry->layout.blocks.clear();
      again(*entry, now);
      return news;
    case Reaction::bare:
      entry->bare = true;
      again(*entry, now);
      return news;
    case Reaction::direct:
      if (entry->kind != Kind::whisper) break;
      entry->kind = Kind::post;
      entry->channel = entry->user;
      entry->thread_of.clear();
      again(*entry, now);
      return news;
    default:
      break;
  }
  return drop(entry, std::move(news.problem));
}

}  // namespace lockkeeper::slack
