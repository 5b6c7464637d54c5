// SPDX-License-Identifier: Apache-2.0

// Everything between real sources of alerts and a verdict, as a program:
//
//   gate_probe CONFIG
//
// It looks at the sources of the configuration, takes webhooks, and prints the port for them. Then
// for each line on standard input, "ask" or "cover NODE" (NODE is silenced, none without a name),
// one line of JSON: what the gate says in phase between. Ends with the input.

#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "bot/gate.h"
#include "bot/silences.h"
#include "config/load.h"
#include "integrations/alertmanager/silence_list.h"
#include "integrations/eyes/eyes.h"
#include "integrations/system/real_clock.h"
#include "integrations/web/site.h"

namespace lockkeeper {
namespace {

using nlohmann::json;

/// Says nothing to nobody, and remembers it.
struct Quiet : Chat {
  std::vector<std::string> heard;
  void say(Message message) noexcept override { heard.push_back(message.text); }
};

class Probe {
 public:
  explicit Probe(const Settings& settings)
      : settings_(settings),
        gate_(settings.rules, settings.gate),
        board_(clock_),
        eyes_(settings_, settings_.rules, clock_,
              [this](const Sighting& sighting, Moment now) { gate_.saw(sighting, now); }),
        list_(settings_.alertmanager, settings_.cluster.name),
        silences_(list_, clock_, chat_, settings_.alertmanager) {}

  int run() {
    web::Sinks sinks;
    sinks.alerts = [this](alertmanager::Notification news) { return hear(std::move(news)); };
    sinks.not_ready = [] { return std::vector<std::string>(); };
    const auto site = web::Site::open(
        settings_.http, {}, std::move(sinks),
        {metrics_, board_, clock_, {}, web::repeat_window(settings_.gate.confirmation_time())});
    if (!site) {
      std::cerr << site.error().what << '\n';
      return 1;
    }
    std::cout << json{{"port", (*site)->port()}}.dump() << std::endl;
    eyes_.open();
    for (std::string line; std::getline(std::cin, line);) {
      if (line.starts_with("cover")) {
        silences_.cover(
            {"r-probe", line.substr(std::min<std::size_t>(line.size(), 6)), clock_.now()});
      }
      silences_.tend();
      std::cout << answer().dump() << std::endl;
    }
    eyes_.stop();
    return 0;
  }

 private:
  bool hear(alertmanager::Notification news) {
    resolved_ += static_cast<int>(news.resolved.size());
    const auto truncated = static_cast<int>(news.truncated);
    const auto firing = alertmanager::labels_of(std::move(news));
    heard_ += static_cast<int>(firing.size());
    gate_.suspect(firing, truncated, clock_.moment());
    eyes_.soon();
    return true;
  }

  json answer() {
    const auto now = clock_.moment();
    Situation situation;
    situation.phase = Phase::between;
    const auto verdict = gate_.ask(situation, now);
    const auto view = gate_.view(now);
    json alerts = json::array();
    for (const auto& alert : view.alerts) {
      alerts.push_back({{"alertname", alert.labels.get("alertname")},
                        {"labels", to_string(alert.labels)},
                        {"action", to_string(alert.action)},
                        {"provisional", alert.provisional},
                        {"note", alert.note}});
    }
    json sources = json::object();
    for (const auto& source : view.sources)
      sources[source.name] = source.good ? "" : source.why_not.empty() ? "?" : source.why_not;
    return {{"go", verdict.answer == Answer::go},
            {"state", to_string(view.state)},
            {"reasons", verdict.reasons},
            {"notes", view.notes},
            {"alerts", alerts},
            {"sources", sources},
            {"heard", heard_.load()},
            {"resolved", resolved_.load()},
            {"said", chat_.heard}};
  }

  const Settings settings_;
  system::RealClock clock_;
  metrics::Metrics metrics_;
  Quiet chat_;
  Gate gate_;
  web::Board board_;
  std::atomic<int> heard_ = 0;     // by webhook
  std::atomic<int> resolved_ = 0;  // by webhook
  eyes::Eyes eyes_;
  alertmanager::SilenceList list_;
  NodeSilences silences_;
};

}  // namespace
}  // namespace lockkeeper

int main(int count, char** words) {
  if (count != 2) {
    std::cerr << "usage: gate_probe CONFIG\n";
    return 2;
  }
  auto settings = lockkeeper::load(words[1]);
  if (!settings) {
    for (const auto& error : settings.error())
      std::cerr << to_string(error) << '\n';
    return 2;
  }
  settings->http.port = 0;
  return lockkeeper::Probe(*settings).run();
}
