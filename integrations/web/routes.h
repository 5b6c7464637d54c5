// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the site answers to each request: who is let in, what is taken in, where it goes. Called on
// the web server's thread only, before and after a request's body; used by site.cpp.

#include <cstddef>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "integrations/alertmanager/repeats.h"
#include "integrations/http/server.h"
#include "integrations/web/command_queue.h"
#include "integrations/web/site.h"
#include "integrations/web/tokens.h"

namespace lockkeeper::web {

class Routes {
 public:
  /// Starts the thread on which commands are handled.
  Routes(const HttpSettings& settings, const std::vector<ClientSettings>& clients, Sinks sinks,
         Surroundings surroundings);

  /// Decides on the headers alone: how large a body is read, or the refusal.
  std::expected<std::size_t, http::Response> admit(const http::Request& request);

  /// Answers a request that is complete.
  void serve(const http::Exchange& exchange);

  /// Tokens in Kubernetes Secrets are read again. Not on the web server's thread.
  void refresh_tokens();

 private:
  /// Whose token a route asks for.
  enum class Access { open, webhook, client };
  struct Route {
    std::string_view path;
    std::string_view method;
    Access access = Access::open;
    void (Routes::*serve)(const http::Exchange&, const std::string& holder) = nullptr;
  };
  /// A request that may be served, and for whom.
  struct Admitted {
    const Route* route = nullptr;
    std::string holder;  // of the token
  };

  static std::span<const Route> all();

  /// Path, method, certificate and token, in this order: a stranger learns of a path only that it
  /// exists.
  std::expected<Admitted, http::Response> judge(const http::Request& request);
  /// Why a webhook may not come in by the certificate that it shows, where one is asked for.
  [[nodiscard]] std::optional<http::Response> stopped(const http::Request& request) const;
  [[nodiscard]] std::size_t body_limit(const Route& route) const;

  // One for each route. `holder` is the client whose token was shown, "" where none is asked for.
  void alerts(const http::Exchange& exchange, const std::string& holder);
  http::Response take_alerts(const std::string& body);
  void note(const alertmanager::Notification& notification);
  void commands(const http::Exchange& exchange, const std::string& holder);
  void messages(const http::Exchange& exchange, const std::string& holder);
  void about(const http::Exchange& exchange, const std::string& holder);
  void health(const http::Exchange& exchange, const std::string& holder);
  void readiness(const http::Exchange& exchange, const std::string& holder);
  void metrics_text(const http::Exchange& exchange, const std::string& holder);

  const std::size_t alerts_bytes_max_;            // of a webhook's body
  const std::vector<std::string> webhook_names_;  // empty: no certificate is asked for
  const Sinks sinks_;
  const Surroundings surroundings_;
  Tokens webhook_tokens_;
  Tokens client_tokens_;
  alertmanager::Repeats repeats_;  // needs no lock: only the web server's thread takes webhooks
  WebhookMark mark_;               // the same
  CommandQueue commands_;          // last: its thread uses the sinks
};

}  // namespace lockkeeper::web
