// SPDX-License-Identifier: Apache-2.0
#pragma once

// The loop behind SocketMode. Internal to this room, because it brings Asio: socket_mode.cpp has
// the connection (orders of the Link, tickets, dials, timers), socket_intake.cpp what comes in over
// it (reading, the store, acknowledgements).

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "integrations/slack/socket.h"
#include "integrations/slack/socket_mode.h"

namespace lockkeeper::slack {

namespace asio = boost::asio;

/// Everything here happens on its own thread, but for the calls that say otherwise.
class SocketMode::Loop : public std::enable_shared_from_this<SocketMode::Loop> {
 public:
  Loop(SocketModeOptions options, Api& api, Store& store, const Clock& clock, Deliver deliver);

  void start() {
    thread_ = std::thread([self = shared_from_this()] { self->io_.run(); });
  }
  void stop();
  /// From any thread.
  template <class Work>
  void post(Work work) {
    // Weak: what is posted when the loop has ended would otherwise keep it alive for ever.
    asio::post(io_, [weak = weak_from_this(), work = std::move(work)] {
      if (const auto self = weak.lock()) work(*self);
    });
  }
  void open() {
    wanted_ = true;
    deeds_.start();
    obey(link_.start(clock_.moment()));
  }
  void close() {
    wanted_ = false;
    obey(link_.stop(clock_.moment()));
  }
  [[nodiscard]] LinkHealth health() const {
    const std::lock_guard lock(mutex_);
    return health_;
  }
  [[nodiscard]] SocketCounts counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
  }

 private:
  struct Late {
    std::string frame;
    Moment at{};
  };

  void obey(const Orders& orders);
  void obey(const Order& order);
  void set_timer();
  void on_timer();
  void ask_ticket();
  void take_ticket(const Answer& answer);
  void dial(int id, const std::string& url);
  void on_message(int id, std::string_view text);
  void take(int id, const Envelope& envelope);
  void keep(int id, const Interaction& deed);
  void ack(int id, const std::string& envelope, std::string_view payload, Moment since);
  void flush_late();
  void look_at_token();
  [[nodiscard]] std::string objection(const Interaction& deed) const;
  [[nodiscard]] SocketCalls calls_for(int id);
  template <class Change>
  void count(Change change) {
    const std::lock_guard lock(mutex_);
    change(counts_);
  }

  SocketModeOptions options_;
  Api& api_;
  Store& store_;
  const Clock& clock_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer timer_;
  Link link_;
  std::map<int, std::shared_ptr<Socket>> sockets_;  // shared: with operations under way
  std::deque<Late> late_;
  std::deque<std::pair<Moment, std::weak_ptr<Slip>>> slips_;  // in order of their deadlines
  std::string app_;                                           // as hello said
  std::string cause_ = "lost";                                // of the next reconnection
  std::string refused_token_;
  Moment token_look_{};
  bool wanted_ = false;
  bool stopping_ = false;
  mutable std::mutex mutex_;
  LinkHealth health_;
  SocketCounts counts_;
  Deeds deeds_;
  std::thread thread_;
};

}  // namespace lockkeeper::slack
