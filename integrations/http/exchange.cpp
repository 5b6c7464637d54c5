// SPDX-License-Identifier: Apache-2.0
#include "integrations/http/exchange.h"

#include <fmt/format.h>

#include <utility>

#include "integrations/http/connection.h"
#include "integrations/http/server_state.h"

namespace lockkeeper::http {
namespace {

// So much is handed to the socket at a time, so that a long queue is not held twice.
constexpr std::size_t kPieceBytes = 1U << 20U;
constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace

Call::Call(std::shared_ptr<Connection> connection, std::uint64_t number, Request received,
           bool chunked)
    : request(std::move(received)),
      connection_(std::move(connection)),
      number_(number),
      chunked_(chunked) {}

Call::~Call() {
  try {
    send(text_response(500, "internal error"));
  } catch (...) {
    // Out of memory: this peer gets no answer.
  }
}

void Call::send(Response response) {
  if (!first_answer()) return;
  connection_->server().post(
      [connection = connection_, number = number_, response = std::move(response)]() mutable {
        connection->respond(number, std::move(response));
      });
}

Stream Call::stream(Response head) {
  if (!first_answer()) return {};
  const std::size_t limit = connection_->server().options.stream_limit_bytes;
  auto outflow = std::make_shared<Outflow>(connection_, chunked_, limit);
  head.body.clear();
  connection_->server().post([connection = connection_, number = number_, head = std::move(head),
                              outflow] { connection->begin_stream(number, head, outflow); });
  // The handles of the writers share one life of their own: with the last of them the stream ends.
  return Stream(std::shared_ptr<Outflow>(outflow.get(), [outflow](Outflow*) { outflow->abort(); }));
}

void Call::drop(bool reset) {
  if (!first_answer()) return;
  connection_->server().post(
      [connection = connection_, number = number_, reset] { connection->drop(number, reset); });
}

Outflow::Outflow(std::shared_ptr<Connection> connection, bool chunked, std::size_t limit_bytes)
    : chunked_(chunked), limit_bytes_(limit_bytes), connection_(std::move(connection)) {}

bool Outflow::write(std::string chunk) {
  const std::unique_lock lock(mutex_);
  if (!connection_ || finished_) return false;
  if (chunk.empty()) return true;  // an empty chunk would mean the end
  if (queued_bytes_ + chunk.size() > limit_bytes_) {
    auto connection = std::exchange(connection_, nullptr);
    connection->server().post([connection] { connection->close(true); });
    return false;
  }
  queued_bytes_ += chunk.size();
  queue_.push_back(std::move(chunk));
  schedule(connection_);
  return true;
}

void Outflow::finish() {
  const std::lock_guard lock(mutex_);
  if (!connection_ || finished_) return;
  finished_ = true;
  schedule(connection_);
}

void Outflow::abort() {
  const std::lock_guard lock(mutex_);
  if (!connection_ || finished_) return;
  auto connection = std::exchange(connection_, nullptr);
  connection->server().post([connection] { connection->close(true); });
}

bool Outflow::open() const {
  const std::lock_guard lock(mutex_);
  return connection_ != nullptr && !finished_;
}

std::string Outflow::take(bool& last) {
  const std::lock_guard lock(mutex_);
  std::string bytes;
  while (!queue_.empty() && bytes.size() < kPieceBytes) {
    const std::string chunk = std::move(queue_.front());
    queue_.pop_front();
    queued_bytes_ -= chunk.size();
    if (chunked_) bytes += fmt::format("{:x}\r\n", chunk.size());
    bytes += chunk;
    if (chunked_) bytes += "\r\n";
  }
  last = finished_ && queue_.empty();
  if (last && chunked_) bytes += kLastChunk;
  scheduled_ = !bytes.empty();
  return bytes;
}

void Outflow::lost() {
  const std::lock_guard lock(mutex_);
  connection_ = nullptr;
  queue_.clear();
  queued_bytes_ = 0;
}

void Outflow::schedule(const std::shared_ptr<Connection>& connection) {
  if (std::exchange(scheduled_, true)) return;
  connection->server().post([connection] { connection->pump(); });
}

bool Stream::write(std::string chunk) {
  return outflow_ && outflow_->write(std::move(chunk));
}

void Stream::finish() {
  if (outflow_) outflow_->finish();
}

void Stream::abort() {
  if (outflow_) outflow_->abort();
}

bool Stream::open() const {
  return outflow_ && outflow_->open();
}

const Request& Exchange::request() const {
  return call_->request;
}

void Exchange::send(Response response) {
  call_->send(std::move(response));
}

Stream Exchange::stream(Response head) {
  return call_->stream(std::move(head));
}

void Exchange::drop(bool reset) {
  call_->drop(reset);
}

}  // namespace lockkeeper::http
