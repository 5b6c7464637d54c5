// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/mirror.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace lockkeeper::kubernetes {
namespace {

constexpr int kPageLimit = 500;  // client-go's page: 500 pods are about 4 MB
// The server ends a watch after so long; spread, so that not all watches of a bot end at once.
constexpr Millis kWatchMin{300'000};
constexpr Millis kWatchSpread{300'000};
constexpr Millis kWatchSlack{30'000};
constexpr Millis kTooShort{1'000};          // a watch that ended sooner without any event: an error
constexpr Millis kServerErrorsMax{60'000};  // 500s inside the watch; then list

}  // namespace

Mirror::Mirror(Client& client, Lanes& lanes, MirrorOptions options, MirrorHandlers handlers)
    : client_(client),
      lanes_(lanes),
      options_(std::move(options)),
      handlers_(std::move(handlers)),
      backoff_(client.backoff()),
      due_(client.clock().moment()) {}

Mirror::~Mirror() {
  drop_call();
}

void Mirror::tick() {
  if (client_.clock().moment() < due_) return;
  if (state_ == State::list_due) start_list();
  if (state_ == State::watch_due) start_watch();
}

void Mirror::relist() {
  if (state_ == State::stopped || state_ == State::list_due) return;
  drop_call();
  page_.clear();
  state_ = State::list_due;
  due_ = client_.clock().moment();
}

std::optional<Moment> Mirror::wake() const {
  if (state_ == State::list_due || state_ == State::watch_due) return due_;
  return std::nullopt;
}

void Mirror::drop_call() {
  if (calling_) lanes_.cancel(call_);
  calling_ = false;
}

void Mirror::start_list() {
  if (page_.empty()) {
    items_.clear();
    list_begun_ = client_.clock().moment();
  }
  ApiRequest request;
  request.path = options_.path + "?" + options_.query;
  if (!unpaged_) request.path += fmt::format("&limit={}", kPageLimit);
  if (!page_.empty()) request.path += "&continue=" + encoded(page_);
  request.timeout = client_.timeout();
  state_ = State::listing;
  calling_ = true;
  call_ = lanes_.start(request, [this, request](http::Answered answer) {
    calling_ = false;
    take_page(request, std::move(answer));
  });
}

void Mirror::take_page(const ApiRequest& request, http::Answered answer) {
  auto reply = client_.judge(request, std::move(answer));
  if (!reply) {
    // The page token is too old: one list without pages, as client-go's pager does.
    if (reply.error().trouble == Trouble::expired && !page_.empty()) unpaged_ = true;
    page_.clear();
    return fail(reply.error(), State::list_due);
  }
  Json list = parse_lean(reply->body);
  if (!list.is_object()) return pause(State::list_due);
  if (handlers_.on_contact) handlers_.on_contact();
  for (auto& item : list["items"])
    items_.push_back(std::move(item));
  page_ = text_at(list, {"metadata", "continue"});
  version_ = text_at(list, {"metadata", "resourceVersion"});
  if (!page_.empty()) {
    state_ = State::list_due;
    return;
  }
  unpaged_ = false;
  listed_ = list_begun_;
  backoff_.reset();
  state_ = State::watch_due;
  handlers_.on_list(std::exchange(items_, {}));
}

void Mirror::start_watch() {
  watch_begun_ = client_.clock().moment();
  const Millis lifetime = kWatchMin + kWatchSpread * (watch_begun_.since_start.count() % 10) / 10;
  ApiRequest request;
  request.path = fmt::format(
      "{}?{}&watch=1&allowWatchBookmarks=true&resourceVersion={}&"
      "timeoutSeconds={}",
      options_.path, options_.query, encoded(version_), lifetime.count() / 1000);
  request.timeout = lifetime + kWatchSlack;
  request.silence_max = options_.silence_max;
  splitter_ = {};
  events_ = 0;
  after_.reset();
  state_ = State::watching;
  calling_ = true;
  call_ = lanes_.stream(
      request, [this](std::string_view piece) { return take_piece(piece); },
      [this, request](http::Answered answer) {
        calling_ = false;
        take_end(request, std::move(answer));
      });
}

// A handler may ask for a new list while events are being read; the rest of the piece is then
// dropped, because the list will tell better.
bool Mirror::take_piece(std::string_view piece) {
  const bool whole = splitter_.feed(piece, [this](std::string_view document) {
    if (state_ != State::watching) return;
    if (auto event = watch_event(document)) take_event(std::move(*event));
  });
  return whole && state_ == State::watching && !after_;
}

void Mirror::take_event(WatchEvent event) {
  if (event.type == WatchEvent::Type::error) {
    const auto code = number_at(event.object, {"code"});
    const Moment now = client_.clock().moment();
    if (code == 500 && !server_errors_since_) server_errors_since_ = now;
    const bool bear =
        code == 429 || (code == 500 && now - *server_errors_since_ < kServerErrorsMax);
    after_ = bear ? State::watch_due : State::list_due;
    if (!bear) server_errors_since_.reset();
    return;
  }
  ++events_;
  server_errors_since_.reset();
  if (const auto version = text_at(event.object, {"metadata", "resourceVersion"}); !version.empty())
    version_ = version;
  if (handlers_.on_contact) handlers_.on_contact();
  if (event.type != WatchEvent::Type::bookmark) handlers_.on_event(event);
}

void Mirror::take_end(const ApiRequest& request, http::Answered answer) {
  const bool ours = !answer && answer.error().kind == http::FaultKind::cancelled;
  const bool silent = !answer && answer.error().kind == http::FaultKind::timeout;
  if (ours || after_) return pause(after_.value_or(State::list_due));
  auto reply = client_.judge(request, std::move(answer));
  if (!reply) {
    // After an outage the list tells that the server is back, perhaps with an older etcd.
    const bool stale =
        silent || reply.error().trouble == Trouble::expired || Client::outage(reply.error());
    return fail(reply.error(), stale ? State::list_due : State::watch_due);
  }
  const bool short_lived = client_.clock().moment() - watch_begun_ < kTooShort && events_ == 0;
  if (short_lived) return pause(State::watch_due);
  backoff_.reset();
  state_ = State::watch_due;
  due_ = client_.clock().moment();
}

void Mirror::fail(const ApiFailure& failure, State next) {
  if (handlers_.on_trouble) handlers_.on_trouble(failure);
  if (!Client::passing(failure) && failure.trouble != Trouble::expired) {
    dead_ = failure;
    state_ = State::stopped;
    return;
  }
  pause(next, failure.retry_after);
}

// Even a list that is due at once waits a little: a server that answers 410 to every watch would
// otherwise be listed in a loop.
void Mirror::pause(State next, Millis at_least) {
  state_ = next;
  due_ = client_.clock().moment() + std::max(at_least, backoff_.next());
}

}  // namespace lockkeeper::kubernetes
