// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Link, a clock, and what it orders, for stories about connections. One thread.

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "integrations/slack/link.h"

namespace lockkeeper::slack {

/// Time passes only in wait(), which ticks as often as the link asks for it.
class LinkStory {
 public:
  explicit LinkStory(std::uint64_t seed = 7) : link(LinkTiming{}, seed) {}

  void start() { take(link.start(now)); }
  void stop() { take(link.stop(now)); }
  void ticket() {
    forget_ask();
    take(link.ticket(now, "wss://applink/?ticket=1"));
  }
  void refused(Refusal::Kind kind, Millis retry_after = {}) {
    forget_ask();
    take(link.refused(now, {kind, "no ticket", retry_after}));
  }
  void upgraded(int id) { take(link.upgraded(now, id)); }
  void hello(int id, int connections = 1) {
    take(link.hello(now, id, {.connections = connections, .app = {}, .host = {}, .lifetime = {}}));
  }
  void goodbye(int id, std::string reason) { take(link.goodbye(now, id, {std::move(reason)})); }
  void ended(int id) { take(link.ended(now, id, "broke")); }
  void heard(int id) { link.heard(now, id); }

  /// Ticks until that much time has passed; sockets in `alive` hear something all the time.
  void wait(Millis by, std::vector<int> alive = {}) {
    const Moment end = now + by;
    while (now < end) {
      const Moment next = link.next_look(now);
      now = std::clamp(next, now + Millis(1), end);
      for (const int id : alive)
        heard(id);
      take(link.tick(now));
    }
  }

  /// Connected from nothing; the id of the socket.
  int connect() {
    ticket();
    const int id = last_dialled();
    upgraded(id);
    hello(id);
    return id;
  }

  /// Ordered since the last call: "ask dial:1 ping:1 close:1 abandon:1", without words for the log.
  std::string orders() {
    std::string text;
    for (const Order& order : std::exchange(all_, {})) {
      if (order.what == Order::Do::tell) continue;
      static constexpr const char* kWords[] = {"ask", "dial", "ping", "close", "abandon"};
      text += text.empty() ? "" : " ";
      text += kWords[static_cast<int>(order.what)];
      if (order.what != Order::Do::ask_ticket) text += ":" + std::to_string(order.socket);
    }
    return text;
  }

  /// How long until the next ticket is asked for, when nothing else happens.
  Millis until_ticket(Millis limit = Millis(600'000)) {
    if (orders().find("ask") != std::string::npos) return Millis(0);
    const Moment from = now;
    while (now - from < limit) {
      wait(Millis(10));
      if (orders().find("ask") != std::string::npos) return now - from;
    }
    return limit;
  }

  /// Whether the log was told something with these words.
  [[nodiscard]] bool told(std::string_view words) const {
    return std::ranges::any_of(
        told_, [&](const std::string& line) { return line.find(words) != std::string::npos; });
  }

  Link link;
  Moment now{Millis(1'000'000)};

 private:
  /// The ticket that was asked for is answered now.
  void forget_ask() {
    std::erase_if(all_, [](const Order& order) { return order.what == Order::Do::ask_ticket; });
  }
  void take(const Orders& orders) {
    for (const Order& order : orders) {
      if (order.what == Order::Do::tell) told_.push_back(order.text);
      if (order.what == Order::Do::dial) last_ = order.socket;
      all_.push_back(order);
    }
  }
  [[nodiscard]] int last_dialled() const { return last_; }

  Orders all_;
  std::vector<std::string> told_;
  int last_ = 0;
};

}  // namespace lockkeeper::slack
