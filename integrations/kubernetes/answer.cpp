// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "integrations/kubernetes/json.h"

namespace lockkeeper::kubernetes {
namespace {

constexpr std::size_t kMessageMaxBytes = 400;
constexpr Millis kRetryAfterMax{60'000};  // a server that asks for more is asked sooner

bool looks_like_json(std::string_view body) {
  const auto first = body.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (body[first] == '{' || body[first] == '[');
}

/// The first line of a text that is no Status, for people.
std::string first_words(std::string_view body) {
  const auto line = trimmed(body.substr(0, body.find('\n')));
  if (line.empty() || line.front() == '<') return {};
  return clipped(line, kMessageMaxBytes);
}

Millis retry_after_of(const http::Reply& reply) {
  const auto text = trimmed(reply.headers.get("Retry-After"));
  long seconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || parsed.ec != std::errc{} || seconds < 0) return Millis{0};
  return std::min(kRetryAfterMax, Millis(std::min(seconds, 3600L) * 1000));
}

Trouble trouble_of(int code, const StatusObject& status) {
  switch (code) {
    case 401:
      return Trouble::unauthorized;
    case 403:
      return Trouble::forbidden;
    case 404:
      // While the server starts, even known paths are answered with a bare "404 page not found".
      return status.present && (!status.name.empty() || !status.kind.empty()) ? Trouble::not_found
                                                                              : Trouble::away;
    case 409:
      return status.reason == "AlreadyExists" ? Trouble::exists : Trouble::conflict;
    case 410:
      return Trouble::expired;
    case 429:
      return status.has_cause("DisruptionBudget") ? Trouble::budget : Trouble::away;
    default:
      return code >= 500 || code == 408 || code < 300 ? Trouble::away : Trouble::invalid;
  }
}

// 401 says nothing worth quoting, 403 says everything; the rest needs the call's name to be found
// in an audit log.
std::string words_for(const ApiRequest& request, int code, const StatusObject& status,
                      std::string_view body) {
  const auto said = status.message.empty() ? first_words(body) : clipped(status.message, 400);
  switch (code) {
    case 401:
      return "our credentials are not accepted (401 Unauthorized)";
    case 403:
      return fmt::format("not allowed (403): {}", said.empty() ? "no reason given" : said);
    default:
      break;
  }
  if (code / 100 == 3)
    return fmt::format("{}: answered with a redirect ({}), which is not followed", named(request),
                       code);
  if (code / 100 == 2)
    return fmt::format("{}: answered with something that is not Kubernetes' JSON", named(request));
  return fmt::format("{}: {} {}", named(request), code,
                     said.empty() ? http::reason_phrase(code) : std::string_view(said));
}

// A handshake may fail after a request went out on a connection that curl had tried to reuse, so
// `tls` counts as perhaps done.
ApiFailure unanswered(const http::Fault& fault) {
  ApiFailure failure;
  failure.what = fault.what;
  switch (fault.kind) {
    case http::FaultKind::untrusted:
      failure.trouble = Trouble::untrusted;
      break;
    case http::FaultKind::cancelled:
      failure.trouble = Trouble::stopped;
      failure.maybe_done = true;
      break;
    case http::FaultKind::other:
    case http::FaultKind::too_large:
      failure.trouble = Trouble::invalid;
      failure.maybe_done = fault.kind == http::FaultKind::too_large;
      break;
    case http::FaultKind::timeout:
    case http::FaultKind::reset:
    case http::FaultKind::tls:
      failure.maybe_done = true;
      break;
    case http::FaultKind::unresolved:
    case http::FaultKind::refused:
      break;
  }
  return failure;
}

}  // namespace

bool StatusObject::has_cause(std::string_view wanted) const {
  return std::ranges::any_of(causes, [&](const auto& cause) { return cause.reason == wanted; });
}

StatusObject status_object(std::string_view body) {
  StatusObject status;
  if (!looks_like_json(body)) return status;
  const Json json = parse_json(body);
  if (text_at(json, {"kind"}) != "Status") return status;
  status.present = true;
  status.failure = text_at(json, {"status"}) == "Failure";
  status.code = static_cast<int>(number_at(json, {"code"}));
  status.reason = text_at(json, {"reason"});
  status.message = text_at(json, {"message"});
  status.kind = text_at(json, {"details", "kind"});
  status.name = text_at(json, {"details", "name"});
  status.resume = text_at(json, {"metadata", "continue"});
  for (const auto& cause : items_at(json, {"details", "causes"}))
    status.causes.push_back({text_at(cause, {"reason"}), text_at(cause, {"message"})});
  return status;
}

ApiResult<http::Reply> judged(const ApiRequest& request, http::Answered answer) {
  if (!answer) return std::unexpected(unanswered(answer.error()));
  const bool good = answer->status / 100 == 2;
  const bool wants_json = request.accept.starts_with("application/json");
  // A success is almost never a Status; only short ones are worth a second reading.
  constexpr std::size_t kStatusMaxBytes = 64U << 10U;
  StatusObject status;
  // Lists and objects are large and no Status; reading them twice would double their cost.
  if (!good || answer->body.size() < kStatusMaxBytes) status = status_object(answer->body);
  const bool odd_shape = wants_json && !answer->body.empty() && !looks_like_json(answer->body);
  if (good && !status.failure && !odd_shape) return std::move(*answer);
  ApiFailure failure;
  failure.code = good && status.failure && status.code >= 300 ? status.code : answer->status;
  failure.retry_after = retry_after_of(*answer);
  failure.trouble = trouble_of(failure.code, status);
  failure.what = words_for(request, failure.code, status, answer->body);
  failure.maybe_done =
      failure.trouble == Trouble::away && failure.code != 429 && failure.code != 404;
  failure.status = std::move(status);
  return std::unexpected(std::move(failure));
}

Failure failure_of(const ApiFailure& failure) {
  return Failure{failure.what};
}

std::string named(const ApiRequest& request) {
  return request.method + " " + request.path.substr(0, request.path.find('?'));
}

}  // namespace lockkeeper::kubernetes
