// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/api.h"

#include <algorithm>
#include <utility>

namespace lockkeeper::slack {
namespace {

// While calls are under way; new ones are seen as fast as that.
constexpr Millis kTurn{10};
constexpr Millis kRestMax{1'000};
constexpr std::size_t kAnswerBytesMax = 4U << 20U;
constexpr Millis kConnectTime{5'000};

}  // namespace

Api::Api(ApiOptions options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      client_({.tls = {.ca_pem = {},
                       .ca_file = options_.ca_file,
                       .certificate_pem = {},
                       .key_pem = {},
                       .server_name = {}},
               .proxy = std::nullopt,
               .user_agent = "lockkeeper"}),
      lanes_(client_.lanes(static_cast<int>(kCallsUnderWayMax))) {
  if (options_.base.ends_with('/')) options_.base.pop_back();
  thread_ = std::thread([this] { run(); });
}

Api::~Api() {
  stop();
}

void Api::set_turn(Turn turn) {
  const std::lock_guard lock(mutex_);
  turn_ = std::move(turn);
  stirred_ = true;
  changed_.notify_all();
}

void Api::stir() noexcept {
  const std::lock_guard lock(mutex_);
  stirred_ = true;
  changed_.notify_all();
}

void Api::call(Call call, Done done) noexcept {
  try {
    std::unique_lock lock(mutex_);
    if (!stopping_ && queue_.put(std::move(call), done, clock_.moment())) {
      stirred_ = true;
      changed_.notify_all();
      return;
    }
    lock.unlock();
    Answer answer;
    answer.error = "too many calls wait for Slack";
    finish({std::move(done), std::move(answer)});
  } catch (...) {
    // No memory: whoever waits for the answer has a limit of his own.
  }
}

Answer Api::ask(Call call) {
  struct Waiting {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Answer> answer;
  };
  // shared: the caller may have gone when the answer comes.
  const auto waiting = std::make_shared<Waiting>();
  const Millis patience = call.give_up + call.timeout;
  this->call(std::move(call), [waiting](const Answer& answer) {
    const std::lock_guard lock(waiting->mutex);
    waiting->answer = answer;
    waiting->changed.notify_all();
  });
  std::unique_lock lock(waiting->mutex);
  waiting->changed.wait_for(lock, patience, [&] { return waiting->answer.has_value(); });
  if (waiting->answer) return *waiting->answer;
  Answer late;
  late.verdict = Verdict::uncertain;
  late.error = "no answer in time";
  return late;
}

void Api::finish(CallQueue::Final final) noexcept {
  try {
    if (final.done) final.done(final.answer);
  } catch (...) {
    // An answer that nobody can take in must not end the thread of all others.
  }
}

/// Sends what may be sent, and tells those that have waited too long.
void Api::sweep(Moment now) {
  while (true) {
    std::optional<CallQueue::Final> late;
    {
      const std::lock_guard lock(mutex_);
      late = queue_.expired(now);
    }
    if (!late) break;
    finish(std::move(*late));
  }
  while (true) {
    std::optional<CallQueue::Next> next;
    {
      const std::lock_guard lock(mutex_);
      next = queue_.take(now);
    }
    if (!next) return;
    // The entry stays where it is until it is answered, on this thread.
    send(next->id, *next->call);
  }
}

/// The header for a kind of token, or the answer to a call that has none.
std::expected<std::string, Answer> Api::authorization(TokenKind kind) const {
  const bool app = kind == TokenKind::app;
  const auto token = app ? options_.app_token() : options_.bot_token();
  Answer answer;
  answer.verdict = Verdict::refused;
  if (!token) {
    answer.error = "no_token";
    answer.details = {token.error().what};
    return std::unexpected(std::move(answer));
  }
  const std::string_view rotated = "xoxe.";
  std::string_view text = *token;
  if (text.starts_with(rotated)) text.remove_prefix(rotated.size());
  if (text.starts_with(app ? "xapp-" : "xoxb-")) return "Bearer " + *token;
  // Swapped tokens are the commonest mistake of all, and Slack's word for it helps nobody.
  answer.error = "wrong_token";
  answer.details = {app ? "app_token is no app-level token: those begin with xapp- (a bot token, "
                          "xoxb-, belongs to bot_token)"
                        : "bot_token is no bot token: those begin with xoxb- (an app-level token, "
                          "xapp-, belongs to app_token)"};
  return std::unexpected(std::move(answer));
}

void Api::send(CallQueue::Id id, const Call& call) {
  const auto settle = [this, id, method = call.method](Answer answer) {
    options_.meter.called(method, answer.verdict,
                          answer.retry_after > Millis{} ? answer.retry_after : kLimitedWait);
    std::optional<CallQueue::Final> final;
    {
      const std::lock_guard lock(mutex_);
      final = queue_.answered(id, std::move(answer), clock_.moment());
    }
    if (final) finish(std::move(*final));
  };
  // What Slack would refuse is answered as Slack would, without a call.
  if (std::string why = objections_to(call); !why.empty()) {
    Answer answer;
    answer.verdict = Verdict::refused;
    answer.error = "invalid_blocks";
    answer.details = {std::move(why)};
    return settle(std::move(answer));
  }
  http::ClientRequest request;
  if (call.token != TokenKind::none) {
    auto header = authorization(call.token);
    if (!header) return settle(std::move(header.error()));
    request.headers.add("Authorization", *header);
  }
  request.method = "POST";
  request.url = call.url.empty() ? options_.base + "/" + call.method : call.url;
  request.headers.add("Content-Type", call.content_type);
  request.body = call.body;
  request.timeout = call.timeout;
  request.connect_timeout = std::min(call.timeout, kConnectTime);
  request.body_max = kAnswerBytesMax;
  http::Lanes* lanes = lanes_.get();
  if (!call.idempotent) {
    // On a kept connection that turns out to be dead, curl silently sends a request once more, and
    // the first one may have been taken. A connection of its own is never such a one.
    alone_.push_back(client_.lanes(1));
    lanes = alone_.back().get();
  }
  lanes->start(std::move(request), [settle, json = call.json_answer](http::Answered answered) {
    settle(read_answer(answered, json));
  });
}

/// Moves the calls on that are under way; false when there are none.
bool Api::move_on() {
  std::erase_if(alone_, [](const auto& lanes) { return lanes->busy() == 0; });
  const std::size_t kinds = alone_.size() + (lanes_->busy() > 0 ? 1 : 0);
  if (kinds == 0) return false;
  const Millis turn = std::max(kTurn / static_cast<int>(kinds), Millis(1));
  if (lanes_->busy() > 0) lanes_->turn(turn);
  for (const auto& lanes : alone_)
    lanes->turn(turn);
  return true;
}

/// Waits for something to do. False when it is time to end.
bool Api::rest(Moment until) {
  if (move_on()) {
    const std::lock_guard lock(mutex_);
    return !stopping_;
  }
  std::unique_lock lock(mutex_);
  const Moment now = clock_.moment();
  if (const auto next = queue_.next_look(now)) until = std::min(until, *next);
  const Millis wait = std::clamp(until - now, Millis(1), kRestMax);
  changed_.wait_for(lock, wait, [&] { return stirred_ || stopping_; });
  stirred_ = false;
  return !stopping_;
}

void Api::run() {
  bool going = true;
  while (going) {
    const Moment now = clock_.moment();
    Moment until = now + kRestMax;
    Turn turn;
    {
      const std::lock_guard lock(mutex_);
      turn = turn_;
    }
    if (turn) until = std::min(until, turn(now));
    sweep(now);
    going = rest(until);
  }
  while (true) {
    std::optional<CallQueue::Final> left;
    {
      const std::lock_guard lock(mutex_);
      left = queue_.given_up();
    }
    if (!left) return;
    finish(std::move(*left));
  }
}

void Api::stop() noexcept {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

}  // namespace lockkeeper::slack
