// SPDX-License-Identifier: Apache-2.0
// What a test gives the API server in memory: nodes, pods, budgets, and every kind of trouble.
#include <fmt/format.h>

#include "fake_api.h"

namespace lockkeeper::kubernetes::test {

void FakeApi::add_node(const std::string& name, bool cordoned) {
  Json node = {{"metadata", {{"labels", Json::object()}, {"annotations", Json::object()}}},
               {"spec", {{"unschedulable", cordoned}}},
               {"status",
                {{"conditions", {{{"type", "Ready"}, {"status", "True"}}}},
                 {"nodeInfo", {{"kubeletVersion", "v1.34.2"}}}}}};
  put("/api/v1/nodes/" + name, node);
  put("/api/v1", {{"resources",
                   {{{"name", "pods/eviction"},
                     {"kind", "Eviction"},
                     {"group", "policy"},
                     {"version", "v1"}}}}});
}

void FakeApi::add_pod(const std::string& space, const std::string& name, const std::string& node,
                      const std::function<void(Json&)>& edit) {
  const auto app = name.substr(0, name.rfind('-'));
  Json pod = {
      {"metadata",
       {{"labels", {{"app", app}}},
        {"annotations", Json::object()},
        {"ownerReferences",
         {{{"apiVersion", "apps/v1"},
           {"kind", "ReplicaSet"},
           {"name", app},
           {"uid", "rs-" + app},
           {"controller", true}}}}}},
      {"spec", {{"nodeName", node}, {"containers", {{{"name", "main"}, {"image", "x:1"}}}}}},
      {"status",
       {{"phase", "Running"}, {"conditions", {{{"type", "Ready"}, {"status", "True"}}}}}}};
  if (edit) edit(pod);
  put(fmt::format("/api/v1/namespaces/{}/pods/{}", space, name), std::move(pod));
}

void FakeApi::add_budget(const std::string& space, const std::string& name, Json selector,
                         int allowed) {
  put(fmt::format("/apis/policy/v1/namespaces/{}/poddisruptionbudgets/{}", space, name),
      {{"metadata", {{"generation", 1}}},
       {"spec", {{"selector", std::move(selector)}, {"minAvailable", 3}}},
       {"status",
        {{"observedGeneration", 1},
         {"disruptionsAllowed", allowed},
         {"currentHealthy", 3},
         {"desiredHealthy", 3},
         {"expectedPods", 3}}}});
}

void FakeApi::fault(std::string method, std::string path, http::Answered answer, int times,
                    bool acts) {
  faults_.push_back({std::move(method), std::move(path), times, std::move(answer), acts});
}

void FakeApi::freeze_watches() {
  frozen_ = true;
  for (const auto& [id, watcher] : watchers_)
    end_in_silence(id);
}

void FakeApi::end_in_silence(Lanes::Id id) {
  clock_.at(watchers_.at(id).silence_max, [this, id] {
    const auto found = watchers_.find(id);
    if (found == watchers_.end()) return;
    const auto done = found->second.done;
    watchers_.erase(found);
    done(no_reply(http::FaultKind::timeout));
  });
}

void FakeApi::outage(Millis duration, http::Answered answer) {
  away_until_ = clock_.moment() + duration;
  away_ = answer;
  // Open watches break, too.
  auto broken = std::exchange(watchers_, {});
  for (auto& [id, watcher] : broken) {
    const auto done = watcher.done;
    clock_.at(Millis{1}, [done] { done(no_reply(http::FaultKind::reset)); });
  }
}

}  // namespace lockkeeper::kubernetes::test
