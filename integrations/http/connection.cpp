// SPDX-License-Identifier: Apache-2.0
#include "integrations/http/connection.h"

#include <fmt/format.h>

#include <algorithm>

#include "integrations/http/request_reader.h"
#include "integrations/http/server_state.h"

namespace lockkeeper::http {
namespace {

using std::chrono::milliseconds;

// A client that still sends after its last answer gets so long, and so much, to notice. Closing at
// once would make TCP throw away the answer together with the bytes that were not read.
constexpr milliseconds kLingerLimit{1000};
constexpr std::size_t kLingerLimitBytes = 64U << 20U;
constexpr milliseconds kRefusalLimit{1000};
// Requests that a client pipelines behind the one at hand.
constexpr std::size_t kPipelineLimitBytes = 64U << 10U;
constexpr std::size_t kSlowestPeerBytesPerMs = 64;
// Up to this size head and body are joined, which saves a TLS record and a packet.
constexpr std::size_t kJoinedBodyBytes = 8192;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

milliseconds sending_limit(milliseconds base, std::size_t bytes) {
  return base + milliseconds(bytes / kSlowestPeerBytesPerMs);
}

}  // namespace

Connection::Connection(std::shared_ptr<ServerState> server, asio::ip::tcp::socket socket,
                       asio::ssl::context* tls, bool refused)
    : server_(std::move(server)),
      wire_(std::move(socket), tls),
      timer_(server_->io),
      refused_(refused) {}

Connection::~Connection() = default;

void Connection::start() {
  enter(Phase::greeting, refused_ ? kRefusalLimit : server_->options.header_timeout);
  reader_ = std::make_unique<RequestReader>(server_->options.header_limit_bytes);
  wire_.greet([self = shared_from_this()](Wire::Error error, std::size_t) {
    if (error) return self->close(false);
    self->read();
  });
}

bool Connection::waits_for_peer() const {
  return phase_ == Phase::greeting || phase_ == Phase::idle || phase_ == Phase::head ||
         phase_ == Phase::body || phase_ == Phase::lingering;
}

void Connection::enter(Phase phase, milliseconds limit) {
  if (phase != phase_) since_ = Clock::now();
  phase_ = phase;
  timer_.expires_after(limit);
  timer_.async_wait([self = shared_from_this(), turn = ++timer_turn_](Wire::Error error) {
    if (!error && turn == self->timer_turn_ && self->phase_ != Phase::closed) self->on_deadline();
  });
}

void Connection::on_deadline() {
  if (writing_) return close(true);
  if (phase_ == Phase::head) return refuse(text_response(408, "the headers took too long"));
  if (phase_ == Phase::body) return refuse(text_response(408, "the body took too long"));
  if (phase_ == Phase::answering) return refuse(text_response(503, "no answer in time"));
  close(phase_ == Phase::sending);
}

void Connection::close(bool reset) {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  timer_.cancel();
  wire_.close(reset);
  if (outflow_) std::exchange(outflow_, nullptr)->lost();
  server_->forget(shared_from_this());
}

void Connection::read() {
  if (reading_ || peer_ended_ || input_.size() > kPipelineLimitBytes) return;
  reading_ = true;
  wire_.read_some(asio::buffer(chunk_in_), [self = shared_from_this()](auto error, auto count) {
    self->reading_ = false;
    self->on_read(error, count);
  });
}

void Connection::on_read(Wire::Error error, std::size_t count) {
  if (phase_ == Phase::closed || phase_ == Phase::lingering) return;
  if (error) {
    peer_ended_ = true;
    // The peer may have ended only its sending side and still wait for the answer; a watch, which
    // has no end of its own, must not outlive its reader.
    if (phase_ == Phase::answering || phase_ == Phase::sending) return;
    if (phase_ == Phase::body) return refuse(text_response(400, "the body ended too early"));
    return close(false);
  }
  input_.append(chunk_in_.data(), count);
  if (phase_ == Phase::answering || phase_ == Phase::sending || phase_ == Phase::streaming) {
    return read();
  }
  take_input();
}

void Connection::take_input() {
  if (phase_ == Phase::idle || phase_ == Phase::greeting) {
    enter(Phase::head, refused_ ? kRefusalLimit : server_->options.header_timeout);
  }
  while (true) {
    auto taken = reader_->take(input_);
    if (auto* refusal = std::get_if<Response>(&taken)) return refuse(std::move(*refusal));
    const auto progress = std::get<RequestReader::Progress>(taken);
    if (progress == RequestReader::Progress::complete) return hand_over();
    if (progress == RequestReader::Progress::more) return read();
    if (!accept_head()) return;
  }
}

bool Connection::accept_head() {
  if (refused_) {
    refuse(text_response(503, "too many connections"));
    return false;
  }
  Request& request = reader_->request();
  request.peer = wire_.peer();
  request.certificate = wire_.certificate();
  std::expected<std::size_t, Response> limit = server_->options.body_limit_bytes;
  if (server_->options.admit) {
    try {
      limit = server_->options.admit(request);
    } catch (...) {
      limit = std::unexpected(text_response(500, "internal error"));
    }
  }
  auto refusal = limit ? reader_->limit_body(*limit) : std::optional(std::move(limit.error()));
  if (refusal) {
    refuse(std::move(*refusal));
    return false;
  }
  enter(Phase::body, server_->options.body_timeout);
  if (!reader_->expects_continue() || !input_.empty()) return true;
  writing_ = true;
  wire_.write({asio::buffer(kContinue), {}}, [self = shared_from_this()](auto error, auto) {
    self->writing_ = false;
    if (error) return self->close(false);
    if (self->phase_ == Phase::body) self->take_input();
  });
  return false;
}

void Connection::hand_over() {
  keep_alive_ = reader_->keep_alive() && !server_->closing;
  enter(Phase::answering, server_->options.answer_timeout);
  head_only_ = reader_->request().method == "HEAD";
  const auto call = std::make_shared<Call>(shared_from_this(), ++calls_,
                                           std::move(reader_->request()), reader_->version_1_1());
  read();
  try {
    server_->handler(Exchange(call));
  } catch (...) {
    call->send(text_response(500, "internal error"));
  }
}

void Connection::refuse(Response response) {
  ++calls_;  // a handler that answers after this one is too late
  keep_alive_ = false;
  head_only_ = false;
  send_response(std::move(response));
}

void Connection::respond(std::uint64_t call, Response response) {
  if (call != calls_ || phase_ != Phase::answering) return;
  send_response(std::move(response));
}

void Connection::send_response(Response response) {
  const bool bodiless = response.status == 204 || response.status == 304;
  keep_alive_ = keep_alive_ && !peer_ended_ && !server_->closing;
  out_head_ = response_head(response, bodiless ? Framing::none : Framing::length,
                            response.body.size(), keep_alive_);
  out_body_ = bodiless || head_only_ ? std::string() : std::move(response.body);
  if (out_body_.size() <= kJoinedBodyBytes) {
    out_head_ += out_body_;
    out_body_.clear();
  }
  enter(Phase::sending, sending_limit(server_->options.write_timeout, out_body_.size()));
  wire_.write({asio::buffer(out_head_), asio::buffer(out_body_)},
              [self = shared_from_this()](auto error, auto) { self->on_sent(error); });
}

void Connection::on_sent(Wire::Error error) {
  if (phase_ == Phase::closed) return;
  out_body_ = {};
  if (error) return close(false);
  if (!keep_alive_ || server_->closing) return linger();
  next_request();
}

void Connection::next_request() {
  reader_ = std::make_unique<RequestReader>(server_->options.header_limit_bytes);
  enter(Phase::idle, server_->options.idle_timeout);
  if (peer_ended_ && input_.empty()) return close(false);
  if (input_.empty()) return read();
  // Through the queue, so that a thousand pipelined requests do not become a thousand frames.
  asio::post(server_->io, [self = shared_from_this()] {
    if (self->phase_ == Phase::idle) self->take_input();
  });
}

void Connection::linger() {
  if (peer_ended_) return close(false);
  enter(Phase::lingering, kLingerLimit);
  wire_.finish_writing([self = shared_from_this()](auto, auto) { self->discard(); });
}

void Connection::discard() {
  if (phase_ != Phase::lingering) return;
  wire_.discard_some(asio::buffer(chunk_in_), [self = shared_from_this()](auto error, auto count) {
    self->discarded_bytes_ += count;
    if (error || self->discarded_bytes_ > kLingerLimitBytes) return self->close(false);
    self->discard();
  });
}

void Connection::begin_stream(std::uint64_t call, const Response& head,
                              std::shared_ptr<Outflow> outflow) {
  if (call != calls_ || phase_ != Phase::answering) return outflow->lost();
  if (head_only_ || peer_ended_) {
    outflow->lost();
    return head_only_ ? send_response(head) : close(false);
  }
  keep_alive_ = keep_alive_ && outflow->chunked();
  outflow_ = std::move(outflow);
  out_head_ = response_head(head, outflow_->chunked() ? Framing::chunked : Framing::until_close, 0,
                            keep_alive_);
  writing_ = true;
  enter(Phase::streaming, server_->options.write_timeout);
  wire_.write({asio::buffer(out_head_), {}},
              [self = shared_from_this()](auto error, auto) { self->on_piece_sent(error, false); });
}

void Connection::pump() {
  if (phase_ != Phase::streaming || writing_) return;
  bool last = false;
  out_body_ = outflow_->take(last);
  if (out_body_.empty() && !last) {
    // Nothing to write is no fault of the peer: a quiet watch may stay as long as it likes.
    timer_.cancel();
    return;
  }
  writing_ = true;
  enter(Phase::streaming, sending_limit(server_->options.write_timeout, out_body_.size()));
  wire_.write({asio::buffer(out_body_), {}}, [self = shared_from_this(), last](auto error, auto) {
    self->on_piece_sent(error, last);
  });
}

void Connection::on_piece_sent(Wire::Error error, bool last) {
  writing_ = false;
  if (phase_ == Phase::closed) return;
  if (error) return close(false);
  if (!last) return pump();
  std::exchange(outflow_, nullptr)->lost();
  on_sent({});
}

void Connection::drop(std::uint64_t call, bool reset) {
  if (call == calls_) close(reset);
}

}  // namespace lockkeeper::http
