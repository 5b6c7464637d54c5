// SPDX-License-Identifier: Apache-2.0
#include "integrations/web/routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "bot/doctor.h"
#include "integrations/web/texts.h"
#include "rules/text.h"

namespace lockkeeper::web {
namespace {

using http::Response;
using metrics::Metric;

constexpr std::string_view kAlertsPath = "/api/v1/alerts";
constexpr std::size_t kCommandBytesMax = 64U << 10U;
constexpr std::size_t kNoBodyBytesMax = 1024;  // a GET may have one, and nobody reads it

std::vector<TokenHolder> webhook_holders(const HttpSettings& settings) {
  std::vector<TokenHolder> holders;
  for (const SecretSource& source : settings.webhook_tokens)
    holders.push_back({.name = fmt::format("webhook {}", holders.size() + 1), .source = source});
  return holders;
}

std::vector<TokenHolder> client_holders(const std::vector<ClientSettings>& clients) {
  std::vector<TokenHolder> holders;
  for (const ClientSettings& client : clients)
    holders.push_back({.name = client.name, .source = client.token});
  return holders;
}

Response unauthorised(bool given) {
  Response response = http::text_response(401, given ? "wrong token" : "a bearer token is needed");
  response.headers.add("WWW-Authenticate", "Bearer");
  return response;
}

/// DNS names differ by more than the case of their letters (RFC 4343).
bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

Response wrong_method(std::string_view allowed) {
  Response response = http::text_response(405, fmt::format("only {}", allowed));
  response.headers.add("Allow", allowed);
  return response;
}

Response json_response(int status, std::string body) {
  return {.status = status, .body = std::move(body), .headers = {{"Cache-Control", "no-store"}}};
}

Response refused_command(int status, std::string why) {
  const CommandAnswer answer{.status = status, .ok = false, .text = std::move(why), .confirm = ""};
  return json_response(status, json_of(answer));
}

/// The length that the sender announces, 0 where there is none.
std::size_t announced_length(const http::Request& request) {
  const std::string_view text = request.headers.get("Content-Length");
  std::size_t length = 0;
  std::from_chars(text.data(), text.data() + text.size(), length);
  return length;
}

}  // namespace

Routes::Routes(const HttpSettings& settings, const std::vector<ClientSettings>& clients,
               Sinks sinks, Surroundings surroundings)
    : alerts_bytes_max_(static_cast<std::size_t>(settings.body_max)),
      webhook_names_(settings.webhook_names),
      sinks_(std::move(sinks)),
      surroundings_(std::move(surroundings)),
      webhook_tokens_(webhook_holders(settings), surroundings_.from_kubernetes),
      client_tokens_(client_holders(clients), surroundings_.from_kubernetes),
      repeats_(surroundings_.repeat_window) {}

std::span<const Routes::Route> Routes::all() {
  static const std::array routes = {
      Route{kAlertsPath, "POST", Access::webhook, &Routes::alerts},
      Route{"/api/v1/commands", "POST", Access::client, &Routes::commands},
      Route{"/api/v1/messages", "GET", Access::client, &Routes::messages},
      Route{"/api/v1/about", "GET", Access::open, &Routes::about},
      Route{"/healthz", "GET", Access::open, &Routes::health},
      Route{"/readyz", "GET", Access::open, &Routes::readiness},
      Route{"/metrics", "GET", Access::open, &Routes::metrics_text},
  };
  return routes;
}

std::expected<Routes::Admitted, Response> Routes::judge(const http::Request& request) {
  // Exactly this path: a slash too many would elsewhere be redirected, and here is nothing.
  const auto route = std::ranges::find(all(), request.path, &Route::path);
  if (route == all().end()) return std::unexpected(http::text_response(404, "no such page"));
  const bool head = request.method == "HEAD" && route->method == "GET";
  if (request.method != route->method && !head) return std::unexpected(wrong_method(route->method));
  if (route->access == Access::webhook) {
    if (auto why = stopped(request)) return std::unexpected(std::move(*why));
  }
  // Without webhook tokens the site is bound to loopback, or certificates are asked for: open() has
  // seen to that.
  const bool token_needed = route->access == Access::client ||
                            (route->access == Access::webhook && !webhook_tokens_.empty());
  if (!token_needed) return Admitted{&*route, ""};
  Tokens& tokens = route->access == Access::client ? client_tokens_ : webhook_tokens_;
  // A webhook's token opens nothing else, and a client's token is no webhook's.
  const std::string_view token = request.bearer_token();
  auto holder = tokens.holder_of(token);
  if (!holder) return std::unexpected(unauthorised(!token.empty()));
  return Admitted{&*route, std::move(*holder)};
}

// The TLS handshake has refused a certificate that the CA did not sign.
std::optional<Response> Routes::stopped(const http::Request& request) const {
  if (webhook_names_.empty()) return std::nullopt;
  if (!request.certificate) return http::text_response(401, "a client certificate is needed");
  const auto allowed = [&](const std::string& name) {
    return std::ranges::any_of(webhook_names_,
                               [&](const std::string& known) { return same_name(known, name); });
  };
  if (std::ranges::any_of(request.certificate->dns_names, allowed)) return std::nullopt;
  return http::text_response(403, "the certificate has none of the names in [http] webhook_names");
}

std::size_t Routes::body_limit(const Route& route) const {
  if (route.access == Access::webhook) return alerts_bytes_max_;
  return route.access == Access::client ? kCommandBytesMax : kNoBodyBytesMax;
}

std::expected<std::size_t, Response> Routes::admit(const http::Request& request) {
  const auto admitted = judge(request);
  const auto refuse = [&](Response response) {
    if (request.path == kAlertsPath) {
      surroundings_.metrics.add(Metric::webhook_requests, 1,
                                {{"code", std::to_string(response.status)}});
    }
    return std::unexpected(std::move(response));
  };
  if (!admitted) return refuse(admitted.error());
  const std::size_t limit = body_limit(*admitted->route);
  if (announced_length(request) > limit) {
    return refuse(http::text_response(413, fmt::format("more than {} bytes", limit)));
  }
  return limit;
}

void Routes::serve(const http::Exchange& exchange) {
  http::Exchange answer = exchange;
  const auto admitted = judge(exchange.request());
  // Judged again: a token may have been taken back while the body came.
  if (!admitted) return answer.send(admitted.error());
  (this->*admitted->route->serve)(exchange, admitted->holder);
}

void Routes::refresh_tokens() {
  webhook_tokens_.refresh();
  client_tokens_.refresh();
}

void Routes::alerts(const http::Exchange& exchange, const std::string&) {
  Response response = take_alerts(exchange.request().body);
  surroundings_.metrics.add(Metric::webhook_requests, 1,
                            {{"code", std::to_string(response.status)}});
  http::Exchange(exchange).send(std::move(response));
}

/// Counted is what came; handed on is what had not just been heard.
Response Routes::take_alerts(const std::string& body) {
  auto notification = alertmanager::read_webhook(body);
  if (!notification) return http::text_response(400, notification.error().what);
  metrics::Metrics& metrics = surroundings_.metrics;
  const auto count = [&](Metric metric, std::size_t amount, const Labels& labels = {}) {
    metrics.add(metric, static_cast<double>(amount), labels);
  };
  count(Metric::webhook_alerts, notification->firing.size(), {{"status", "firing"}});
  count(Metric::webhook_alerts, notification->resolved.size(), {{"status", "resolved"}});
  count(Metric::webhook_truncated, notification->truncated);
  note(*notification);
  const Moment now = surroundings_.clock.moment();
  count(Metric::webhook_repeats, repeats_.remove_repeats(*notification, now));
  const auto events = alertmanager::events_of(*notification);
  if (events.empty() && notification->truncated == 0) return http::text_response(200, "ok");
  // Remembered only once taken: what is refused here comes again and must not seem a repeat.
  if (!sinks_.alerts(std::move(*notification))) {
    return http::text_response(503, "overloaded, send it again");
  }
  repeats_.remember(events, now);
  return http::text_response(200, "ok");
}

/// A repeat counts: it shows as well that the way to us is open.
void Routes::note(const alertmanager::Notification& notification) {
  mark_.at = to_string(surroundings_.clock.now());
  for (const auto& alert : notification.firing)
    if (alert.labels.get("alertname") == kTestAlert) mark_.test = alert.labels.get(kTestLabel);
}

void Routes::commands(const http::Exchange& exchange, const std::string& holder) {
  http::Exchange answer = exchange;
  auto line = command_in(exchange.request().body);
  if (!line) return answer.send(refused_command(400, line.error().what));
  // Answered from the queue's thread; the exchange may outlive the connection.
  const bool taken =
      commands_.push([this, answer, actor = "http:" + holder, line = std::move(*line)]() mutable {
        const CommandAnswer result = sinks_.command(actor, line);
        answer.send(json_response(result.status, json_of(result)));
      });
  if (!taken) answer.send(refused_command(503, "too many commands at once, send it again"));
}

void Routes::messages(const http::Exchange& exchange, const std::string&) {
  http::Exchange answer = exchange;
  const auto after = message_number(exchange.request().query_value("after"));
  if (!after) return answer.send(http::text_response(400, after.error().what));
  answer.send(json_response(200, json_of(surroundings_.board, *after)));
}

void Routes::about(const http::Exchange& exchange, const std::string&) {
  const auto about = sinks_.about ? sinks_.about() : About{};
  http::Exchange(exchange).send(json_response(200, json_of(about, mark_, surroundings_.board)));
}

void Routes::health(const http::Exchange& exchange, const std::string&) {
  http::Exchange(exchange).send(http::text_response(200, "ok"));
}

void Routes::readiness(const http::Exchange& exchange, const std::string&) {
  const auto reasons = sinks_.not_ready();
  Response response = http::text_response(reasons.empty() ? 200 : 503, "ready");
  if (!reasons.empty()) response.body = joined(reasons, "\n") + '\n';
  http::Exchange(exchange).send(std::move(response));
}

void Routes::metrics_text(const http::Exchange& exchange, const std::string&) {
  http::Exchange(exchange).send({.status = 200,
                                 .body = surroundings_.metrics.text(),
                                 .content_type = std::string(metrics::kTextType),
                                 .headers = {}});
}

}  // namespace lockkeeper::web
