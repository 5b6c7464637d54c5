// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "tests/lab/apiserver/budget.h"
#include "tests/lab/apiserver/controllers/controllers.h"
#include "tests/lab/apiserver/controllers/workload.h"
#include "tests/lab/apiserver/selector.h"
#include "tests/lab/apiserver/wire_time.h"

namespace lockkeeper::lab {
namespace {

// An eviction that has not led to a deletion by then is forgotten, as by the real controller.
constexpr std::chrono::minutes kDisruptionTimeout{2};

class Budgets : public Controller {
 public:
  using Controller::Controller;

  void observe(const Change& change) override {
    if (change.resource == &budgets_) mark(change.key, cluster_.options.pdb_lag);
    if (change.resource != &pods_) return;
    for (const auto& state : {change.before, change.after}) {
      if (!state) continue;
      for (const auto& budget : budgets_of(cluster_, state->body)) {
        mark(key_of(budgets_, budget->body), cluster_.options.pdb_lag);
      }
    }
  }

  void reconcile(const Key& key) override {
    const ObjectPtr budget = live(cluster_, budgets_, key);
    if (!budget) return;
    const auto pods = selected_pods(*budget);
    BudgetCount count;
    std::string fault;
    count.expected = expected(*budget, pods, fault);
    Json disrupted = Json::object();
    for (const auto& pod : pods) {
      const std::string name(name_of(pod->body));
      const auto evicted = map_at(budget->body, "status/disruptedPods").find(name);
      const bool on_its_way =
          evicted != map_at(budget->body, "status/disruptedPods").end() && !expired_at(*evicted);
      if (is_deleting(pod->body)) continue;
      if (on_its_way) disrupted[name] = *evicted;
      if (!on_its_way && is_ready(pod->body)) ++count.healthy;
    }
    if (!disrupted.empty()) mark(key, std::chrono::milliseconds(5000));
    report(key, count, std::move(disrupted), fault);
  }

 private:
  std::vector<ObjectPtr> selected_pods(const Object& budget) const {
    std::vector<ObjectPtr> pods;
    const Json* selector = find(budget.body, "spec/selector");
    if (selector == nullptr) return pods;
    const LabelSelector labels = LabelSelector::of(*selector);
    const std::string ns(namespace_of(budget.body));
    const auto& shelf = cluster_.store.all(pods_);
    for (auto at = shelf.lower_bound({ns, ""}); at != shelf.end() && at->first.ns == ns; ++at) {
      const Json& pod = at->second->body;
      const auto phase = text_at(pod, "status/phase");
      if (phase == "Succeeded" || phase == "Failed") continue;
      if (labels.matches(map_at(pod, "metadata/labels"))) pods.push_back(at->second);
    }
    return pods;
  }

  static bool expired_at(const Json& since) {
    const auto time = since.is_string() ? parse_time(since.get<std::string>()) : std::nullopt;
    return !time || *time + kDisruptionTimeout < std::chrono::system_clock::now();
  }

  /// A plain minAvailable counts the pods that are there; the other forms ask their controllers,
  /// and fail where there is none.
  std::int64_t expected(const Object& budget, const std::vector<ObjectPtr>& pods,
                        std::string& fault) const {
    const Json* least = find(budget.body, "spec/minAvailable");
    const bool relative = least == nullptr || least->is_string();
    if (!relative) return static_cast<std::int64_t>(pods.size());
    std::map<std::string, std::int64_t> scale_of;
    for (const auto& pod : pods) {
      const Json* owner = controller_of(pod->body);
      const Resource* kind = owner == nullptr ? nullptr
                                              : resource_of_kind(text_at(*owner, "apiVersion"),
                                                                 text_at(*owner, "kind"));
      const ObjectPtr workload =
          kind == nullptr ? nullptr
                          : cluster_.store.get(*kind, {string_at(pod->body, "metadata/namespace"),
                                                       string_at(*owner, "name")});
      if (!workload || find(workload->body, "spec/replicas") == nullptr) {
        fault = fmt::format("found no controllers for pod \"{}\"", name_of(pod->body));
        return 0;
      }
      scale_of[string_at(*owner, "uid")] = number_at(workload->body, "spec/replicas", 0);
    }
    std::int64_t sum = 0;
    for (const auto& [uid, replicas] : scale_of)
      sum += replicas;
    return sum;
  }

  void report(const Key& key, const BudgetCount& count, Json disrupted, const std::string& fault) {
    edit(cluster_, budgets_, key, [&](Json& body) {
      const Allowance result = fault.empty() ? allowance(map_at(body, "spec"), count) : Allowance{};
      Json status = {{"observedGeneration", number_at(body, "metadata/generation", 1)},
                     {"currentHealthy", count.healthy},
                     {"desiredHealthy", result.desired},
                     {"expectedPods", count.expected},
                     {"disruptionsAllowed", result.allowed},
                     {"conditions", list_at(body, "status/conditions")}};
      if (!disrupted.empty()) status["disruptedPods"] = std::move(disrupted);
      body["status"] = std::move(status);
      const bool enough = result.allowed > 0;
      set_condition(
          body, "DisruptionAllowed", enough ? "True" : "False",
          !fault.empty() ? "SyncFailed" : (enough ? "SufficientPods" : "InsufficientPods"), fault);
    });
  }

  const Resource& budgets_ = resource("poddisruptionbudgets");
  const Resource& pods_ = resource("pods");
};

}  // namespace

std::unique_ptr<Controller> budgets(Cluster& cluster, Loop& loop) {
  return std::make_unique<Budgets>(cluster, loop);
}

}  // namespace lockkeeper::lab
