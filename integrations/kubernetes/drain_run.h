// SPDX-License-Identifier: Apache-2.0
#pragma once

// The acting half of a drain: lists and watches the node's pods, sends what the Evacuation decides,
// and notices whatever should stop it. One object is one drain, on one thread. Internal to drain.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "integrations/kubernetes/drain.h"
#include "integrations/kubernetes/evacuation.h"
#include "integrations/kubernetes/mirror.h"
#include "integrations/kubernetes/outage.h"

namespace lockkeeper::kubernetes {

/// Answers for DaemonSets by reading them, each once.
class DaemonSets {
 public:
  DaemonSets(Client& client, Patience patience) : client_(client), patience_(patience) {}
  DaemonSetState operator()(const std::string& space, const std::string& name);

 private:
  Client& client_;
  Patience patience_;
  std::map<std::string, DaemonSetState> known_;
};

/// The node when it may be drained: cordoned, and the one of the plan. Else why not.
Result<NodeFacts> drainable_node(Client& client, const DrainOrder& order, const Patience& patience);

/// "/api/v1/pods?fieldSelector=spec.nodeName%3Dworker-1", without a leading "?" in the query.
std::string pods_on_node(const std::string& node);

/// Whether the server offers policy/v1 evictions; without them nothing is drained.
Status evictions_offered(Client& client, const Patience& patience);

class DrainRun {
 public:
  DrainRun(Client& client, const DrainOrder& order, Watch& watch);
  Outcome run();

 private:
  std::optional<Outcome> prepare();
  std::optional<Outcome> over(Moment now);
  bool drained(Moment now);
  void step(Moment now);
  void take_list(std::vector<Json> items);
  void take_event(const WatchEvent& event);
  void take_node(const Json& json, bool deleted);
  void take_in(Moment now);
  void announce(const DrainScope& scope);
  void launch(const Task& task);
  void watch_budgets();
  void probe(Moment now);
  void trouble(const ApiFailure& failure);
  void report_progress(Moment now);
  bool stop_asked(Moment now);
  MirrorHandlers handlers(std::function<void(std::vector<Json>)> on_list,
                          std::function<void(const WatchEvent&)> on_event);
  Outcome failed(const std::string& why);
  Outcome ended(StepResult result, std::string detail);

  Client& client_;
  const DrainOrder& order_;
  Watch& watch_;
  DaemonSets daemons_;
  Evacuation evacuation_;
  Outage outage_;
  std::unique_ptr<Lanes> lanes_;
  std::unique_ptr<Mirror> pods_;  // after lanes_: they must end before it
  std::unique_ptr<Mirror> node_;
  std::unique_ptr<Mirror> budgets_;
  Moment begun_;
  std::vector<Pod> arrived_;    // seen, not filtered yet
  std::set<std::string> stay_;  // uids of pods that the filters leave
  bool announced_ = false;
  bool stopping_ = false;
  Moment next_stop_look_{};
  Moment next_progress_{};
  Moment next_probe_{};
  bool probing_ = false;
  std::optional<Moment> emptied_;        // since when nobody is left to evict
  bool confirming_ = false;              // whether the list that proves it has been asked for
  std::optional<std::string> obstacle_;  // why it has to end: interference, refusals
  Condition node_ready_ = Condition::unknown;
};

}  // namespace lockkeeper::kubernetes
