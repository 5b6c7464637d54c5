// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace lockkeeper::kubernetes {
namespace {

// A server that has just come up may refuse valid credentials for a minute, and valid rights for
// minutes, until its own caches are filled (kubernetes#121635).
constexpr Millis kForbiddenGrace{5 * 60'000};
constexpr Millis kUnauthorizedGrace{60'000};
constexpr Millis kStopLook{1'000};
constexpr std::size_t kWarningsMax = 100;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min() / 2;

}  // namespace

Millis Backoff::next() {
  // xorshift: spread, not secrecy.
  state_ ^= state_ << 13U;
  state_ ^= state_ >> 7U;
  state_ ^= state_ << 17U;
  const auto spread = static_cast<std::int64_t>(state_ % 1000U);
  const Millis pause{base_.count() / 2 + base_.count() * spread / 1000};
  base_ = std::min(kCeiling, base_ * 2);
  return pause;
}

Client::Client(Transport& transport, Clock& clock, Millis timeout,
               std::function<void(std::string_view)> warn)
    : transport_(transport),
      clock_(clock),
      timeout_(timeout),
      warn_(std::move(warn)),
      last_away_ms_(kNever) {}

Backoff Client::backoff() const {
  return Backoff(static_cast<std::uint64_t>(clock_.now().time_since_epoch().count()));
}

ApiResult<Json> Client::get(const std::string& path, const Patience& patience) {
  ApiRequest request;
  request.path = path;
  request.timeout = timeout_;
  auto reply = read(request, patience);
  if (!reply) return std::unexpected(std::move(reply.error()));
  Json json = parse_json(reply->body);
  if (!json.is_discarded()) return json;
  ApiFailure failure;
  failure.trouble = Trouble::away;
  failure.code = reply->status;
  failure.what = fmt::format("{}: the answer is cut off or no JSON", named(request));
  return std::unexpected(std::move(failure));
}

// The pause is weighed before it is made: a caller whose patience ends in two seconds is told now,
// not after five.
ApiResult<http::Reply> Client::read(const ApiRequest& request, const Patience& patience) {
  const Moment begun = clock_.moment();
  Backoff pauses = backoff();
  while (true) {
    auto reply = attempt(request);
    if (reply || !passing(reply.error())) return reply;
    const Millis pause = std::max(pauses.next(), reply.error().retry_after);
    const Millis waited = clock_.moment() - begun;
    if (waited + pause > patience.limit) {
      if (waited >= kStopLook) reply.error().what += fmt::format(" (for {})", to_string(waited));
      return reply;
    }
    if (!rest(pause, patience.watch)) {
      reply.error().trouble = Trouble::stopped;
      return reply;
    }
  }
}

ApiResult<Json> Client::write(const ApiRequest& request) {
  auto reply = attempt(request);
  if (!reply) return std::unexpected(std::move(reply.error()));
  return parse_json(reply->body);
}

ApiResult<http::Reply> Client::attempt(const ApiRequest& request) {
  auto reply = judge(request, transport_.call(request));
  if (reply) return reply;
  const Trouble trouble = reply.error().trouble;
  const bool who = reply.error().code == 401 || trouble == Trouble::untrusted;
  // judge() has had the credentials and the authority read anew: they may have been renewed.
  return who ? judge(request, transport_.call(request)) : reply;
}

ApiResult<http::Reply> Client::judge(const ApiRequest& request, http::Answered answer) {
  if (answer) note_warnings(answer->headers);
  auto reply = judged(request, std::move(answer));
  if (reply) return reply;
  return std::unexpected(excused(std::move(reply.error())));
}

// One place decides what an outage excuses, for calls and lanes alike. The clock starts at the last
// sign of the outage, so a refusal that persists is believed in the end.
ApiFailure Client::excused(ApiFailure failure) {
  const std::int64_t now = clock_.moment().since_start.count();
  const Millis since_outage{now - last_away_ms_.load()};
  switch (failure.trouble) {
    case Trouble::unreachable:
    case Trouble::away:
      if (outage(failure)) last_away_ms_ = now;
      break;
    case Trouble::untrusted:
    case Trouble::unauthorized:
      transport_.distrust();
      failure.what += fmt::format(", at {}", transport_.described());
      if (since_outage < kUnauthorizedGrace) failure.trouble = Trouble::away;
      break;
    case Trouble::forbidden:
      if (since_outage < kForbiddenGrace && !failure.status.has_cause("NamespaceTerminating"))
        failure.trouble = Trouble::away;
      break;
    default:
      break;
  }
  return failure;
}

bool Client::passing(const ApiFailure& failure) {
  return failure.trouble == Trouble::unreachable || failure.trouble == Trouble::away;
}

bool Client::outage(const ApiFailure& failure) {
  if (!passing(failure) || failure.code == 429) return false;
  // A 500 with words of its own is about the request (two budgets, a webhook), unless etcd speaks.
  const bool own_words = failure.code == 500 && failure.status.present;
  return !own_words || failure.status.message.find("etcdserver") != std::string::npos;
}

// A stirred clock returns early, so the wait is a loop.
bool Client::rest(Millis duration, Watch* watch) {
  const Moment until = clock_.moment() + duration;
  while (clock_.moment() < until) {
    if (watch != nullptr && (watch->leaving() || watch->stop_wanted())) return false;
    clock_.wait_until(std::min(until, clock_.moment() + kStopLook));
  }
  return true;
}

void Client::note_warnings(const http::Headers& headers) {
  for (const auto& [name, value] : headers.fields()) {
    if (!warn_ || !http::same_token(name, "Warning") || !value.starts_with("299 ")) continue;
    const std::scoped_lock lock(mutex_);
    if (warned_.size() < kWarningsMax && warned_.insert(value).second)
      warn_("the API server warns: " + clipped(value.substr(4), 300));
  }
}

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace lockkeeper::kubernetes
