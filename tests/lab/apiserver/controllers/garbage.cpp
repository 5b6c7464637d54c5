// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tests/lab/apiserver/controllers/controllers.h"
#include "tests/lab/apiserver/controllers/workload.h"
#include "tests/lab/apiserver/writes.h"

namespace lockkeeper::lab {
namespace {

void drop_finalizer(Json& body, std::string_view name) {
  Json* finalizers = find(body, "metadata/finalizers");
  if (finalizers == nullptr || !finalizers->is_array()) return;
  Json kept = Json::array();
  for (const auto& finalizer : *finalizers) {
    if (finalizer != name) kept.push_back(finalizer);
  }
  if (kept.empty()) {
    erase_at(body, "metadata/finalizers");
  } else {
    *finalizers = std::move(kept);
  }
}

bool has_finalizer(const Json& body, std::string_view name) {
  const Json& finalizers = list_at(body, "metadata/finalizers");
  return std::ranges::find(finalizers, Json(name)) != finalizers.end();
}

/// Keys are "uid" of an owner that is gone or going, or the name of a namespace that is.
class Garbage : public Controller {
 public:
  using Controller::Controller;

  void observe(const Change& change) override {
    const ObjectPtr& state = change.after ? change.after : change.last;
    const bool going = !change.after || is_deleting(change.after->body);
    const std::string uid = string_at(state->body, "metadata/uid");
    if (going && !cluster_.store.owned_by(uid).empty()) {
      if (change.after) leaving_[uid] = {change.resource, change.key};
      if (!change.after) leaving_.erase(uid);
      mark({"uid", uid});
    }
    // The last dependent lets a foreground deletion end.
    if (!change.after) {
      for (const auto& owner : list_at(state->body, "metadata/ownerReferences")) {
        const std::string owner_uid = string_at(owner, "uid");
        if (leaving_.contains(owner_uid)) mark({"uid", owner_uid});
      }
    }
    if (!change.before) check_owners(change);
    if (change.resource == &namespaces_ && going) mark({"namespace", change.key.name});
    if (!change.after && emptying_.contains(change.key.ns)) mark({"namespace", change.key.ns});
  }

  void reconcile(const Key& key) override {
    if (key.ns == "namespace") return empty_namespace(key.name);
    const auto at = leaving_.find(key.name);
    if (at == leaving_.end()) return collect(key.name);
    const Store::Place owner = at->second;
    const ObjectPtr object = cluster_.store.get(*owner.resource, owner.key);
    if (!object) {
      leaving_.erase(key.name);
      return collect(key.name);
    }
    if (has_finalizer(object->body, "orphan")) return orphan(owner, key.name);
    if (has_finalizer(object->body, "foregroundDeletion")) {
      collect(key.name);
      if (cluster_.store.owned_by(key.name).empty()) release(owner, "foregroundDeletion");
    }
  }

 private:
  /// An object that is born with an owner that does not exist is garbage from the start.
  void check_owners(const Change& change) {
    for (const auto& owner : list_at(change.after->body, "metadata/ownerReferences")) {
      const std::string uid = string_at(owner, "uid");
      if (!cluster_.store.knows_uid(uid)) mark({"uid", uid});
    }
  }

  void collect(const std::string& uid) {
    for (const auto& dependent : std::set<Store::Place>(cluster_.store.owned_by(uid))) {
      const ObjectPtr object = cluster_.store.get(*dependent.resource, dependent.key);
      if (!object || is_deleting(object->body)) continue;
      const Json& owners = list_at(object->body, "metadata/ownerReferences");
      const bool kept = std::ranges::any_of(owners, [&](const Json& owner) {
        return text_at(owner, "uid") != uid && cluster_.store.knows_uid(text_at(owner, "uid"));
      });
      if (!kept) (void)delete_object(cluster_, *dependent.resource, dependent.key, {});
    }
  }

  void orphan(const Store::Place& owner, const std::string& uid) {
    for (const auto& dependent : std::set<Store::Place>(cluster_.store.owned_by(uid))) {
      edit(cluster_, *dependent.resource, dependent.key, [&](Json& body) {
        Json kept = Json::array();
        for (const auto& reference : list_at(body, "metadata/ownerReferences")) {
          if (text_at(reference, "uid") != uid) kept.push_back(reference);
        }
        body["metadata"]["ownerReferences"] = std::move(kept);
      });
    }
    release(owner, "orphan");
  }

  void release(const Store::Place& owner, std::string_view finalizer) {
    edit(cluster_, *owner.resource, owner.key,
         [&](Json& body) { drop_finalizer(body, finalizer); });
    end_grace(cluster_, *owner.resource, owner.key);
  }

  void empty_namespace(const std::string& name) {
    const ObjectPtr home = cluster_.store.get(namespaces_, {"", name});
    if (!home || !is_deleting(home->body)) {
      emptying_.erase(name);
      return;
    }
    emptying_.insert(name);
    bool empty = true;
    for (const auto& resource : all_resources()) {
      if (!resource.namespaced || !resource.stored_as.empty()) continue;
      std::vector<Key> keys;
      const auto& shelf = cluster_.store.all(resource);
      for (auto at = shelf.lower_bound({name, ""}); at != shelf.end() && at->first.ns == name;
           ++at) {
        keys.push_back(at->first);
      }
      for (const auto& key : keys) {
        const auto deleted = delete_object(cluster_, resource, key, {});
        empty = empty && deleted && deleted->gone;
      }
    }
    if (!empty) return;
    emptying_.erase(name);
    cluster_.store.remove(namespaces_, {"", name});
  }

  std::map<std::string, Store::Place> leaving_;  // owners that are marked for deletion
  std::set<std::string> emptying_;
  const Resource& namespaces_ = resource("namespaces");
};

}  // namespace

std::unique_ptr<Controller> garbage(Cluster& cluster, Loop& loop) {
  return std::make_unique<Garbage>(cluster, loop);
}

void add_controllers(Cluster& cluster, Loop& loop) {
  for (const NewController make : {deployments, replica_sets, stateful_sets, daemon_sets, jobs,
                                   scheduler, pod_kubelet, nodes, mirror_pods, budgets, garbage}) {
    loop.add(make(cluster, loop));
  }
}

}  // namespace lockkeeper::lab
