// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tests/lab/apiserver/controllers/controllers.h"
#include "tests/lab/apiserver/controllers/workload.h"
#include "tests/lab/apiserver/writes.h"

namespace lockkeeper::lab {
namespace {

constexpr const char* kHash = "pod-template-hash";
constexpr const char* kRevision = "deployment.kubernetes.io/revision";

std::int64_t replicas_of(const ObjectPtr& set) {
  return number_at(set->body, "spec/replicas", 0);
}
std::int64_t available_of(const ObjectPtr& set) {
  return number_at(set->body, "status/availableReplicas", 0);
}

class Deployments : public Controller {
 public:
  using Controller::Controller;

  void observe(const Change& change) override {
    if (change.resource == &deployments_) mark(change.key);
    if (change.resource == &sets_) mark_owner(change, "Deployment");
  }

  void reconcile(const Key& key) override {
    const ObjectPtr deployment = live(cluster_, deployments_, key);
    if (!deployment) return;
    const std::string hash = template_hash(deployment->body);
    if (!flag_at(deployment->body, "spec/paused")) {
      const ObjectPtr current = set_with(*deployment, hash);
      if (!current) return make_set(*deployment, hash);  // its creation brings us back here
      roll(*deployment, current);
    }
    report(key, *deployment, hash);
  }

 private:
  ObjectPtr set_with(const Object& deployment, const std::string& hash) const {
    for (const auto& set : children_of(cluster_, deployment.body, sets_)) {
      if (label_of(set->body, kHash) == hash && !is_deleting(set->body)) return set;
    }
    return nullptr;
  }

  void make_set(const Object& deployment, const std::string& hash) {
    const auto older = children_of(cluster_, deployment.body, sets_);
    const std::string revision = std::to_string(older.size() + 1);
    Json set = {
        {"metadata",
         {{"name", std::string(name_of(deployment.body)) + "-" + hash},
          {"namespace", namespace_of(deployment.body)},
          {"labels", map_at(deployment.body, "spec/template/metadata/labels")},
          {"annotations", {{kRevision, revision}}},
          {"ownerReferences", Json::array({owner_reference(deployments_, deployment.body)})}}},
        {"spec",
         {{"replicas", older.empty() ? number_at(deployment.body, "spec/replicas", 1) : 0},
          {"selector", map_at(deployment.body, "spec/selector")},
          {"template", map_at(deployment.body, "spec/template")}}}};
    set["metadata"]["labels"][kHash] = hash;
    set["spec"]["selector"]["matchLabels"][kHash] = hash;
    set["spec"]["template"]["metadata"]["labels"][kHash] = hash;
    (void)create_object(cluster_, sets_, std::move(set));
    edit(cluster_, deployments_, key_of(deployments_, deployment.body),
         [&](Json& body) { body["metadata"]["annotations"][kRevision] = revision; });
  }

  void scale(const ObjectPtr& set, std::int64_t replicas) {
    if (replicas == replicas_of(set)) return;
    edit(cluster_, sets_, key_of(sets_, set->body), [&](Json& body) {
      body["spec"]["replicas"] = replicas;
      body["metadata"]["generation"] = number_at(body, "metadata/generation", 1) + 1;
    });
  }

  /// One step from the old sets towards the current one, within maxSurge and maxUnavailable.
  void roll(const Object& deployment, const ObjectPtr& current) {
    const std::int64_t wanted = number_at(deployment.body, "spec/replicas", 1);
    const Json* surge = find(deployment.body, "spec/strategy/rollingUpdate/maxSurge");
    const Json* missing = find(deployment.body, "spec/strategy/rollingUpdate/maxUnavailable");
    const bool recreate = text_at(deployment.body, "spec/strategy/type") == "Recreate";
    std::vector<ObjectPtr> old = children_of(cluster_, deployment.body, sets_);
    std::erase_if(old, [&](const auto& set) { return set == current || replicas_of(set) == 0; });
    if (old.empty()) return scale(current, wanted);
    std::int64_t total = replicas_of(current);
    std::int64_t available = available_of(current);
    for (const auto& set : old) {
      total += replicas_of(set);
      available += available_of(set);
    }
    const std::int64_t at_most = wanted + (recreate ? 0 : scaled(surge, wanted, true));
    const std::int64_t at_least = recreate ? 0 : wanted - scaled(missing, wanted, false);
    std::int64_t spare = std::max<std::int64_t>(0, available - at_least);
    for (const auto& set : old) {
      const std::int64_t idle = replicas_of(set) - available_of(set);
      const std::int64_t down = std::min(replicas_of(set), idle + spare);
      spare -= std::max<std::int64_t>(0, down - idle);
      scale(set, replicas_of(set) - down);
    }
    const std::int64_t up = std::clamp<std::int64_t>(
        at_most - total, 0, wanted - std::min(wanted, replicas_of(current)));
    if (!recreate || total == replicas_of(current)) scale(current, replicas_of(current) + up);
  }

  void report(const Key& key, const Object& deployment, const std::string& hash) {
    std::int64_t total = 0;
    std::int64_t ready = 0;
    std::int64_t updated = 0;
    for (const auto& set : children_of(cluster_, deployment.body, sets_)) {
      const std::int64_t replicas = number_at(set->body, "status/replicas", 0);
      total += replicas;
      ready += number_at(set->body, "status/readyReplicas", 0);
      if (label_of(set->body, kHash) == hash) updated = replicas;
    }
    const std::int64_t wanted = number_at(deployment.body, "spec/replicas", 1);
    const Json* missing = find(deployment.body, "spec/strategy/rollingUpdate/maxUnavailable");
    const bool enough = ready >= wanted - scaled(missing, wanted, false);
    edit(cluster_, deployments_, key, [&](Json& body) {
      Json conditions = list_at(body, "status/conditions");
      Json status = {{"observedGeneration", number_at(body, "metadata/generation", 1)},
                     {"conditions", std::move(conditions)}};
      const auto count = [&](const char* name, std::int64_t value) {
        if (value > 0) status[name] = value;
      };
      count("replicas", total);
      count("updatedReplicas", updated);
      count("readyReplicas", ready);
      count("availableReplicas", ready);
      count("unavailableReplicas", wanted - ready);
      body["status"] = std::move(status);
      set_condition(body, "Available", enough ? "True" : "False",
                    enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable", "");
      const bool rolled = updated == wanted && ready >= wanted && total == wanted;
      set_condition(body, "Progressing", "True",
                    rolled ? "NewReplicaSetAvailable" : "ReplicaSetUpdated", "");
    });
  }

  const Resource& deployments_ = resource("deployments");
  const Resource& sets_ = resource("replicasets");
};

}  // namespace

std::unique_ptr<Controller> deployments(Cluster& cluster, Loop& loop) {
  return std::make_unique<Deployments>(cluster, loop);
}

}  // namespace lockkeeper::lab
