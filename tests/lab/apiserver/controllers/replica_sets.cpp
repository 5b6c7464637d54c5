// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tests/lab/apiserver/controllers/controllers.h"
#include "tests/lab/apiserver/controllers/workload.h"
#include "tests/lab/apiserver/writes.h"

namespace lockkeeper::lab {
namespace {

class ReplicaSets : public Controller {
 public:
  using Controller::Controller;

  void observe(const Change& change) override {
    if (change.resource == &sets_) mark(change.key);
    if (change.resource == &pods_) mark_owner(change, "ReplicaSet");
  }

  void reconcile(const Key& key) override {
    const ObjectPtr set = live(cluster_, sets_, key);
    if (!set) return;
    std::vector<ObjectPtr> active = active_pods(*set);
    const auto wanted = static_cast<std::size_t>(number_at(set->body, "spec/replicas", 1));
    for (std::size_t i = active.size(); i < wanted; ++i) {
      if (!create_object(cluster_, pods_, pod_from_template(sets_, set->body))) break;
    }
    // Those that serve least go first: not placed, not ready, youngest.
    std::ranges::sort(active, {}, [](const ObjectPtr& pod) {
      const bool placed = !text_at(pod->body, "spec/nodeName").empty();
      return std::tuple(placed, is_ready(pod->body), ~pod->revision);
    });
    for (std::size_t i = wanted; i < active.size(); ++i) {
      (void)delete_object(cluster_, pods_, key_of(pods_, active[i - wanted]->body), {});
    }
    report(key, *set);
  }

 private:
  std::vector<ObjectPtr> active_pods(const Object& set) const {
    auto pods = children_of(cluster_, set.body, pods_);
    std::erase_if(pods, [](const ObjectPtr& pod) { return !is_active(pod->body); });
    return pods;
  }

  void report(const Key& key, const Object& set) {
    const auto pods = active_pods(set);
    const auto ready =
        std::ranges::count_if(pods, [](const auto& pod) { return is_ready(pod->body); });
    Json status = {{"replicas", pods.size()},
                   {"observedGeneration", number_at(set.body, "metadata/generation", 1)}};
    if (!pods.empty()) status["fullyLabeledReplicas"] = pods.size();
    if (ready > 0) {
      status["readyReplicas"] = ready;
      status["availableReplicas"] = ready;
    }
    write_status(cluster_, sets_, key, std::move(status));
  }

  const Resource& sets_ = resource("replicasets");
  const Resource& pods_ = resource("pods");
};

}  // namespace

std::unique_ptr<Controller> replica_sets(Cluster& cluster, Loop& loop) {
  return std::make_unique<ReplicaSets>(cluster, loop);
}

}  // namespace lockkeeper::lab
