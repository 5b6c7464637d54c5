// SPDX-License-Identifier: Apache-2.0
#pragma once

// An Alertmanager that answers what the test tells it to, over a real socket.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "config/settings.h"
#include "integrations/http/server.h"

namespace lockkeeper::alertmanager {

class FakeAlertmanager {
 public:
  struct Answer {
    int status = 200;
    std::string body = "[]";
    bool hang = false;
  };

  FakeAlertmanager() {
    auto server = http::Server::listen({}, [this](http::Exchange exchange) { serve(exchange); });
    REQUIRE(server);
    server_ = std::move(*server);
  }

  /// By the end of the path: "alerts", "silences", or the id of a silence.
  void answers(const std::string& what, Answer answer) {
    const std::lock_guard lock(mutex_);
    answers_[what] = std::move(answer);
  }
  [[nodiscard]] std::vector<http::Request> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  [[nodiscard]] std::string url() const {
    return fmt::format("http://127.0.0.1:{}", server_->port());
  }

 private:
  void serve(http::Exchange exchange) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(exchange.request());
    const auto& path = exchange.request().path;
    const auto& answer = answers_[path.substr(path.rfind('/') + 1)];
    if (answer.hang) {
      hanging_.push_back(exchange);
      return;
    }
    exchange.send({.status = answer.status, .body = answer.body, .headers = {}});
  }

  std::mutex mutex_;
  std::map<std::string, Answer> answers_;
  std::vector<http::Request> requests_;
  std::deque<http::Exchange> hanging_;
  std::unique_ptr<http::Server> server_;  // last: its thread uses all of the above
};

inline AlertmanagerSettings settings_of(std::vector<std::string> urls) {
  AlertmanagerSettings settings;
  settings.urls = std::move(urls);
  settings.timeout = Millis(1'000);
  return settings;
}

/// One element of GET /api/v2/alerts, as 0.25 writes it.
inline std::string alert_json(const std::string& name, const std::string& fingerprint,
                              const std::string& silenced = "", const std::string& inhibited = "") {
  const auto list = [](const std::string& id) { return id.empty() ? "[]" : "[\"" + id + "\"]"; };
  const bool active = silenced.empty() && inhibited.empty();
  return fmt::format(
      R"({{"annotations":{{"summary":"s"}},"endsAt":"2026-11-20T17:40:44.000Z",)"
      R"("fingerprint":"{}","receivers":[{{"name":"bot"}}],"startsAt":"2026-11-20T17:36:44.000Z",)"
      R"("status":{{"inhibitedBy":{},"silencedBy":{},"state":"{}"}},)"
      R"("updatedAt":"2026-11-20T17:36:44.000Z","generatorURL":"http://p",)"
      R"("labels":{{"alertname":"{}","node":"w1"}}}})",
      fingerprint, list(inhibited), list(silenced), active ? "active" : "suppressed", name);
}

/// One element of GET /api/v2/silences.
inline std::string silence_json(const std::string& id, const std::string& author,
                                const std::string& comment = "c",
                                const std::string& state = "active") {
  return fmt::format(
      R"({{"id":"{}","status":{{"state":"{}"}},"updatedAt":"2026-11-20T17:36:44.000Z",)"
      R"("comment":"{}","createdBy":"{}","endsAt":"2026-11-20T17:46:44.000Z","matchers":[)"
      R"({{"isEqual":true,"isRegex":false,"name":"alertname","value":"TargetDown"}},)"
      R"({{"isEqual":true,"isRegex":false,"name":"node","value":"w1"}}],)"
      R"("startsAt":"2026-11-20T17:36:44.000Z"}})",
      id, state, comment, author);
}

}  // namespace lockkeeper::alertmanager
