// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "integrations/slack/budget.h"
#include "integrations/slack/calls.h"
#include "integrations/slack/cards.h"
#include "integrations/slack/json.h"
#include "integrations/slack/socket_loop.h"
#include "integrations/slack/text.h"
#include "integrations/system/log.h"

namespace lockkeeper::slack {
namespace {

// How long an acknowledgement without any socket is worth keeping: Slack's own limit.
constexpr Millis kAckWorth{3'000};
constexpr std::size_t kAcksKeptMax = 200;

/// Of a mrkdwn text.
std::string receipt(std::string_view text) {
  return slash_ack({std::string(text), ""});
}

}  // namespace

void SocketMode::Loop::on_message(int id, std::string_view text) {
  const Moment now = clock_.moment();
  link_.heard(now, id);
  const Frame frame = read_frame(text);
  if (const auto* hello = std::get_if<Hello>(&frame)) {
    if (!hello->app.empty()) app_ = hello->app;
    obey(link_.hello(now, id, *hello));
    return flush_late();
  }
  if (const auto* goodbye = std::get_if<Goodbye>(&frame)) {
    cause_ = goodbye->reason;
    return obey(link_.goodbye(now, id, *goodbye));
  }
  if (const auto* envelope = std::get_if<Envelope>(&frame)) return take(id, *envelope);
  const auto& strange = std::get<Strange>(frame);
  count([](SocketCounts& counts) { ++counts.strange; });
  system::log(system::Level::warn,
              fmt::format("slack: a message of {} bytes: {}", text.size(), strange.what));
  // Without an acknowledgement it would come again for ever.
  if (!strange.envelope_id.empty()) ack(id, strange.envelope_id, {}, now);
}

/// Why a deed is not for this bot, or "".
std::string SocketMode::Loop::objection(const Interaction& deed) const {
  if (!deed.app.empty() && !app_.empty() && deed.app != app_)
    return fmt::format("This came from the Slack app {}, and this bot belongs to {}.", deed.app,
                       app_);
  if (deed.deed == Deed::slash && !options_.command.empty() && deed.command != options_.command)
    return fmt::format("This bot answers to {}.", options_.command);
  return {};
}

void SocketMode::Loop::take(int id, const Envelope& envelope) {
  const Moment now = clock_.moment();
  const Interaction& deed = envelope.interaction;
  count([](SocketCounts& counts) { ++counts.envelopes; });
  options_.meter.envelope(envelope.type);
  if (deed.deed == Deed::other) {
    const bool known = envelope.type == "slash_commands" || envelope.type == "interactive" ||
                       envelope.type == "events_api";
    if (!known) count([](SocketCounts& counts) { ++counts.strange; });
    return ack(id, deed.envelope, {}, now);
  }
  const std::string why = objection(deed);
  if (why.empty()) return keep(id, deed);
  system::log(system::Level::warn, "slack: " + why);
  ack(id, deed.envelope, deed.deed == Deed::slash ? receipt(escaped(why)) : std::string(), now);
}

void SocketMode::Loop::keep(int id, const Interaction& deed) {
  const Moment since = clock_.moment();
  const auto kept = store_.keep(deed, clock_.now());
  if (kept && *kept == Store::Kept::repeated) {
    count([](SocketCounts& counts) { ++counts.repeated; });
    options_.meter.repeated();
    return ack(id, deed.envelope, {}, since);
  }
  if (!kept || *kept == Store::Kept::full) {
    // No receipt without a record. A button then shows Slack's own warning, as it should; an event
    // comes again.
    const std::string why = kept ? "too many commands wait" : kept.error().what;
    system::log(system::Level::error, "slack: not taken: " + why);
    if (deed.deed == Deed::slash)
      ack(id, deed.envelope,
          receipt("[k8s-upgrade] not taken: " + escaped(why) + ". Try again later."), since);
    return;
  }
  const auto send = [weak = weak_from_this(), id, deed, since,
                     &store = store_](std::string payload) {
    const auto self = weak.lock();
    if (!self) return;
    if (const auto why = payload.empty() ? "" : objections_to_ack(payload); !why.empty()) {
      system::log(system::Level::error, "slack: an answer that is not sent: " + why);
      const auto body = parsed(payload);
      const std::string text = body ? text_of(*body, "text") : std::string();
      payload = text.empty() ? std::string() : receipt(cut(text, kTextBudget));
    }
    // Sent back with an error, a modal is submitted again with the same hash.
    if (deed.deed == Deed::submit && payload.contains("\"errors\""))
      static_cast<void>(store.forget(deed.key));
    self->post([id, envelope = deed.envelope, payload = std::move(payload), since](Loop& loop) {
      loop.ack(id, envelope, payload, since);
    });
  };
  auto slip = std::make_shared<Slip>(send);
  slips_.emplace_back(since + kAnswerWindow, slip);
  deeds_.put(deed, std::move(slip));
  set_timer();
}

void SocketMode::Loop::ack(int id, const std::string& envelope, std::string_view payload,
                           Moment since) {
  const Moment now = clock_.moment();
  std::string frame = ack_frame(envelope, payload);
  const auto voice = link_.voice(id);
  const auto found = voice ? sockets_.find(*voice) : sockets_.end();
  if (found == sockets_.end()) {
    if (late_.size() == kAcksKeptMax) late_.pop_front();
    late_.push_back({std::move(frame), since});
    return;
  }
  found->second->send(std::move(frame));
  options_.meter.acked(now - since);
  count([&](SocketCounts& counts) {
    ++counts.acked;
    counts.slowest_ack = std::max(counts.slowest_ack, now - since);
  });
}

/// Acknowledgements that found no socket leave on the new one.
void SocketMode::Loop::flush_late() {
  const Moment now = clock_.moment();
  const auto voice = link_.voice(0);
  const auto found = voice ? sockets_.find(*voice) : sockets_.end();
  if (found == sockets_.end()) return;
  for (Late& late : std::exchange(late_, {}))
    if (now - late.at < kAckWorth) {
      found->second->send(std::move(late.frame));
      options_.meter.acked(now - late.at);
      count([](SocketCounts& counts) { ++counts.acked; });
    }
}

}  // namespace lockkeeper::slack
