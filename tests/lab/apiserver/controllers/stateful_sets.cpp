// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>

#include "tests/lab/apiserver/controllers/controllers.h"
#include "tests/lab/apiserver/controllers/workload.h"
#include "tests/lab/apiserver/writes.h"

namespace lockkeeper::lab {
namespace {

constexpr const char* kHash = "controller-revision-hash";

std::int64_t ordinal_of(const Json& pod) {
  const auto name = name_of(pod);
  std::int64_t ordinal = -1;
  const auto digits = name.substr(name.rfind('-') + 1);
  std::from_chars(digits.data(), digits.data() + digits.size(), ordinal);
  return ordinal;
}

class StatefulSets : public Controller {
 public:
  using Controller::Controller;

  void observe(const Change& change) override {
    if (change.resource == &sets_) mark(change.key);
    if (change.resource == &pods_) mark_owner(change, "StatefulSet");
  }

  void reconcile(const Key& key) override {
    const ObjectPtr set = live(cluster_, sets_, key);
    if (!set) return;
    const std::string hash = std::string(name_of(set->body)) + "-" + template_hash(set->body);
    arrange(*set, hash);
    report(key, *set, hash);
  }

 private:
  /// One step: create the next pod, remove the last surplus one, or replace the last outdated one.
  void arrange(const Object& set, const std::string& hash) {
    const std::int64_t wanted = number_at(set.body, "spec/replicas", 1);
    const bool ordered = text_at(set.body, "spec/podManagementPolicy") != "Parallel";
    bool all_ready = true;
    for (std::int64_t i = 0; i < wanted; ++i) {
      const Key key{string_at(set.body, "metadata/namespace"),
                    std::string(name_of(set.body)) + "-" + std::to_string(i)};
      const ObjectPtr pod = cluster_.store.get(pods_, key);
      if (!pod) make_pod(set, key, i, hash);
      // A finished pod makes room for its successor of the same name.
      if (pod && !is_active(pod->body) && !is_deleting(pod->body)) {
        (void)delete_object(cluster_, pods_, key, {});
      }
      all_ready = all_ready && pod && is_active(pod->body) && is_ready(pod->body);
      if (ordered && !all_ready) return;
    }
    auto pods = children_of(cluster_, set.body, pods_);
    std::ranges::sort(pods, std::greater{}, [](const auto& pod) { return ordinal_of(pod->body); });
    for (const auto& pod : pods) {
      const bool surplus = ordinal_of(pod->body) >= wanted;
      const bool outdated = label_of(pod->body, kHash) != hash;
      if (!surplus && !(outdated && all_ready)) continue;
      if (!is_deleting(pod->body))
        (void)delete_object(cluster_, pods_, key_of(pods_, pod->body), {});
      if (ordered) return;
    }
  }

  void make_pod(const Object& set, const Key& key, std::int64_t ordinal, const std::string& hash) {
    Json pod = pod_from_template(sets_, set.body);
    pod["metadata"].erase("generateName");
    pod["metadata"]["name"] = key.name;
    Json& labels = place(pod, "metadata/labels");
    labels["statefulset.kubernetes.io/pod-name"] = key.name;
    labels["apps.kubernetes.io/pod-index"] = std::to_string(ordinal);
    labels[kHash] = hash;
    pod["spec"]["hostname"] = key.name;
    (void)create_object(cluster_, pods_, std::move(pod));
  }

  void report(const Key& key, const Object& set, const std::string& hash) {
    std::int64_t total = 0;
    std::int64_t ready = 0;
    std::int64_t updated = 0;
    for (const auto& pod : children_of(cluster_, set.body, pods_)) {
      if (!is_active(pod->body)) continue;
      ++total;
      if (is_ready(pod->body)) ++ready;
      if (label_of(pod->body, kHash) == hash) ++updated;
    }
    write_status(cluster_, sets_, key,
                 {{"observedGeneration", number_at(set.body, "metadata/generation", 1)},
                  {"replicas", total},
                  {"readyReplicas", ready},
                  {"availableReplicas", ready},
                  {"currentReplicas", updated},
                  {"updatedReplicas", updated},
                  {"currentRevision", hash},
                  {"updateRevision", hash},
                  {"collisionCount", 0}});
  }

  const Resource& sets_ = resource("statefulsets");
  const Resource& pods_ = resource("pods");
};

}  // namespace

std::unique_ptr<Controller> stateful_sets(Cluster& cluster, Loop& loop) {
  return std::make_unique<StatefulSets>(cluster, loop);
}

}  // namespace lockkeeper::lab
