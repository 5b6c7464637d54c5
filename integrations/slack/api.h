// SPDX-License-Identifier: Apache-2.0
#pragma once

// Slack's Web API: a thread that sends the calls of a CallQueue over the http client, and calls
// back. Any thread may hand calls over; none is ever kept waiting by Slack unless it asks to be.

#include <condition_variable>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bot/ports.h"
#include "integrations/http/client_lanes.h"
#include "integrations/slack/call_queue.h"
#include "integrations/slack/meter.h"

namespace lockkeeper::slack {

/// Reads a token, so that a rotated one is picked up. Called for every call, on the Api's thread.
using TokenReader = std::function<Result<std::string>()>;

struct ApiOptions {
  std::string base = "https://slack.com/api";  // `[slack] api_url`, with or without a last slash
  std::string ca_file;                         // empty: the system's store
  TokenReader app_token;
  TokenReader bot_token;
  Meter meter{};
};

class Api {
 public:
  using Done = CallQueue::Done;
  /// Something that lives on the Api's thread beside the calls, such as the outbox: called often,
  /// answers when it wants to be called next at the latest.
  using Turn = std::function<Moment(Moment now)>;

  Api(ApiOptions options, const Clock& clock);
  /// stop()s.
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  /// Hands a call over. `done` is called exactly once, on the Api's thread, and must not throw or
  /// block; when too many wait, at once on the caller's.
  void call(Call call, Done done) noexcept;

  /// The same, waiting for the answer for no longer than the call's `give_up`. Not from the Api's
  /// own thread.
  Answer ask(Call call);

  /// Before the first call; and something has changed that the turn must see.
  void set_turn(Turn turn);
  void stir() noexcept;

  /// Ends within a quarter of a second: what waits is answered as `unsent`.
  void stop() noexcept;

 private:
  void run();
  [[nodiscard]] std::expected<std::string, Answer> authorization(TokenKind kind) const;
  void send(CallQueue::Id id, const Call& call);
  void finish(CallQueue::Final final) noexcept;
  void sweep(Moment now);
  bool rest(Moment until);
  bool move_on();

  ApiOptions options_;
  const Clock& clock_;
  http::Client client_;
  std::unique_ptr<http::Lanes> lanes_;
  std::vector<std::unique_ptr<http::Lanes>> alone_;  // one for each call that may not be repeated
  std::mutex mutex_;
  std::condition_variable changed_;
  CallQueue queue_;
  Turn turn_;
  bool stirred_ = false;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace lockkeeper::slack
