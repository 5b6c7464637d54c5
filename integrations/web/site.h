// SPDX-License-Identifier: Apache-2.0
#pragma once

// The bot's own web server: Alertmanager posts alerts, people and scripts post commands, Prometheus
// reads metrics, Kubernetes looks whether we live.
//
//   POST /api/v1/alerts     a webhook; bearer token of [http], where one is configured
//   POST /api/v1/commands   {"text": "status"} or an upgrade request; token of a [client NAME]
//   GET  /api/v1/messages   what was said in chat after message ?after=N; token of a [client NAME]
//   GET  /api/v1/about      which program and configuration this is, and the newest webhook
//   GET  /healthz           200 as long as the process answers
//   GET  /readyz            200, or 503 with the reasons, one a line
//   GET  /metrics           Prometheus' text format
//
// Everything else is 404, and nothing is ever redirected: Alertmanager follows a 301 with a GET
// without body and takes its 200 for a delivery. A webhook is answered 200 only once its sink has
// taken it; 503 makes Alertmanager try again, 4xx do not. Answers are short and hold no secret,
// because Alertmanager copies them into its log.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bot/ports.h"
#include "config/settings.h"
#include "integrations/alertmanager/webhook.h"
#include "integrations/metrics/metrics.h"
#include "integrations/web/board.h"
#include "integrations/web/texts.h"

namespace lockkeeper::web {

/// Whom the site hands things to. None may throw.
struct Sinks {
  /// Takes one webhook's news, without what was just heard; called on the web server's thread, so
  /// it must be quick. False when it can take no more: the sender will try again.
  std::function<bool(alertmanager::Notification)> alerts;

  /// Obeys one line of "http:NAME" and answers; called on the site's command thread, one at a time.
  std::function<CommandAnswer(const Actor& actor, const std::string& line)> command;

  /// Why the bot is not ready, or nothing; called on the web server's thread.
  std::function<std::vector<std::string>()> not_ready;

  /// What /api/v1/about tells of program and configuration; called on the web server's thread.
  /// Absent: nothing.
  std::function<About()> about{};
};

/// What the site needs of others; all of it outlives the site.
struct Surroundings {
  metrics::Metrics& metrics;
  const Board& board;
  const Clock& clock;
  KubernetesSecretReader from_kubernetes;
  Millis repeat_window;  // see repeat_window()
};

/// For how long a repeated event of an alert is swallowed, where the gate keeps an unconfirmed
/// suspicion for `confirmation_time`: shorter than that, or a swallowed repeat could be of a
/// suspicion that was dropped meanwhile. The second Alertmanager of a pair follows after 15 s.
inline Millis repeat_window(Millis confirmation_time) {
  return std::min<Millis>(30s, confirmation_time / 2);
}

/// A site that is being served.
class Site {
 public:
  /// Binds and serves. Refused, with one line: a port in use, a certificate that cannot be read,
  /// and an address other than loopback without a webhook token. Commands need a token everywhere.
  static Result<std::unique_ptr<Site>> open(const HttpSettings& settings,
                                            const std::vector<ClientSettings>& clients, Sinks sinks,
                                            Surroundings surroundings);

  /// Closes the port, answers what was begun, and joins both threads.
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  [[nodiscard]] std::uint16_t port() const;

 private:
  struct Running;
  explicit Site(std::unique_ptr<Running> running);
  std::unique_ptr<Running> running_;
};

}  // namespace lockkeeper::web
