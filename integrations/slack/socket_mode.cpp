// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/socket_mode.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "integrations/slack/route.h"
#include "integrations/slack/socket_loop.h"
#include "integrations/system/log.h"

namespace lockkeeper::slack {
namespace {

// How often a refused token is looked at again.
constexpr Millis kTokenLook{15'000};

}  // namespace

Refusal refusal_of(const Answer& answer) {
  const std::string_view method = "apps.connections.open";
  if (answer.verdict == Verdict::limited)
    return {Refusal::Kind::limited, answer.described(method), answer.retry_after};
  const Reaction reaction = reaction_to(answer.error);
  const bool ours = answer.error == "HTTP 404" || answer.error == "insecure_request" ||
                    answer.error == "missing_args" || answer.error == "invalid_form_data";
  if (reaction != Reaction::halt && reaction != Reaction::scope && !ours)
    return {Refusal::Kind::passing, answer.described(method), {}};
  std::string why = fmt::format("[slack] app_token: {}", answer.described(method));
  if (answer.error == "not_allowed_token_type")
    why += "; it must be an app-level token, xapp-..., and bot_token the other one";
  if (reaction == Reaction::scope && answer.needed.empty()) why += " (needs connections:write)";
  return {Refusal::Kind::fatal, std::move(why), {}};
}

SocketMode::Loop::Loop(SocketModeOptions options, Api& api, Store& store, const Clock& clock,
                       Deliver deliver)
    : options_(std::move(options)),
      api_(api),
      store_(store),
      clock_(clock),
      work_(asio::make_work_guard(io_)),
      timer_(io_),
      link_(options_.timing,
            static_cast<std::uint64_t>(clock.now().time_since_epoch().count()) * 2'654'435'761U ^
                static_cast<std::uint64_t>(::getpid())),
      deeds_(store, std::move(deliver)) {}

void SocketMode::Loop::obey(const Orders& orders) {
  for (const Order& order : orders)
    obey(order);
  {
    const std::lock_guard lock(mutex_);
    health_ = link_.health();
  }
  set_timer();
  if (stopping_ && link_.at_rest()) work_.reset();
}

void SocketMode::Loop::obey(const Order& order) {
  const auto found = sockets_.find(order.socket);
  const auto socket = found == sockets_.end() ? nullptr : found->second;
  switch (order.what) {
    case Order::Do::ask_ticket:
      return ask_ticket();
    case Order::Do::dial:
      return dial(order.socket, order.text);
    case Order::Do::ping:
      if (socket) socket->ping();
      return;
    case Order::Do::close:
      if (socket) socket->close();
      return;
    case Order::Do::abandon:
      if (socket) socket->abandon();
      sockets_.erase(order.socket);
      return;
    case Order::Do::tell:
      system::log(!order.loud            ? system::Level::info
                  : link_.health().fatal ? system::Level::error
                                         : system::Level::warn,
                  "slack: " + order.text);
      return;
  }
}

void SocketMode::Loop::set_timer() {
  if (stopping_ && link_.at_rest()) {
    timer_.cancel();
    return;
  }
  const Moment now = clock_.moment();
  Moment next = link_.next_look(now);
  if (!slips_.empty()) next = std::min(next, slips_.front().first);
  if (link_.health().fatal) next = std::min(next, std::max(token_look_, now));
  // A millisecond at least: a rounding error must not become a busy loop.
  timer_.expires_after(std::max(next - now, Millis(1)));
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    if (const auto self = weak.lock(); self && !error) self->on_timer();
  });
}

void SocketMode::Loop::on_timer() {
  const Moment now = clock_.moment();
  while (!slips_.empty() && slips_.front().first <= now) {
    if (const auto slip = slips_.front().second.lock()) slip->ack({});
    slips_.pop_front();
  }
  if (link_.health().fatal && now >= token_look_) look_at_token();
  obey(link_.tick(now));
}

/// A token that was refused is not tried again, but another one in its place is.
void SocketMode::Loop::look_at_token() {
  token_look_ = clock_.moment() + kTokenLook;
  const auto token = options_.app_token ? options_.app_token() : fail("no token");
  if (!token || *token == refused_token_ || !wanted_) return;
  system::log(system::Level::info, "slack: there is another app_token");
  obey(link_.start(clock_.moment()));
}

void SocketMode::Loop::ask_ticket() {
  count([](SocketCounts& counts) { ++counts.tickets; });
  api_.call(open_connection(), [weak = weak_from_this()](const Answer& answer) {
    if (const auto self = weak.lock())
      self->post([answer](Loop& loop) { loop.take_ticket(answer); });
  });
}

void SocketMode::Loop::take_ticket(const Answer& answer) {
  const Moment now = clock_.moment();
  const std::string url = answer.ok() ? answer.at("/url") : std::string();
  if (!url.empty()) return obey(link_.ticket(now, url));
  if (answer.ok())
    return obey(link_.refused(
        now, {Refusal::Kind::passing, "apps.connections.open: an answer without a url", {}}));
  const Refusal refusal = refusal_of(answer);
  if (refusal.kind == Refusal::Kind::fatal && options_.app_token) {
    const auto token = options_.app_token();
    refused_token_ = token ? *token : std::string();
    token_look_ = now + kTokenLook;
  }
  obey(link_.refused(now, refusal));
}

SocketCalls SocketMode::Loop::calls_for(int id) {
  // A socket is abandoned before the loop ends, so these never outlive it.
  return {.upgraded = [this, id] { obey(link_.upgraded(clock_.moment(), id)); },
          .message = [this, id](std::string_view text) { on_message(id, text); },
          .heard = [this, id] { link_.heard(clock_.moment(), id); },
          .ended =
              [this, id](const std::string& why) {
                sockets_.erase(id);
                obey(link_.ended(clock_.moment(), id, why));
              }};
}

void SocketMode::Loop::dial(int id, const std::string& url) {
  if (counts().dials > 0) options_.meter.reconnecting(std::exchange(cause_, "lost"));
  count([](SocketCounts& counts) { ++counts.dials; });
  const auto refuse = [&](const std::string& why) {
    post([id, why](Loop& loop) { loop.obey(loop.link_.ended(loop.clock_.moment(), id, why)); });
  };
  auto address = socket_address(url);
  if (!address) return refuse(address.error().what);
  if (options_.tls_only && !address->tls) return refuse("Slack's socket URL is not wss://");
  auto proxy = proxy_for(*address, environment_variable);
  if (!proxy) return refuse(proxy.error().what);
  const auto socket =
      slack::dial(io_, {std::move(*address), std::move(*proxy), options_.ca_file}, calls_for(id));
  if (socket) sockets_[id] = socket;
}

void SocketMode::Loop::stop() {
  deeds_.stop();
  post([](Loop& loop) {
    loop.stopping_ = true;
    loop.close();
  });
  if (thread_.joinable()) thread_.join();
  // What is left are handlers of sockets that are gone.
  sockets_.clear();
}

SocketMode::SocketMode(SocketModeOptions options, Api& api, Store& store, const Clock& clock,
                       Deliver deliver)
    : loop_(std::make_shared<Loop>(std::move(options), api, store, clock, std::move(deliver))) {
  loop_->start();
}

SocketMode::~SocketMode() {
  loop_->stop();
}

void SocketMode::open() {
  loop_->post([](Loop& loop) { loop.open(); });
}

void SocketMode::close() {
  loop_->post([](Loop& loop) { loop.close(); });
}

LinkHealth SocketMode::health() const {
  return loop_->health();
}

SocketCounts SocketMode::counts() const {
  return loop_->counts();
}

}  // namespace lockkeeper::slack
