// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <set>

#include "tests/lab/apiserver/controllers/controllers.h"
#include "tests/lab/apiserver/controllers/placement.h"
#include "tests/lab/apiserver/controllers/workload.h"
#include "tests/lab/apiserver/wire_time.h"

namespace lockkeeper::lab {
namespace {

constexpr std::int64_t kPodsPerNode = 110;  // the kubelet's default

bool awaits_a_node(const Json& pod) {
  return text_at(pod, "spec/nodeName").empty() && is_active(pod);
}

class Scheduler : public Controller {
 public:
  using Controller::Controller;

  void observe(const Change& change) override {
    if (change.resource == &nodes_) return release_waiting();
    if (change.resource != &pods_) return;
    if (change.after && awaits_a_node(change.after->body)) mark(change.key);
    // Room has come free.
    const bool left =
        change.before && !text_at(change.before->body, "spec/nodeName").empty() && !change.after;
    if (left) release_waiting();
  }

  void reconcile(const Key& key) override {
    const ObjectPtr pod = cluster_.store.get(pods_, key);
    if (!pod || !awaits_a_node(pod->body)) return;
    const std::string node = best_node(pod->body);
    if (node.empty()) {
      waiting_.insert(key);
      edit(cluster_, pods_, key, [&](Json& body) {
        set_condition(body, "PodScheduled", "False", "Unschedulable",
                      fmt::format("0/{} nodes are available", cluster_.store.all(nodes_).size()));
      });
      return;
    }
    waiting_.erase(key);
    edit(cluster_, pods_, key, [&](Json& body) {
      body["spec"]["nodeName"] = node;
      set_condition(body, "PodScheduled", "True", "", "");
    });
  }

 private:
  /// The fitting node with the fewest pods, the first by name among equals.
  std::string best_node(const Json& pod) const {
    const Json& spec = map_at(pod, "spec");
    std::string best;
    std::size_t fewest = 0;
    for (const auto& [key, node] : cluster_.store.all(nodes_)) {
      const std::size_t pods = cluster_.store.pods_on(key.name).size();
      if (!best.empty() && pods >= fewest) continue;
      if (condition_of(node->body, "Ready") != "True") continue;
      if (static_cast<std::int64_t>(pods) >= capacity_of(node->body)) continue;
      if (!tolerates_node(spec, node->body) || !chooses(spec, node->body)) continue;
      best = key.name;
      fewest = pods;
    }
    return best;
  }

  static std::int64_t capacity_of(const Json& node) {
    const auto text = text_at(node, "status/allocatable/pods");
    return text.empty() ? number_at(node, "status/allocatable/pods", kPodsPerNode)
                        : std::stoll(std::string(text));
  }

  void release_waiting() {
    for (const auto& key : waiting_)
      mark(key);
    waiting_.clear();
  }

  std::set<Key> waiting_;
  const Resource& nodes_ = resource("nodes");
  const Resource& pods_ = resource("pods");
};

}  // namespace

std::unique_ptr<Controller> scheduler(Cluster& cluster, Loop& loop) {
  return std::make_unique<Scheduler>(cluster, loop);
}

}  // namespace lockkeeper::lab
