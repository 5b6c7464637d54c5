// SPDX-License-Identifier: Apache-2.0
#include "integrations/http/client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <utility>

#include "integrations/http/client_lanes.h"
#include "integrations/http/client_url.h"

namespace lockkeeper::http {
namespace {

constexpr std::size_t kIdleLanesMax = 8;
constexpr std::chrono::milliseconds kTurn{250};

void start_curl() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(started);
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// The request that follows a redirect, or nothing when it may not be followed.
// By hand rather than by curl, which would only hold back Authorization and cookies, not a
// X-Token of somebody else's making.
std::optional<ClientRequest> following(const ClientRequest& request, const Reply& reply) {
  const bool reading = request.method == "GET" || request.method == "HEAD";
  if (!reading || request.redirects_max <= 0 || !is_redirect(reply.status)) return std::nullopt;
  const auto target = redirected(request.url, std::string(reply.headers.get("Location")));
  const auto from = url_parts(request.url);
  const auto to = target ? url_parts(*target) : std::nullopt;
  if (!from || !to || from->scheme != to->scheme) return std::nullopt;
  ClientRequest next = request;
  next.url = *target;
  --next.redirects_max;
  if (from->host != to->host || from->port != to->port) next.headers = {};
  return next;
}

}  // namespace

std::string_view to_string(FaultKind kind) {
  switch (kind) {
    case FaultKind::unresolved:
      return "unresolved";
    case FaultKind::refused:
      return "refused";
    case FaultKind::timeout:
      return "timeout";
    case FaultKind::tls:
      return "tls";
    case FaultKind::untrusted:
      return "untrusted";
    case FaultKind::reset:
      return "reset";
    case FaultKind::too_large:
      return "too large";
    case FaultKind::cancelled:
      return "cancelled";
    case FaultKind::other:
      return "other";
  }
  return "other";
}

Client::Client(ClientOptions options)
    : options_(std::make_shared<const ClientOptions>(std::move(options))) {
  start_curl();
}

Client::~Client() = default;

Answered Client::call(ClientRequest request) {
  Answered answer = once(request, {});
  while (answer) {
    auto next = following(request, *answer);
    if (!next) return answer;
    request = std::move(*next);
    answer = once(request, {});
  }
  return answer;
}

Answered Client::stream(const ClientRequest& request, ChunkHandler on_chunk) {
  return once(request, std::move(on_chunk));
}

// The call's own limits end it; the turns are short only so that a stop token is seen.
Answered Client::once(const ClientRequest& request, ChunkHandler on_chunk) {
  auto lanes = take();
  std::optional<Answered> answer;
  const auto done = [&](Answered got) { answer = std::move(got); };
  if (on_chunk) {
    lanes->stream(request, std::move(on_chunk), done);
  } else {
    lanes->start(request, done);
  }
  while (!answer)
    lanes->turn(kTurn);
  give_back(std::move(lanes));
  return std::move(*answer);
}

void Client::perform(std::span<const ClientRequest> requests, int parallel,
                     const std::function<void(std::size_t, Answered)>& on_done) {
  const auto many = lanes(parallel);
  for (std::size_t i = 0; i < requests.size(); ++i)
    many->start(requests[i], [&on_done, i](Answered answer) { on_done(i, std::move(answer)); });
  while (many->busy() > 0)
    many->turn(kTurn);
}

std::unique_ptr<Lanes> Client::lanes(int parallel) const {
  return std::make_unique<Lanes>(options_, parallel);
}

std::unique_ptr<Lanes> Client::take() {
  const std::scoped_lock lock(mutex_);
  if (idle_.empty()) return lanes(1);
  auto lanes = std::move(idle_.back());
  idle_.pop_back();
  return lanes;
}

// Beyond a handful of threads at once, connections are closed rather than kept.
void Client::give_back(std::unique_ptr<Lanes> lanes) {
  const std::scoped_lock lock(mutex_);
  if (idle_.size() < kIdleLanesMax) idle_.push_back(std::move(lanes));
}

}  // namespace lockkeeper::http
