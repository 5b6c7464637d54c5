// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "tests/lab/apiserver/controllers/controllers.h"
#include "tests/lab/apiserver/controllers/placement.h"
#include "tests/lab/apiserver/controllers/workload.h"
#include "tests/lab/apiserver/writes.h"

namespace lockkeeper::lab {
namespace {

constexpr const char* kHash = "controller-revision-hash";

// Added to every daemon pod, so that a cordoned or ailing node keeps its daemons.
constexpr std::array kTolerated = {"not-ready",          "unreachable",     "disk-pressure",
                                   "pid-pressure",       "memory-pressure", "unschedulable",
                                   "network-unavailable"};

class DaemonSets : public Controller {
 public:
  using Controller::Controller;

  void observe(const Change& change) override {
    if (change.resource == &sets_) mark(change.key);
    if (change.resource == &pods_) mark_owner(change, "DaemonSet");
    const bool nodes_moved =
        change.resource == &nodes_ &&
        (!change.before || !change.after ||
         map_at(change.before->body, "spec") != map_at(change.after->body, "spec") ||
         map_at(change.before->body, "metadata/labels") !=
             map_at(change.after->body, "metadata/labels"));
    if (!nodes_moved) return;
    for (const auto& [key, set] : cluster_.store.all(sets_))
      mark(key);
  }

  void reconcile(const Key& key) override {
    const ObjectPtr set = live(cluster_, sets_, key);
    if (!set) return;
    const std::string hash = template_hash(set->body);
    Json pod = pod_from_template(sets_, set->body);
    place(pod, "metadata/labels")[kHash] = hash;
    tolerate(pod["spec"]);
    std::map<std::string, ObjectPtr> by_node;
    for (const auto& child : children_of(cluster_, set->body, pods_)) {
      by_node.emplace(text_at(child->body, "spec/nodeName"), child);
    }
    std::size_t wanted = 0;
    for (const auto& [node_key, node] : cluster_.store.all(nodes_)) {
      const bool here = chooses(pod["spec"], node->body) && tolerates_node(pod["spec"], node->body);
      wanted += here ? 1 : 0;
      if (!here || by_node.contains(node_key.name)) continue;
      pod["spec"]["nodeName"] = node_key.name;
      (void)create_object(cluster_, pods_, pod);
    }
    replace_outdated(by_node, hash);
    report(key, *set, hash, wanted);
  }

 private:
  static void tolerate(Json& spec) {
    Json tolerations = list_at(spec, "tolerations");
    for (const auto* name : kTolerated) {
      const std::string effect =
          std::string_view(name) == "not-ready" || std::string_view(name) == "unreachable"
              ? "NoExecute"
              : "NoSchedule";
      tolerations.push_back({{"key", std::string("node.kubernetes.io/") + name},
                             {"operator", "Exists"},
                             {"effect", effect}});
    }
    // A node that is not ready is tainted against scheduling too.
    tolerations.push_back({{"key", "node.kubernetes.io/not-ready"}, {"operator", "Exists"}});
    tolerations.push_back({{"key", "node.kubernetes.io/unreachable"}, {"operator", "Exists"}});
    spec["tolerations"] = std::move(tolerations);
  }

  /// Finished pods at once; pods of an older template one after the other.
  void replace_outdated(const std::map<std::string, ObjectPtr>& by_node, const std::string& hash) {
    const bool settled = std::ranges::all_of(by_node, [](const auto& entry) {
      return is_active(entry.second->body) && is_ready(entry.second->body);
    });
    for (const auto& [node, pod] : by_node) {
      const bool finished = !is_active(pod->body) && !is_deleting(pod->body);
      const bool outdated = settled && label_of(pod->body, kHash) != hash;
      if (!finished && !outdated) continue;
      (void)delete_object(cluster_, pods_, key_of(pods_, pod->body), {});
      if (outdated) return;
    }
  }

  void report(const Key& key, const Object& set, const std::string& hash, std::size_t wanted) {
    std::size_t current = 0;
    std::size_t ready = 0;
    std::size_t updated = 0;
    for (const auto& pod : children_of(cluster_, set.body, pods_)) {
      if (!is_active(pod->body)) continue;
      ++current;
      if (is_ready(pod->body)) ++ready;
      if (label_of(pod->body, kHash) == hash) ++updated;
    }
    Json status = {{"observedGeneration", number_at(set.body, "metadata/generation", 1)},
                   {"desiredNumberScheduled", wanted},
                   {"currentNumberScheduled", current},
                   {"numberMisscheduled", 0},
                   {"numberReady", ready},
                   {"updatedNumberScheduled", updated},
                   {"numberAvailable", ready}};
    if (ready < wanted) status["numberUnavailable"] = wanted - ready;
    write_status(cluster_, sets_, key, std::move(status));
  }

  const Resource& sets_ = resource("daemonsets");
  const Resource& pods_ = resource("pods");
  const Resource& nodes_ = resource("nodes");
};

}  // namespace

std::unique_ptr<Controller> daemon_sets(Cluster& cluster, Loop& loop) {
  return std::make_unique<DaemonSets>(cluster, loop);
}

}  // namespace lockkeeper::lab
