// SPDX-License-Identifier: Apache-2.0
#include "integrations/http/client_lanes.h"

#include <curl/curl.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "integrations/http/client_transfer.h"

namespace lockkeeper::http {
namespace {

// How soon a stop token is seen.
constexpr std::chrono::milliseconds kStopLook{250};
constexpr long kKeptConnections = 32;

Transfer* transfer_of(CURL* easy) {
  char* pointer = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &pointer);
  return reinterpret_cast<Transfer*>(pointer);
}

}  // namespace

struct CurlMulti {
  CURLM* handle = curl_multi_init();
  CurlMulti() { curl_multi_setopt(handle, CURLMOPT_MAXCONNECTS, kKeptConnections); }
  ~CurlMulti() { curl_multi_cleanup(handle); }
  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;
};

Lanes::Lanes(std::shared_ptr<const ClientOptions> options, int parallel)
    : options_(std::move(options)),
      multi_(std::make_unique<CurlMulti>()),
      parallel_(std::max(1, parallel)) {}

// curl wants every handle out before its multi is cleaned up.
Lanes::~Lanes() {
  for (const auto& [id, transfer] : transfers_)
    if (transfer->admitted) curl_multi_remove_handle(multi_->handle, transfer->easy());
}

Lanes::Id Lanes::start(ClientRequest request, Done done) {
  return enqueue(std::make_unique<Transfer>(std::move(request), ChunkHandler{}, std::move(done)));
}

Lanes::Id Lanes::stream(ClientRequest request, ChunkHandler on_chunk, Done done) {
  return enqueue(
      std::make_unique<Transfer>(std::move(request), std::move(on_chunk), std::move(done)));
}

Lanes::Id Lanes::enqueue(std::unique_ptr<Transfer> transfer) {
  const Id id = next_id_++;
  transfers_.emplace(id, std::move(transfer));
  waiting_.push_back(id);
  return id;
}

void Lanes::cancel(Id id) {
  const auto found = transfers_.find(id);
  if (found == transfers_.end()) return;
  auto transfer = std::move(found->second);
  transfers_.erase(found);
  std::erase(waiting_, id);
  if (transfer->admitted) {
    curl_multi_remove_handle(multi_->handle, transfer->easy());
    if (!transfer->streams()) --running_calls_;
  }
  // A stream may cancel itself from its own handler, which has to outlive that call.
  cancelled_.push_back(std::move(transfer));
}

void Lanes::turn(std::chrono::milliseconds max_wait) {
  const std::size_t before = transfers_.size();
  int running = 0;
  cancelled_.clear();
  admit();
  curl_multi_perform(multi_->handle, &running);
  deliver();
  collect();
  if (transfers_.size() < before) return;
  const auto wait = std::min(max_wait, kStopLook);
  curl_multi_poll(multi_->handle, nullptr, 0, static_cast<int>(wait.count()), nullptr);
  curl_multi_perform(multi_->handle, &running);
  deliver();
  collect();
}

std::size_t Lanes::busy() const {
  return transfers_.size();
}

void Lanes::admit() {
  // Callbacks may queue more while this runs; those wait for the next turn.
  for (const Id id : std::exchange(waiting_, {})) {
    const auto& transfer = transfers_.at(id);
    if (!transfer->streams() && running_calls_ >= parallel_) {
      waiting_.push_back(id);
      continue;
    }
    if (const auto ready = transfer->prepare(*options_); !ready) {
      finish(id, std::unexpected(ready.error()));
      continue;
    }
    transfer->admitted = true;
    if (!transfer->streams()) ++running_calls_;
    curl_multi_add_handle(multi_->handle, transfer->easy());
  }
}

// Handlers may start and cancel transfers, so the ids are looked up anew for each.
void Lanes::deliver() {
  std::vector<Id> ids;
  for (const auto& [id, transfer] : transfers_)
    if (transfer->admitted) ids.push_back(id);
  for (const Id id : ids) {
    const auto found = transfers_.find(id);
    if (found == transfers_.end()) continue;
    const bool wanted = !found->second->stopped() && found->second->deliver();
    if (!wanted && transfers_.contains(id))
      finish(id, std::unexpected(transfers_.at(id)->fault(FaultKind::cancelled, {})));
  }
}

// First all messages, then all callbacks: a callback may remove handles, and messages with them.
void Lanes::collect() {
  std::vector<std::pair<Transfer*, CURLcode>> ended;
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_->handle, &left))
    if (message->msg == CURLMSG_DONE)
      ended.emplace_back(transfer_of(message->easy_handle), message->data.result);
  for (const auto& [transfer, code] : ended) {
    const auto found = std::ranges::find_if(
        transfers_, [&](const auto& entry) { return entry.second.get() == transfer; });
    if (found != transfers_.end()) finish(found->first, transfer->conclude(code));
  }
}

void Lanes::finish(Id id, Answered answer) {
  auto transfer = std::move(transfers_.at(id));
  transfers_.erase(id);
  if (transfer->admitted) {
    curl_multi_remove_handle(multi_->handle, transfer->easy());
    if (!transfer->streams()) --running_calls_;
  }
  if (transfer->done()) transfer->done()(std::move(answer));
}

}  // namespace lockkeeper::http
