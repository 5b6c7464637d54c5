// SPDX-License-Identifier: Apache-2.0
#pragma once

// Many calls at once on one thread: a small loop over curl's multi interface, for evictions in
// parallel beside open watches. One thread owns a Lanes and makes every call on it; callbacks run
// inside turn(), and may start and cancel other transfers.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "integrations/http/client.h"

namespace lockkeeper::http {

class Transfer;    // one request under way; internal
struct CurlMulti;  // owns curl's handle; internal

class Lanes {
 public:
  using Id = std::uint64_t;
  using Done = std::function<void(Answered)>;

  /// At most `parallel` calls are under way at a time, further ones wait in order; streams are not
  /// counted. `options` is shared with transfers, which need its TLS data until they close.
  Lanes(std::shared_ptr<const ClientOptions> options, int parallel);
  ~Lanes();
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  /// Queues a call. `done` is called exactly once from a later turn(), unless it is cancelled.
  Id start(ClientRequest request, Done done);

  /// Begins a stream. After the last piece `done` gets the reply, its body empty if it was 2xx.
  Id stream(ClientRequest request, ChunkHandler on_chunk, Done done);

  /// Ends a transfer without calling it back. The other end may have acted all the same. An id that
  /// has ended already is ignored.
  void cancel(Id id);

  /// Moves everything on, waiting at most `max_wait` for something to happen, and calls back.
  void turn(std::chrono::milliseconds max_wait);

  /// Transfers that have not called back yet, queued ones included.
  [[nodiscard]] std::size_t busy() const;

 private:
  Id enqueue(std::unique_ptr<Transfer> transfer);
  void admit();
  void deliver();
  void collect();
  void finish(Id id, Answered answer);

  std::shared_ptr<const ClientOptions> options_;  // shared with Client and transfers
  std::unique_ptr<CurlMulti> multi_;
  int parallel_;
  int running_calls_ = 0;
  Id next_id_ = 1;
  std::map<Id, std::unique_ptr<Transfer>> transfers_;
  std::deque<Id> waiting_;
  std::vector<std::unique_ptr<Transfer>> cancelled_;  // until the next turn
};

}  // namespace lockkeeper::http
