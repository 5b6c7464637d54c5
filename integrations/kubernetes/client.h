// SPDX-License-Identifier: Apache-2.0
#pragma once

// Calls to the API server with patience: reads are retried while the server is away, writes never
// are (their callers look what happened, then decide), and a refusal shortly after an outage is
// taken for what it usually is, a server that has not loaded its rules yet. One Client serves every
// thread; each call runs on its caller's.

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "bot/ports.h"
#include "integrations/kubernetes/answer.h"
#include "integrations/kubernetes/json.h"
#include "integrations/kubernetes/transport.h"

namespace lockkeeper::kubernetes {

/// How long a caller bears a server that is away, and who may call the waiting off.
struct Patience {
  Millis limit{};          // 0: one attempt
  Watch* watch = nullptr;  // asked once a second while waiting; may be null
};

/// For people who wait for an answer: over a dropped connection, not over an outage.
inline constexpr Patience kBriefly{Millis{5'000}, nullptr};

/// Growing pauses between attempts, with jitter so that two bots do not stay in step. The numbers
/// are those of client-go's reflector (0.8 s, doubling), with a lower ceiling, because somebody
/// waits for the end of the outage.
class Backoff {
 public:
  explicit Backoff(std::uint64_t seed) : state_(seed | 1U) {}
  Millis next();
  void reset() { base_ = kFirst; }

 private:
  static constexpr Millis kFirst{800};
  static constexpr Millis kCeiling{8'000};
  Millis base_ = kFirst;
  std::uint64_t state_;
};

class Client {
 public:
  /// Both must outlive the client. `timeout` is for one call; `warn` is told each different Warning
  /// header of the server once (deprecated APIs), from the calling thread.
  Client(Transport& transport, Clock& clock, Millis timeout,
         std::function<void(std::string_view)> warn = {});

  /// GET of one object.
  ApiResult<Json> get(const std::string& path, const Patience& patience = kBriefly);

  /// Any read, retried within the patience. The request's timeout is the client's unless given.
  ApiResult<http::Reply> read(const ApiRequest& request, const Patience& patience);

  /// A write: one attempt, or two when the first was refused with 401 and nothing had happened.
  ApiResult<Json> write(const ApiRequest& request);

  /// What an answer that came through lanes means, with the same bookkeeping as for calls: an
  /// outage is remembered, a 401 makes the credentials be read anew.
  ApiResult<http::Reply> judge(const ApiRequest& request, http::Answered answer);

  /// Whether a failed read is worth another attempt.
  [[nodiscard]] static bool passing(const ApiFailure& failure);

  /// Whether it is a sign that the server is down or being replaced, rather than busy or annoyed.
  [[nodiscard]] static bool outage(const ApiFailure& failure);

  /// Sleeps in steps of a second; false when the watch wants to stop.
  bool rest(Millis duration, Watch* watch);

  [[nodiscard]] Clock& clock() const { return clock_; }
  [[nodiscard]] Transport& transport() const { return transport_; }
  [[nodiscard]] Millis timeout() const { return timeout_; }
  [[nodiscard]] Backoff backoff() const;

 private:
  ApiResult<http::Reply> attempt(const ApiRequest& request);
  ApiFailure excused(ApiFailure failure);
  void note_warnings(const http::Headers& headers);

  Transport& transport_;
  Clock& clock_;
  Millis timeout_;
  std::function<void(std::string_view)> warn_;
  std::atomic<std::int64_t> last_away_ms_;  // the moment of the last sign of an outage
  std::mutex mutex_;                        // guards warned_
  std::set<std::string> warned_;
};

/// "/api/v1/namespaces/shop/pods/web-1" and its like: a path from literal pieces, percent-encoded
/// where a name could hold anything.
std::string encoded(std::string_view text);

}  // namespace lockkeeper::kubernetes
