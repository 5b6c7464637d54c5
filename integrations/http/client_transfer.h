// SPDX-License-Identifier: Apache-2.0
#pragma once

// One outbound request under way: a libcurl handle, everything it points to, and what has arrived.
// Internal to this room, because it includes curl. Owned and used by the thread of its Lanes.

#include <curl/curl.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "integrations/http/client.h"
#include "integrations/http/client_lanes.h"

namespace lockkeeper::http {

struct EasyCleanup {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct ListCleanup {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

class Transfer {
 public:
  /// `on_chunk` empty: an ordinary call.
  Transfer(ClientRequest request, ChunkHandler on_chunk, Lanes::Done done);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// Sets the handle up. Fails for a request that cannot be sent as it is (a line break in a
  /// header, an unreadable URL). `options` must outlive the transfer.
  std::expected<void, Fault> prepare(const ClientOptions& options);

  /// Hands what has arrived to the stream's handler; false when the handler wants no more.
  bool deliver();

  /// What curl's verdict means for the caller. Call it once, at the end.
  Answered conclude(CURLcode code);
  [[nodiscard]] Fault fault(FaultKind kind, std::string_view why) const;

  [[nodiscard]] CURL* easy() const { return easy_.get(); }
  [[nodiscard]] bool streams() const { return on_chunk_ != nullptr; }
  [[nodiscard]] bool stopped() const { return request_.stop.stop_requested(); }
  [[nodiscard]] const Lanes::Done& done() const { return done_; }
  bool admitted = false;  // whether the handle has been given to the multi

 private:
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  bool take_header(std::string_view line);
  bool take_body(std::string_view piece);
  std::expected<void, Fault> set_headers();
  void set_method();
  void set_limits();
  void set_tls(const ClientTls& tls);
  void set_server_name(const std::string& name);
  void set_proxy(const std::optional<std::string>& proxy);
  [[nodiscard]] std::string certificate() const;
  [[nodiscard]] bool connected() const;
  [[nodiscard]] std::string system_words() const;

  ClientRequest request_;
  ChunkHandler on_chunk_;
  Lanes::Done done_;
  std::unique_ptr<CURL, EasyCleanup> easy_;
  std::unique_ptr<curl_slist, ListCleanup> headers_;
  std::unique_ptr<curl_slist, ListCleanup> connect_to_;
  std::string error_ = std::string(CURL_ERROR_SIZE, '\0');  // curl writes its words here
  Reply reply_;
  std::string inbox_;  // of a stream: arrived, not yet delivered
  std::size_t header_bytes_ = 0;
  bool too_large_ = false;
};

}  // namespace lockkeeper::http
