// SPDX-License-Identifier: Apache-2.0
#pragma once

// How API calls travel. The real one (connection.h) adds the server's address, TLS and credentials
// and goes over HTTP; tests put an API server in memory behind the same two interfaces, with
// virtual time and any fault at any call. Nothing here interprets an answer: that is answer.h.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "integrations/http/client.h"
#include "rules/text.h"

namespace lockkeeper::kubernetes {

/// One call to the API server, without address and credentials.
struct ApiRequest {
  std::string method = "GET";
  std::string path;  ///< With its query, percent-encoded: "/api/v1/nodes?limit=250".
  std::string body;
  std::string content_type;  ///< Of the body; empty: application/json.
  std::string accept = "application/json";
  Millis timeout{10'000};               ///< From dial to the last byte.
  std::size_t body_max = 64U << 20U;    ///< Bytes; the largest single answers are unpaged lists.
  std::chrono::seconds silence_max{0};  ///< Streams only: the limit on saying nothing.
};

/// Several calls and streams at once, driven by one thread; callbacks run inside turn().
class Lanes {
 public:
  using Id = std::uint64_t;
  using Done = std::function<void(http::Answered)>;

  virtual ~Lanes() = default;

  /// `done` is called exactly once from a later turn(), unless the call is cancelled before.
  virtual Id start(const ApiRequest& request, Done done) = 0;

  /// The pieces of a 2xx answer go to `on_chunk`; `done` follows with everything else.
  virtual Id stream(const ApiRequest& request, http::ChunkHandler on_chunk, Done done) = 0;

  /// Forgets a call. The server may have acted all the same.
  virtual void cancel(Id id) = 0;

  /// Waits at most `max_wait` for something to happen, then calls back.
  virtual void turn(Millis max_wait) = 0;
};

/// The way to one API server. Every member may be called from any thread.
class Transport {
 public:
  virtual ~Transport() = default;

  virtual http::Answered call(const ApiRequest& request) = 0;

  /// At most `parallel` calls at a time; streams are not counted.
  virtual std::unique_ptr<Lanes> lanes(int parallel) = 0;

  /// The server did not accept who we are, or we not it: read every credential and authority anew
  /// before the next call.
  virtual void distrust() = 0;

  /// "https://10.0.0.1:6443 (kubeconfig /etc/kubernetes/admin.conf)": for failures.
  [[nodiscard]] virtual std::string described() const = 0;
};

}  // namespace lockkeeper::kubernetes
