// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/link.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace lockkeeper::slack {
namespace {

// Beyond, doubling changes nothing: the limits are reached long before.
constexpr int kDoublingsMax = 20;
constexpr Millis kDay{24 * 3'600'000};

Millis doubled(Millis first, int times, Millis most) {
  return std::min(most, first * (std::int64_t{1} << std::min(times, kDoublingsMax)));
}

Order tell(std::string line, bool loud) {
  return {.what = Order::Do::tell, .socket = 0, .text = std::move(line), .loud = loud};
}

}  // namespace

Link::Link(LinkTiming timing, std::uint64_t seed)
    : timing_(timing), lots_(seed * 0x9E37'79B9'7F4A'7C15U | 1U) {}

// xorshift: it only has to keep several bots from knocking at the same moment.
double Link::lot() {
  lots_ ^= lots_ << 13U;
  lots_ ^= lots_ >> 7U;
  lots_ ^= lots_ << 17U;
  return static_cast<double>(lots_ >> 11U) / static_cast<double>(1ULL << 53U);
}

Orders Link::start(Moment now) {
  Orders orders;
  running_ = true;
  // Before the first connection, too, people cannot reach the bot.
  if (!health_.wanted && !health_.connected) health_.since = now;
  health_.wanted = true;
  health_.fatal = false;
  health_.problem.clear();
  retry_at_ = now;
  settle(now, orders);
  return orders;
}

Orders Link::stop(Moment now) {
  Orders orders;
  running_ = health_.wanted = false;
  close_all(now, orders);
  settle(now, orders);
  return orders;
}

Orders Link::ticket(Moment now, std::string url) {
  Orders orders;
  asking_ = false;
  if (running_) {
    const int id = next_id_++;
    Socket& socket = sockets_[id];
    enter(now, socket, State::dialing);
    socket.heard = socket.pinged = now;
    orders.push_back({.what = Order::Do::dial, .socket = id, .text = std::move(url)});
  }
  settle(now, orders);
  return orders;
}

Orders Link::refused(Moment now, const Refusal& refusal) {
  Orders orders;
  asking_ = false;
  if (!running_) return orders;
  if (refusal.kind == Refusal::Kind::fatal) {
    health_.fatal = true;
    health_.problem = refusal.why;
    orders.push_back(tell(refusal.why + "; Slack is not tried again with this token", true));
  } else if (refusal.kind == Refusal::Kind::limited) {
    const Millis wait =
        refusal.retry_after.count() > 0 ? refusal.retry_after : timing_.limited_wait;
    retry_at_ = now + wait;
    health_.problem = refusal.why;
    orders.push_back(tell(fmt::format("{}; next try in {}", refusal.why, to_string(wait)), true));
  } else {
    failed(now, refusal.why, orders);
  }
  settle(now, orders);
  return orders;
}

Orders Link::upgraded(Moment now, int id) {
  Orders orders;
  const auto found = sockets_.find(id);
  if (found == sockets_.end()) return orders;
  found->second.heard = now;
  if (found->second.state == State::dialing) enter(now, found->second, State::waiting);
  settle(now, orders);
  return orders;
}

Orders Link::hello(Moment now, int id, const Hello& hello) {
  Orders orders;
  const auto found = sockets_.find(id);
  if (found == sockets_.end()) return orders;
  found->second.heard = now;
  if (found->second.state == State::waiting) {
    enter(now, found->second, State::active);
    health_.connections = hello.connections;
    health_.problem.clear();
    stable_at_ = now + timing_.stable_after;
    for (auto& [other, socket] : sockets_)
      if (socket.state == State::parting && !socket.part_at) socket.part_at = now + timing_.linger;
    if (hello.connections > static_cast<int>(sockets_.size()))
      orders.push_back(tell(fmt::format("Slack counts {} sockets of this app, {} of them ours: "
                                        "another instance, or ghosts that swallow clicks",
                                        hello.connections, sockets_.size()),
                            true));
  }
  settle(now, orders);
  return orders;
}

Orders Link::goodbye(Moment now, int id, const Goodbye& goodbye) {
  Orders orders;
  const auto found = sockets_.find(id);
  if (found == sockets_.end()) return orders;
  Socket& socket = found->second;
  socket.heard = now;
  const bool new_word = socket.state == State::active || socket.state == State::waiting;
  if (new_word && goodbye.reason == "too_many_websockets") {
    close_all(now, orders);
    wait_long(now, "Slack has too many sockets of this app: another instance, or ghosts",
              timing_.crowd_first, timing_.crowd_max, crowds_, orders);
  } else if (new_word && goodbye.reason == "link_disabled") {
    close_all(now, orders);
    wait_long(now, "Socket Mode is switched off in the app's settings", timing_.disabled_first,
              timing_.disabled_max, disabled_, orders);
  } else if (socket.state == State::waiting) {
    close(now, id, socket, orders);
    failed(now, "Slack sent the socket away before its hello", orders);
  } else if (socket.state == State::active) {
    const bool routine = goodbye.reason == "warning" || goodbye.reason == "refresh_requested";
    enter(now, socket, State::parting);
    orders.push_back(
        tell(fmt::format("Slack renews the connection ({})", clipped(goodbye.reason, 40)), false));
    if (!routine) failed(now, "Slack gave a reason that is not known", orders);
  }
  settle(now, orders);
  return orders;
}

void Link::heard(Moment now, int id) {
  const auto found = sockets_.find(id);
  if (found != sockets_.end()) found->second.heard = now;
}

Orders Link::ended(Moment now, int id, const std::string& why) {
  Orders orders;
  const auto found = sockets_.find(id);
  if (found == sockets_.end()) return orders;
  const State state = found->second.state;
  sockets_.erase(found);
  if (running_ && state != State::parting && state != State::closing) failed(now, why, orders);
  settle(now, orders);
  return orders;
}

Orders Link::tick(Moment now) {
  Orders orders;
  settle(now, orders);
  return orders;
}

void Link::enter(Moment now, Socket& socket, State state) {
  socket.state = state;
  socket.since = now;
}

void Link::close(Moment now, int id, Socket& socket, Orders& orders) {
  if (socket.state == State::closing) return;
  const bool open = socket.state != State::dialing;
  orders.push_back({.what = open ? Order::Do::close : Order::Do::abandon, .socket = id});
  enter(now, socket, State::closing);
  // What was never open has nothing to wait for.
  if (!open) socket.since = now + -timing_.close_wait;
}

void Link::close_all(Moment now, Orders& orders) {
  for (auto& [id, socket] : sockets_)
    close(now, id, socket, orders);
}

void Link::drop(Moment now, int id, const std::string& why, Orders& orders) {
  const bool parting = sockets_.at(id).state == State::parting;
  sockets_.erase(id);
  orders.push_back({.what = Order::Do::abandon, .socket = id});
  if (running_ && !parting) failed(now, why, orders);
}

void Link::failed(Moment now, const std::string& why, Orders& orders) {
  const Millis most = doubled(timing_.retry_first, failures_++, timing_.retry_max);
  const Millis wait{static_cast<std::int64_t>(lot() * static_cast<double>(most.count()))};
  retry_at_ = now + wait;
  stable_at_.reset();
  if (!health_.fatal) health_.problem = why;
  orders.push_back(tell(fmt::format("{}; next try in {}", why, to_string(wait)), true));
}

/// For what only time or a person mends. Never shorter than the time before.
void Link::wait_long(Moment now, const std::string& why, Millis first, Millis most, int& times,
                     Orders& orders) {
  const Millis base = doubled(first, times++, most);
  const Millis wait{
      static_cast<std::int64_t>(static_cast<double>(base.count()) * (1.0 + 0.25 * lot()))};
  retry_at_ = now + wait;
  stable_at_.reset();
  health_.problem = why;
  orders.push_back(tell(fmt::format("{}; next try in {}", why, to_string(wait)), true));
}

void Link::look_at(Moment now, int id, Socket& socket, Orders& orders) {
  const Millis age = now - socket.since;
  const bool open = socket.state == State::active || socket.state == State::parting ||
                    socket.state == State::waiting;
  if (socket.state == State::dialing && age >= timing_.dial_limit)
    return drop(now, id, "no connection to Slack's socket in time", orders);
  if (socket.state == State::waiting && age >= timing_.hello_limit)
    return drop(now, id, "Slack's socket said no hello in time", orders);
  if (open && now - socket.heard >= timing_.idle_max)
    return drop(now, id,
                fmt::format("Slack's socket was silent for {}", to_string(timing_.idle_max)),
                orders);
  if (socket.state == State::closing && age >= timing_.close_wait) {
    sockets_.erase(id);
    orders.push_back({.what = Order::Do::abandon, .socket = id});
    return;
  }
  if (open && now - socket.pinged >= timing_.ping_every) {
    socket.pinged = now;
    orders.push_back({.what = Order::Do::ping, .socket = id});
  }
  if (socket.part_at && socket.state == State::parting && now >= *socket.part_at)
    close(now, id, socket, orders);
}

bool Link::any(State state) const {
  return std::ranges::any_of(sockets_,
                             [&](const auto& entry) { return entry.second.state == state; });
}

bool Link::wants_ticket() const {
  return running_ && !health_.fatal && !asking_ && sockets_.size() <= 1 && !any(State::dialing) &&
         !any(State::waiting) && !any(State::active);
}

Moment Link::ticket_at() const {
  const Moment allowed =
      tickets_until_ + -(timing_.ticket_every * std::max(0, timing_.ticket_burst - 1));
  return std::max(retry_at_, allowed);
}

void Link::look_for_ticket(Moment now, Orders& orders) {
  if (!wants_ticket() || now < ticket_at()) return;
  asking_ = true;
  tickets_until_ = std::max(tickets_until_, now) + timing_.ticket_every;
  orders.push_back({.what = Order::Do::ask_ticket});
}

void Link::note_connected(Moment now) {
  const bool connected = any(State::active) || any(State::parting);
  if (connected == health_.connected) return;
  health_.connected = connected;
  health_.since = now;
}

/// What follows from the time and from what has just happened.
void Link::settle(Moment now, Orders& orders) {
  std::vector<int> ids;
  for (const auto& [id, socket] : sockets_)
    ids.push_back(id);
  for (const int id : ids)
    if (const auto found = sockets_.find(id); found != sockets_.end())
      look_at(now, id, found->second, orders);
  if (stable_at_ && now >= *stable_at_) {
    failures_ = crowds_ = disabled_ = 0;
    stable_at_.reset();
  }
  // A third socket waits until one of two is gone, and the one that is closing is the first to go.
  if (sockets_.size() > 1 && !any(State::active) && !any(State::dialing) && !any(State::waiting)) {
    const auto oldest = std::ranges::find_if(
        sockets_, [](const auto& entry) { return entry.second.state == State::parting; });
    const bool both = std::ranges::count_if(sockets_, [](const auto& entry) {
                        return entry.second.state == State::parting;
                      }) > 1;
    if (both) close(now, oldest->first, oldest->second, orders);
  }
  look_for_ticket(now, orders);
  note_connected(now);
}

Moment Link::next_look(Moment now) const {
  Moment next = now + kDay;
  const auto sooner = [&](Moment at) { next = std::min(next, at); };
  for (const auto& [id, socket] : sockets_) {
    if (socket.state == State::dialing || socket.state == State::closing) {
      const bool dialing = socket.state == State::dialing;
      sooner(socket.since + (dialing ? timing_.dial_limit : timing_.close_wait));
      continue;
    }
    if (socket.state == State::waiting) sooner(socket.since + timing_.hello_limit);
    sooner(socket.heard + timing_.idle_max);
    sooner(socket.pinged + timing_.ping_every);
    if (socket.part_at) sooner(*socket.part_at);
  }
  if (stable_at_) sooner(*stable_at_);
  if (wants_ticket()) sooner(ticket_at());
  return std::max(next, now);
}

std::optional<int> Link::voice(int own) const {
  const auto found = sockets_.find(own);
  if (found != sockets_.end() &&
      (found->second.state == State::active || found->second.state == State::parting))
    return own;
  for (const State wanted : {State::active, State::parting})
    for (const auto& [id, socket] : sockets_)
      if (socket.state == wanted) return id;
  return std::nullopt;
}

}  // namespace lockkeeper::slack
