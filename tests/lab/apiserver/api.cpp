// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/api.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include "tests/lab/apiserver/site.h"

namespace lockkeeper::lab {
namespace {

constexpr std::chrono::milliseconds kFollowPeriod{50};
constexpr int kFollowRoundsMax = 20 * 60 * 10;  // ten minutes

struct Decision {
  Reply reply;
  std::string user;
  std::string verb;
};

/// The reply to a request of a known user, with the Cluster's mutex held.
Reply decide_for(const Desk& desk, const http::Request& request, const User& user,
                 std::string& verb) {
  if (auto review = serve_review(desk.access, user, request)) return std::move(*review);
  const auto route = route_of(request.path);
  if (!route) {
    const Attempt attempt{.verb = request.method == "GET" ? "get" : "post", .path = request.path};
    verb = attempt.verb;
    if (!desk.access.may(user, attempt)) return to_response(denial(user, attempt));
    return serve_site(desk.cluster, request).value_or(page_not_found());
  }
  verb = verb_of(request, *route);
  if (verb.empty()) return to_response(method_not_allowed());
  const Attempt attempt = attempt_of(*route, verb);
  const bool denied = !desk.access.may(user, attempt) || desk.faults.current() == Outage::forbidden;
  if (denied) return to_response(denial(user, attempt));
  const auto shape = accepted_shape(request.headers.get("Accept"));
  if (!shape && route->subresource != "log") {
    return to_response(
        {.code = 406,
         .reason = "NotAcceptable",
         .message = "only the following media types are accepted: application/json"});
  }
  const auto dry_run = request.query_value("dryRun");
  if (!dry_run.empty() && dry_run != "All") {
    // Taken for a real run it would do what its sender did not want.
    return to_response(
        invalid(*route->resource, route->name,
                {{"FieldValueNotSupported",
                  fmt::format("Unsupported value: \"{}\": supported values: \"All\"", dry_run),
                  "dryRun"}}));
  }
  const Call call{.request = request,
                  .route = *route,
                  .verb = verb,
                  .user = user,
                  .view = {.resource = route->resource, .shape = shape.value_or(Shape::object)},
                  .dry_run = dry_run == "All"};
  auto reply = perform(desk.cluster, call);
  return reply ? std::move(*reply) : Reply(to_response(reply.error()));
}

Decision decide(const Desk& desk, const http::Request& request) {
  Decision decision;
  const auto user = desk.access.user_of(request);
  if (!user && is_public(request.path)) {
    decision.reply = serve_site(desk.cluster, request).value_or(page_not_found());
  } else if (!user) {
    decision.reply = to_response(unauthorized());
  } else {
    decision.user = user->name;
    decision.reply = decide_for(desk, request, *user, decision.verb);
  }
  return decision;
}

void add_warnings(const Cluster& cluster, const http::Request& request, http::Response& response) {
  for (const auto& warning : cluster.options.warnings) {
    if (RE2::PartialMatch(request.path, warning.path_regex)) {
      response.headers.add("Warning", fmt::format("299 - \"{}\"", warning.text));
    }
  }
}

/// Looks at the log again and again until its container has ended.
void follow(const Desk& desk, const FollowReply& reply, http::Stream stream, std::size_t written,
            int rounds) {
  bool ended = true;
  {
    const std::lock_guard lock(desk.cluster.mutex);
    const auto text = log_text(desk.cluster, reply.pod, reply.container, ended);
    if (text && text->size() > written) {
      stream.write(text->substr(written));
      written = text->size();
    }
  }
  if (ended || rounds == 0 || !stream.open()) return stream.finish();
  desk.loop.post(kFollowPeriod, [=] { follow(desk, reply, stream, written, rounds - 1); });
}

void answer(const Desk& desk, http::Exchange exchange, bool lose_reply) {
  const http::Request& request = exchange.request();
  const std::string pattern = pattern_of(request);
  const auto log = [&](const Decision& decision, int status) {
    desk.log.add(decision.user, decision.verb, pattern, request.target, status);
  };
  std::unique_lock lock(desk.cluster.mutex);
  Decision decision = decide(desk, request);
  if (lose_reply) {
    log(decision, 0);
    return exchange.drop();
  }
  if (auto* response = std::get_if<http::Response>(&decision.reply)) {
    add_warnings(desk.cluster, request, *response);
    response->headers.add("Cache-Control", "no-cache, private");
    log(decision, response->status);
    lock.unlock();
    return exchange.send(std::move(*response));
  }
  log(decision, 200);
  http::Response head;
  if (auto* watch = std::get_if<WatchReply>(&decision.reply)) {
    add_warnings(desk.cluster, request, head);
    desk.cluster.watches.open(std::move(watch->spec), exchange.stream(head), watch->first);
    return;
  }
  lock.unlock();
  head.content_type = "text/plain";
  follow(desk, std::get<FollowReply>(decision.reply), exchange.stream(head), 0, kFollowRoundsMax);
}

/// True when an outage has taken care of the request.
bool in_outage(const Desk& desk, http::Exchange& exchange) {
  const Outage outage = desk.faults.current();
  if (outage == Outage::none || outage == Outage::forbidden) return false;
  const http::Request& request = exchange.request();
  const http::Response response = outage_response(outage);
  const bool cut = outage == Outage::reset || outage == Outage::refuse || outage == Outage::hang;
  desk.log.add("", "", pattern_of(request), request.target, cut ? 0 : response.status);
  if (outage == Outage::hang) {
    desk.faults.hold(exchange);
  } else if (cut) {
    exchange.drop(true);
  } else {
    exchange.send(response);
  }
  return true;
}

}  // namespace

void handle(const Desk& desk, const http::Exchange& given) {
  http::Exchange exchange = given;
  if (in_outage(desk, exchange)) return;
  const auto fault = desk.faults.take(exchange.request());
  if (!fault) return answer(desk, exchange, false);
  const http::Request& request = exchange.request();
  switch (fault->action) {
    case FaultRule::Action::drop_before:
      desk.log.add("", "", pattern_of(request), request.target, 0);
      return exchange.drop(true);
    case FaultRule::Action::drop_after:
      return answer(desk, exchange, true);
    case FaultRule::Action::delay:
      return desk.loop.post(fault->delay, [=] { answer(desk, exchange, false); });
    case FaultRule::Action::status:
      desk.log.add("", "", pattern_of(request), request.target, fault->response.status);
      return exchange.send(fault->response);
  }
}

}  // namespace lockkeeper::lab
