// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "tests/lab/apiserver/controllers/controllers.h"
#include "tests/lab/apiserver/controllers/workload.h"
#include "tests/lab/apiserver/wire_time.h"
#include "tests/lab/apiserver/writes.h"

namespace lockkeeper::lab {
namespace {

using std::chrono::milliseconds;

// What a container with an end (restartPolicy is not Always) runs for when nothing is said.
constexpr double kRunSeconds = 0.3;

bool runs_to_an_end(const Json& pod) {
  return text_at(pod, "spec/restartPolicy") != "Always" ||
         !annotation_of(pod, "lab/run-seconds").empty();
}

milliseconds run_time(const Json& pod) {
  const std::string given(annotation_of(pod, "lab/run-seconds"));
  return milliseconds(
      static_cast<std::int64_t>((given.empty() ? kRunSeconds : std::stod(given)) * 1000));
}

Json container_status(const Json& container, Json state, bool ready) {
  const std::string image = string_at(container, "image");
  return {{"name", text_at(container, "name")},
          {"image", image},
          {"imageID", "lab/" + image},
          {"containerID", "containerd://" + new_uid()},
          {"ready", ready},
          {"started", ready},
          {"restartCount", 0},
          {"lastState", Json::object()},
          {"state", std::move(state)}};
}

class PodKubelet : public Controller {
 public:
  using Controller::Controller;

  void observe(const Change& change) override {
    if (change.resource == &pods_) {
      if (!change.after) due_.erase(string_at(change.before->body, "metadata/uid"));
      if (change.after && !text_at(change.after->body, "spec/nodeName").empty()) mark(change.key);
    }
    const bool woke = change.resource == &nodes_ && change.after && is_ready(change.after->body) &&
                      (!change.before || !is_ready(change.before->body));
    if (!woke) return;
    for (const auto& key : cluster_.store.pods_on(change.key.name))
      mark(key);
  }

  void reconcile(const Key& key) override {
    const ObjectPtr pod = cluster_.store.get(pods_, key);
    if (!pod) return;
    const ObjectPtr node = cluster_.store.get(nodes_, {"", string_at(pod->body, "spec/nodeName")});
    // A node that does not report starts nothing and ends nothing; its pods linger.
    if (!node || !is_ready(node->body)) return;
    const auto phase = text_at(pod->body, "status/phase");
    if (is_deleting(pod->body)) return stop(key, *pod);
    if (phase == "Pending") return start(key, *pod, *node);
    if (phase == "Running" && runs_to_an_end(pod->body)) return finish(key, *pod);
    if (phase == "Running") keep_ready(key, *pod);
  }

 private:
  /// True once `delay` has passed since this was first asked for this step of the pod's life.
  bool is_due(const Key& key, const Object& pod, char step, milliseconds delay) {
    const std::string uid = string_at(pod.body, "metadata/uid");
    Step& due = due_[uid];
    if (due.name != step) due = {step, std::chrono::steady_clock::now() + delay};
    const auto left = std::chrono::ceil<milliseconds>(due.at - std::chrono::steady_clock::now());
    if (left.count() <= 0) return true;
    mark(key, left);
    return false;
  }

  void start(const Key& key, const Object& pod, const Object& node) {
    if (!is_due(key, pod, 's', cluster_.options.pod_start)) return;
    const bool ready = annotation_of(pod.body, "lab/ready") != "never";
    edit(cluster_, pods_, key, [&](Json& body) {
      const std::string now = now_seconds();
      Json& status = place(body, "status");
      status["phase"] = "Running";
      status["startTime"] = now;
      status["hostIP"] = address_of(node.body);
      status["podIP"] = next_address();
      status["podIPs"] = Json::array({{{"ip", status["podIP"]}}});
      Json statuses = Json::array();
      for (const auto& container : list_at(body, "spec/containers")) {
        statuses.push_back(container_status(container, {{"running", {{"startedAt", now}}}}, ready));
      }
      status["containerStatuses"] = std::move(statuses);
      set_condition(body, "PodReadyToStartContainers", "True", "", "");
      set_condition(body, "Initialized", "True", "", "");
      set_readiness(body, ready);
      set_condition(body, "PodScheduled", "True", "", "");
    });
  }

  static void set_readiness(Json& body, bool ready) {
    const std::string_view status = ready ? "True" : "False";
    const std::string_view reason = ready ? "" : "ContainersNotReady";
    set_condition(body, "Ready", status, reason, "");
    set_condition(body, "ContainersReady", status, reason, "");
  }

  /// After its node was away the pod is Ready again.
  void keep_ready(const Key& key, const Object& pod) {
    if (is_ready(pod.body) || annotation_of(pod.body, "lab/ready") == "never") return;
    const bool by_node = condition_of(pod.body, "ContainersReady") == "True";
    if (by_node) edit(cluster_, pods_, key, [](Json& body) { set_readiness(body, true); });
  }

  void finish(const Key& key, const Object& pod) {
    if (!is_due(key, pod, 'f', run_time(pod.body))) return;
    const std::string given(annotation_of(pod.body, "lab/exit-code"));
    const int code = given.empty() ? 0 : std::stoi(given);
    edit(cluster_, pods_, key, [&](Json& body) { terminate(body, code); });
  }

  static void terminate(Json& body, int code) {
    Json statuses = Json::array();
    for (const auto& container : list_at(body, "spec/containers")) {
      const Json ended = {{"exitCode", code},
                          {"reason", code == 0 ? "Completed" : "Error"},
                          {"startedAt", text_at(body, "status/startTime")},
                          {"finishedAt", now_seconds()}};
      statuses.push_back(container_status(container, {{"terminated", ended}}, false));
    }
    body["status"]["phase"] = code == 0 ? "Succeeded" : "Failed";
    body["status"]["containerStatuses"] = std::move(statuses);
    set_condition(body, "Ready", "False", code == 0 ? "PodCompleted" : "PodFailed", "");
    set_condition(body, "ContainersReady", "False", code == 0 ? "PodCompleted" : "PodFailed", "");
  }

  void stop(const Key& key, const Object& pod) {
    const auto grace =
        std::chrono::seconds(number_at(pod.body, "metadata/deletionGracePeriodSeconds", 30));
    if (!is_due(key, pod, 'x', std::min<milliseconds>(grace, cluster_.options.pod_stop))) return;
    end_grace(cluster_, pods_, key);
  }

  static std::string address_of(const Json& node) {
    const Json* address = entry_with(list_at(node, "status/addresses"), "type", "InternalIP");
    return address == nullptr ? "192.0.2.1" : string_at(*address, "address");
  }

  std::string next_address() {
    const unsigned n = ++addresses_;
    return fmt::format("10.{}.{}.{}", 200 + n / 65536 % 50, n / 256 % 256, n % 256);
  }

  struct Step {
    char name = '\0';
    SteadyTime at;
  };
  std::unordered_map<std::string, Step> due_;  // by uid
  unsigned addresses_ = 0;
  const Resource& pods_ = resource("pods");
  const Resource& nodes_ = resource("nodes");
};

}  // namespace

std::unique_ptr<Controller> pod_kubelet(Cluster& cluster, Loop& loop) {
  return std::make_unique<PodKubelet>(cluster, loop);
}

}  // namespace lockkeeper::lab
