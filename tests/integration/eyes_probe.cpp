// SPDX-License-Identifier: Apache-2.0

// The bot's eyes and ears as a program, for tests with real peers:
//
//   eyes_probe look URL TIMEOUT_MS       one look at Prometheus for each line on standard input
//   eyes_probe past URL SECONDS          the past of API servers; an address on each line of input
//   eyes_probe listen TOKEN_FILE         a site; prints its port, then one line for each webhook
//   eyes_probe push URL CLUSTER          one push for each line on standard input
//
// Every answer is one line of JSON. Ends with the input.

#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "integrations/prometheus/past_uses.h"
#include "integrations/prometheus/poller.h"
#include "integrations/pushgateway/push.h"
#include "integrations/system/real_clock.h"
#include "integrations/web/site.h"

namespace lockkeeper {
namespace {

using nlohmann::json;

void print(const json& line) {
  std::cout << line.dump() << std::endl;
}

json json_of(const Labels& labels) {
  json object = json::object();
  for (const auto& [name, value] : labels.pairs())
    object[name] = value;
  return object;
}

void look(const std::string& url, int timeout_ms) {
  const system::RealClock clock;
  RuleBook book;
  book.watchdog = parse_matchers(R"(alertname="Watchdog")").value();
  PrometheusSettings settings;
  settings.url = url;
  settings.timeout = Millis(timeout_ms);
  GateSettings gate;
  gate.rule_health_every = 1;
  prometheus::Poller poller(settings, gate, book, clock);
  for (std::string line; std::getline(std::cin, line);) {
    const Sighting sighting = poller.poll();
    json firing = json::array();
    for (const Labels& labels : sighting.firing)
      firing.push_back(json_of(labels));
    print({{"good", sighting.good},
           {"why_not", sighting.why_not},
           {"watchdog", sighting.watchdog},
           {"firing", firing}});
  }
}

void past(const std::string& url, int window_seconds) {
  PrometheusSettings settings;
  settings.url = url;
  for (std::string line; std::getline(std::cin, line);) {
    const auto found =
        prometheus::past_uses(settings, {}, line, std::chrono::seconds(window_seconds));
    json uses = json::array();
    for (const auto& use : found.uses)
      uses.push_back(use.api + " " + use.removed_in);
    print({{"failure", found.failure}, {"uses", uses}});
  }
}

int listen(const std::string& token_file) {
  const system::RealClock clock;
  metrics::Metrics metrics;
  const web::Board board(clock);
  HttpSettings settings;
  settings.port = 0;
  settings.webhook_tokens.emplace_back().file = token_file;
  web::Sinks sinks;
  sinks.alerts = [](const alertmanager::Notification& news) {
    json firing = json::array();
    for (const auto& alert : news.firing) {
      firing.push_back({{"labels", json_of(alert.labels)},
                        {"fingerprint", fingerprint_hex(alert.labels)},
                        {"summary", alert.summary}});
    }
    print({{"firing", firing}, {"resolved", news.resolved.size()}, {"truncated", news.truncated}});
    return true;
  };
  sinks.not_ready = [] { return std::vector<std::string>(); };
  const auto site =
      web::Site::open(settings, {}, std::move(sinks), {metrics, board, clock, {}, 30s});
  if (!site) {
    std::cerr << site.error().what << '\n';
    return 1;
  }
  print({{"port", (*site)->port()}});
  for (std::string line; std::getline(std::cin, line);) {
  }
  return 0;
}

void push(const std::string& url, const std::string& cluster) {
  metrics::Metrics metrics;
  PushgatewaySettings settings;
  settings.url = url;
  pushgateway::Pusher pusher(settings, cluster, metrics);
  for (std::string line; std::getline(std::cin, line);) {
    // The line is the newest run; the one before must not be left behind.
    metrics.replace(metrics::Metric::run_info,
                    std::vector<metrics::Metrics::Series>{{{{"run", line}}, 1}});
    metrics.set(metrics::Metric::upgrade_in_flight, 1);
    const Status pushed = pusher.push();
    print({{"ok", pushed.has_value()}, {"why_not", pushed ? "" : pushed.error().what}});
  }
}

}  // namespace
}  // namespace lockkeeper

int main(int count, char** words) {
  const std::string what = count > 1 ? words[1] : "";
  if (what == "look" && count == 4) {
    lockkeeper::look(words[2], std::stoi(words[3]));
  } else if (what == "past" && count == 4) {
    lockkeeper::past(words[2], std::stoi(words[3]));
  } else if (what == "listen" && count == 3) {
    return lockkeeper::listen(words[2]);
  } else if (what == "push" && count == 4) {
    lockkeeper::push(words[2], words[3]);
  } else {
    std::cerr << "usage: eyes_probe look URL TIMEOUT_MS | past URL SECONDS | listen TOKEN_FILE | "
                 "push URL CLUSTER\n";
    return 2;
  }
  return 0;
}
