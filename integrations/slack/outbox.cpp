// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/outbox.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "integrations/slack/json.h"
#include "integrations/slack/linter.h"
#include "integrations/slack/text.h"
#include "integrations/system/log.h"

namespace lockkeeper::slack {
namespace {

constexpr Millis kTokenLook{15'000};
constexpr std::string_view kRestFile = "message.txt";

/// The layout as it may leave: what the linter refuses goes as text alone.
Layout safe(Layout layout) {
  if (layout.blocks.empty()) return layout;
  const auto offences = lint_blocks(layout.blocks);
  if (offences.empty()) return layout;
  system::log(system::Level::error, "slack: blocks that are not sent: " + described(offences));
  // Escaped twice where it was mrkdwn: odd to look at, but a plain text must not call anybody.
  if (layout.text.empty()) layout.text = cut(escaped(plain_text(layout.blocks)), kTextBudget);
  layout.blocks.clear();
  return layout;
}

}  // namespace

std::optional<MessageRef> find_message(const Answer& history, const std::string& channel,
                                       const std::string& name) {
  const auto json = parsed(history.body);
  if (!json) return std::nullopt;
  const Json& messages = member(*json, "messages");
  if (!messages.is_array()) return std::nullopt;
  for (const auto& message : messages) {
    const Json& metadata = member(message, "metadata");
    if (text_of(metadata, "event_type") != kMetadataType) continue;
    if (text_of(member(metadata, "event_payload"), "name") != name) continue;
    return MessageRef{channel, text_of(message, "ts")};
  }
  return std::nullopt;
}

Outbox::Outbox(Options options, Api& api, Store& store, const Clock& clock)
    : options_(std::move(options)),
      api_(api),
      store_(store),
      clock_(clock),
      queue_(options_.admin_channel),
      birth_(std::to_string(clock.now().time_since_epoch().count())) {
  if (auto known = store_.messages()) {
    for (const auto& [name, at] : *known)
      queue_.know(name, at);
  } else {
    note(known.error().what);
  }
  api_.set_turn([this](Moment now) { return turn(now); });
}

Outbox::~Outbox() {
  api_.set_turn({});
}

void Outbox::note(const std::string& problem) {
  if (problem.empty()) return;
  problem_ = problem;
  system::log(system::Level::warn, "slack: " + problem);
}

void Outbox::put(OutEntry entry) noexcept {
  try {
    if (entry.channel.empty()) entry.channel = options_.channel;
    {
      const std::lock_guard lock(mutex_);
      queue_.put(std::move(entry), clock_.moment());
    }
    api_.stir();
  } catch (...) {
    // What cannot be said must not stop a run.
  }
}

/// Brought within the budgets; the rest follows as a file.
void Outbox::put_message(OutEntry entry) noexcept {
  try {
    Fitted fitted = fit(entry.layout);
    entry.layout = safe(std::move(fitted.layout));
    OutFile file{.thread_of = entry.name.empty() ? entry.thread_of : entry.name,
                 .channel = entry.channel,
                 .file_name = std::string(kRestFile),
                 .title = "The rest of the message",
                 .content = std::move(fitted.rest)};
    const bool whole = file.content.empty() || entry.kind != OutEntry::Kind::post;
    put(std::move(entry));
    if (!whole) upload(std::move(file));
  } catch (...) {
    // As in put().
  }
}

void Outbox::post(Note note) noexcept {
  OutEntry entry;
  entry.name = std::move(note.name);
  entry.thread_of = std::move(note.thread_of);
  entry.channel = std::move(note.channel);
  entry.broadcast = note.broadcast;
  entry.urgency = note.urgency;
  entry.layout = std::move(note.layout);
  // A message that stands already, from before a restart for example, is edited.
  if (!entry.name.empty() && where(entry.name)) entry.kind = OutEntry::Kind::update;
  put_message(std::move(entry));
}

void Outbox::update(const std::string& name, Layout layout, Urgency urgency,
                    const std::string& channel) noexcept {
  OutEntry entry;
  entry.kind = OutEntry::Kind::update;
  entry.name = name;
  entry.channel = channel;
  entry.urgency = urgency;
  entry.layout = std::move(layout);
  put_message(std::move(entry));
}

void Outbox::remove(const std::string& name) noexcept {
  OutEntry entry;
  entry.kind = OutEntry::Kind::remove;
  entry.name = name;
  put(std::move(entry));
}

void Outbox::whisper(const std::string& user, Note note) noexcept {
  OutEntry entry;
  entry.kind = OutEntry::Kind::whisper;
  entry.user = user;
  entry.thread_of = std::move(note.thread_of);
  entry.channel = std::move(note.channel);
  entry.urgency = note.urgency;
  entry.layout = std::move(note.layout);
  put_message(std::move(entry));
}

void Outbox::answer(const std::string& response_url, Layout layout, bool in_channel,
                    bool replace) noexcept {
  OutEntry entry;
  entry.kind = OutEntry::Kind::answer;
  entry.url = response_url;
  entry.urgency = Urgency::approval;
  entry.in_channel = in_channel;
  entry.replace = replace;
  entry.layout = std::move(layout);
  put_message(std::move(entry));
}

void Outbox::upload(OutFile file) noexcept {
  OutEntry entry;
  entry.kind = OutEntry::Kind::upload;
  entry.name = std::move(file.name);
  entry.thread_of = std::move(file.thread_of);
  entry.channel = std::move(file.channel);
  entry.file_name = std::move(file.file_name);
  entry.layout.text = std::move(file.title);
  entry.content = std::move(file.content);
  entry.urgency = file.urgency;
  if (entry.content.size() > kFileBytesMax) entry.content.resize(kFileBytesMax);
  if (!entry.content.empty()) put(std::move(entry));
}

void Outbox::drain(Millis limit) noexcept {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, limit, [this] {
    return queue_.waiting() == 0 || queue_.halted() || queue_.down_since().has_value();
  });
}

std::optional<MessageRef> Outbox::where(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return queue_.where(name);
}

bool Outbox::knows(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return queue_.knows(name);
}

OutboxHealth Outbox::health() const {
  const std::lock_guard lock(mutex_);
  return {queue_.waiting(),    queue_.oldest(clock_.moment()),
          queue_.dropped(),    queue_.halted(),
          queue_.down_since(), problem_};
}

std::string Outbox::thread_ts(const OutEntry& entry) const {
  const auto parent = queue_.where(entry.thread_of);
  return parent && parent->channel == entry.channel ? parent->ts : std::string();
}

std::string Outbox::post_name(const OutEntry& entry) const {
  return entry.name.empty() ? fmt::format("{}-{}", birth_, entry.id) : entry.name;
}

/// Nothing when there is nothing to do any more.
std::optional<Call> Outbox::call_for(const OutEntry& entry) {
  const auto at = queue_.where(entry.name);
  const std::string thread = thread_ts(entry);
  const Posting posting{.channel = entry.channel,
                        .thread = thread,
                        .broadcast = entry.broadcast,
                        .name = entry.bare ? std::string() : post_name(entry),
                        .layout = entry.layout};
  switch (entry.kind) {
    case OutEntry::Kind::post: {
      if (!entry.earlier && !entry.uncertain) return post_message(posting, entry.urgency);
      Call look =
          entry.earlier ? permalink(*entry.earlier) : read_history(entry.channel, thread, {});
      look.once = true;
      return look;
    }
    case OutEntry::Kind::update:
      return at ? std::optional(update_message(*at, entry.layout, entry.urgency)) : std::nullopt;
    case OutEntry::Kind::remove:
      return at ? std::optional(delete_message(*at)) : std::nullopt;
    case OutEntry::Kind::whisper:
      return post_ephemeral(entry.user, posting, entry.urgency);
    case OutEntry::Kind::answer: {
      Call call = respond(entry.url, entry.layout, entry.in_channel, entry.replace);
      call.once = true;
      return call;
    }
    case OutEntry::Kind::upload: {
      if (entry.step == 0) return upload_address(entry.file_name, entry.content.size());
      if (entry.step == 1) return upload_bytes(entry.url, entry.content);
      return complete_upload({.file = entry.file,
                              .title = entry.layout.text,
                              .channel = entry.channel,
                              .thread = thread,
                              .comment = {}},
                             entry.urgency);
    }
  }
  return std::nullopt;
}

/// After a refused token: another one in its place, and everything goes on.
void Outbox::look_at_token(Moment now) {
  if (!queue_.halted() || now < token_look_ || !options_.bot_token) return;
  token_look_ = now + kTokenLook;
  const auto token = options_.bot_token();
  if (token && *token != refused_token_) queue_.resume();
}

Moment Outbox::turn(Moment now) {
  struct Job {
    std::uint64_t id;
    Call call;
    std::string looked_for;
    std::string name;  // of a post, or of a file that is shared
    std::string channel;
  };
  std::vector<Job> jobs;
  Moment next{};
  {
    const std::lock_guard lock(mutex_);
    look_at_token(now);
    while (const OutEntry* entry = queue_.take(now, clock_.now())) {
      auto call = call_for(*entry);
      if (call) {
        const bool post = entry->kind == OutEntry::Kind::post && !entry->earlier;
        const bool looks = post && entry->uncertain;
        const bool shares = entry->kind == OutEntry::Kind::upload && entry->step == 2;
        const bool lasts = (post && !looks) || shares;
        jobs.push_back({entry->id, std::move(*call), looks ? post_name(*entry) : std::string(),
                        lasts ? entry->name : std::string(), entry->channel});
      } else {
        Answer gone;
        gone.verdict = Verdict::refused;
        gone.error = "nothing to change";
        static_cast<void>(queue_.settle(entry->id, gone, now, clock_.now()));
      }
    }
    next = queue_.next_look(now);
  }
  // Without the lock: whoever speaks must not wait for the disk.
  for (Job& job : jobs) {
    // The intent, so that a crash between the post and its answer is found out.
    if (!job.name.empty())
      static_cast<void>(store_.remember(job.name, {job.channel, ""}, clock_.now()));
    api_.call(std::move(job.call), [this, id = job.id, name = job.looked_for](
                                       const Answer& answer) { settle(id, answer, name); });
  }
  return next;
}

void Outbox::settle(std::uint64_t id, const Answer& answer, const std::string& looked_for) {
  std::optional<MessageRef> found;
  if (!looked_for.empty() && answer.ok()) found = find_message(answer, {}, looked_for);
  OutNews news;
  {
    const std::lock_guard lock(mutex_);
    news = queue_.settle(id, answer, clock_.moment(), clock_.now(), found);
    note(news.problem);
    if (news.halted && options_.bot_token) {
      const auto token = options_.bot_token();
      refused_token_ = token ? *token : std::string();
      token_look_ = clock_.moment() + kTokenLook;
    }
    changed_.notify_all();
  }
  if (news.placed.empty()) return;
  if (auto kept = store_.remember(news.placed, news.at, clock_.now()); !kept)
    system::log(system::Level::warn, "slack: " + kept.error().what);
}

}  // namespace lockkeeper::slack
